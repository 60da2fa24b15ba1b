export const experimentsFaults = {};
