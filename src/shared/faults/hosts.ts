export const hostsFaults = {};
