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
  { pattern: '/compare/:tab?', title: 'Compare', load: () => import('./pages/compare/Compare.svelte') },
  { pattern: '/adapters', title: 'Adapters', load: () => import('./pages/adapters/AdapterList.svelte') },
  { pattern: '/adapters/:id', title: 'Adapter', load: () => import('./pages/adapters/Adapter.svelte') },
  { pattern: '/exports', title: 'Exports', load: () => import('./pages/exports/ExportList.svelte') },
  {
    pattern: '/exports/new',
    title: 'Merge and export',
    load: () => import('./pages/exports/MergeAndExport.svelte'),
  },
  { pattern: '/exports/:id', title: 'Export', load: () => import('./pages/exports/Export.svelte') },
  { pattern: '/playground', title: 'Playground', load: () => import('./pages/playground/Playground.svelte') },
  {
    pattern: '/settings/:section?',
    title: 'Settings',
    load: () => import('./pages/settings/Settings.svelte'),
  },
];
