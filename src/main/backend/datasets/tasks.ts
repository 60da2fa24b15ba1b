import { taskModule } from '../../engine/threads/threads.ts';

/** What looks at rows or writes them: nothing of it is done on the backend's own thread. */
export const tasks = {
  preview: async () => (await import('./import/preview-task.ts')).previewTask,
  import: async () => (await import('./import/import-task.ts')).importTask,
  sample: async () => (await import('./import/sample-task.ts')).sampleTask,
  rows: async () => (await import('./rows/rows-task.ts')).rowsTask,
  report: async () => (await import('./report/report-task.ts')).reportTask,
  lengths: async () => (await import('./report/lengths-task.ts')).lengthsTask,
  relabel: async () => (await import('./change/edit-tasks.ts')).relabelTask,
  split: async () => (await import('./change/edit-tasks.ts')).splitTask,
  compare: async () => (await import('./version/compare-task.ts')).compareTask,
  export: async () => (await import('./version/export-task.ts')).exportTask,
  repair: async () => (await import('./change/repair-task.ts')).repairTask,
};

export const datasetTasks = taskModule<typeof tasks>(import.meta.url);
