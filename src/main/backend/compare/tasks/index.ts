/** What takes too long for the backend's event loop, by name. Each is loaded when it is first asked for. */
export const tasks = {
  calibration: async () => (await import('./calibration-task.ts')).calibrationTask,
  count: async () => (await import('./count-task.ts')).countTask,
  disagreements: async () => (await import('./disagreements-task.ts')).disagreementsTask,
  pair: async () => (await import('./pair-task.ts')).pairTask,
  slices: async () => (await import('./slices-task.ts')).slicesTask,
  table: async () => (await import('./table-task.ts')).tableTask,
};
