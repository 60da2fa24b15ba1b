export interface Page {
  pattern: string;
  title: string;
  load: () => Promise<{ default: unknown }>;
}

/** Every page by its address; the first match counts. Each is fetched when it is first looked at. */
export const pages: readonly Page[] = [
  { pattern: '/', title: 'Home', load: () => import('./pages/home/Home.svelte') },
  { pattern: '/data', title: 'Data', load: () => import('./pages/data/DataList.svelte') },
  { pattern: '/data/import', title: 'Import', load: () => import('./pages/data/DataImport.svelte') },
  { pattern: '/data/:id/:tab?', title: 'Data set', load: () => import('./pages/data/DataSet.svelte') },
  { pattern: '/models', title: 'Models', load: () => import('./pages/models/ModelList.svelte') },
  { pattern: '/models/:id', title: 'Model', load: () => import('./pages/models/Model.svelte') },
  {
    pattern: '/experiments',
    title: 'Experiments',
    load: () => import('./pages/experiments/ExperimentList.svelte'),
  },
  {
    pattern: '/experiments/new',
    title: 'New experiment',
    load: () => import('./pages/experiments/NewExperiment.svelte'),
  },
  {
    pattern: '/experiments/:id/:tab?',
    title: 'Experiment',
    load: () => import('./pages/experiments/Experiment.svelte'),
  },
  { pattern: '/compare', title: 'Compare', load: () => import('./pages/later/Compare.svelte') },
  { pattern: '/adapters', title: 'Adapters', load: () => import('./pages/later/Adapters.svelte') },
  { pattern: '/exports', title: 'Exports', load: () => import('./pages/later/Exports.svelte') },
  { pattern: '/playground', title: 'Playground', load: () => import('./pages/later/Playground.svelte') },
  {
    pattern: '/settings/:section?',
    title: 'Settings',
    load: () => import('./pages/settings/Settings.svelte'),
  },
];
