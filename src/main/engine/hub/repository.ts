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
