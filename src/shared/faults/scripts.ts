export const scriptsFaults = {};
