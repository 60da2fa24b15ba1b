export const datasetsFaults = {};
