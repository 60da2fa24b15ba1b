/** The tasks of a worker, by name. Each is loaded when it is first asked for. */
export const tasks = {
  preview: async () => (await import('../import/preview-task.ts')).previewTask,
  import: async () => (await import('../import/import-task.ts')).importTask,
  sample: async () => (await import('../import/sample-task.ts')).sampleTask,
  hash: async () => (await import('../version/hash-task.ts')).hashTask,
  rows: async () => (await import('../rows/rows-task.ts')).rowsTask,
  report: async () => (await import('../report/report-task.ts')).reportTask,
  lengths: async () => (await import('../report/lengths-task.ts')).lengthsTask,
  relabel: async () => (await import('../change/relabel-task.ts')).relabelTask,
  split: async () => (await import('../change/split-task.ts')).splitTask,
  compare: async () => (await import('../version/compare-task.ts')).compareTask,
  export: async () => (await import('../version/export-task.ts')).exportTask,
  repair: async () => (await import('../change/repair-task.ts')).repairTask,
};

export type TaskName = keyof typeof tasks;
type Task<Name extends TaskName> = Awaited<ReturnType<(typeof tasks)[Name]>>;
export type TaskInput<Name extends TaskName> = Parameters<Task<Name>>[0];
export type TaskOutput<Name extends TaskName> = Awaited<ReturnType<Task<Name>>>;

/** How a task says how far it is. */
export type Tell = (phase: string, done: number, total: number, unit?: string) => void;
