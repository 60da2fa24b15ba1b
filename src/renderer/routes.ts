import { match } from './address.ts';

/** Every page by the pattern of its address; the first match counts. Each is fetched when it is first looked at. */
const pages: Readonly<Record<string, () => Promise<{ default: unknown }>>> = {
  '/': () => import('./pages/home/Home.svelte'),
  '/data': () => import('./pages/data/DataList.svelte'),
  '/data/import': () => import('./pages/data/DataImport.svelte'),
  '/data/:id/:tab?': () => import('./pages/data/DataSet.svelte'),
  '/models': () => import('./pages/models/ModelList.svelte'),
  '/models/:id': () => import('./pages/models/Model.svelte'),
  '/experiments': () => import('./pages/experiments/ExperimentList.svelte'),
  '/experiments/new': () => import('./pages/experiments/NewExperiment.svelte'),
  '/experiments/:id/:tab?': () => import('./pages/experiments/Experiment.svelte'),
  '/compare/:tab?': () => import('./pages/compare/Compare.svelte'),
  '/adapters': () => import('./pages/adapters/AdapterList.svelte'),
  '/adapters/:id': () => import('./pages/adapters/Adapter.svelte'),
  '/exports': () => import('./pages/exports/ExportList.svelte'),
  '/exports/new': () => import('./pages/exports/MergeAndExport.svelte'),
  '/exports/:id': () => import('./pages/exports/Export.svelte'),
  '/playground': () => import('./pages/playground/Playground.svelte'),
  '/settings/:section?': () => import('./pages/settings/Settings.svelte'),
};

/** The page at a path with what its pattern names; null: no page has this address. */
export function pageAt(path: string) {
  for (const [pattern, load] of Object.entries(pages)) {
    const params = match(pattern, path);
    if (params) return { pattern, params, load };
  }
  return null;
}
