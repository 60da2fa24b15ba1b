import { fault } from '../../../shared/faults/index.ts';

/** A model or data set of a hub at one revision: a branch, a tag or a commit; or what is searched for. */
export interface Repository {
  kind: 'model' | 'data set' | 'search';
  /** `name` or `organisation/name`; of a search, its words. */
  id: string;
  revision: string;
}

/** `id` or `id@revision`; null for anything else, above all for what could be a path out of the cache. */
function parseId(text: string): { id: string; revision: string } | null {
  const [id = '', revision = 'main', ...more] = text.split('@');
  if (more.length > 0 || revision.includes('..') || !/^\w[\w./-]*$/.test(revision)) return null;
  if (!/^\w[\w.-]*(\/\w[\w.-]*)?$/.test(id) || id.includes('..') || id.includes('--')) return null;
  return { id, revision };
}

/** The model that `text` names as "organisation/name" or "organisation/name@revision". Throws `hub/not-an-id`. */
export function modelRepository(text: string): Repository {
  const parsed = parseId(text.trim());
  if (parsed === null) throw fault('hub/not-an-id', { model: text });
  return { kind: 'model', ...parsed };
}

/** The data set that `text` names. Throws `hub/not-a-dataset-id`. */
export function datasetRepository(text: string): Repository {
  const parsed = parseId(text.trim());
  if (parsed === null) throw fault('hub/not-a-dataset-id', { id: text });
  return { kind: 'data set', ...parsed };
}

/** "org/name", or "org/name@revision" for another than main. */
export function repositoryName({ id, revision }: Repository): string {
  return revision === 'main' ? id : `${id}@${revision}`;
}

/** A name that the hub would take for one of its own. */
export const isHubId = (name: string): boolean => /^\w[\w.-]*\/\w[\w.-]*$/.test(name);

/** A snapshot in a cache of Python's huggingface_hub, which names the model. */
const SNAPSHOT = /[\\/]models--([^\\/]+)[\\/]snapshots[\\/][0-9a-f]{40}[\\/]?$/;

/**
 * What a model is called in files for others: its hub id where that is known, else the name of its folder, never where it
 * lies on this machine. `model`: a hub id, or the full path of a folder.
 */
export function publicName(model: string): string {
  if (isHubId(model)) return model;
  const cached = SNAPSHOT.exec(model)?.[1]?.split('--').join('/');
  return cached ?? model.split(/[\\/]/).findLast((part) => part !== '') ?? model;
}
