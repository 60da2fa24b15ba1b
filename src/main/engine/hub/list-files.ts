import { listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { isCommit } from './cache.ts';
import type { HubClient, HubFile } from './hub-fetch.ts';

const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().nonnegative(),
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).optional(),
});

/** The commit that a model's revision is, and its files. Throws `hub/…`. */
export async function listModel(client: HubClient): Promise<{ commit: string; files: Map<string, HubFile> }> {
  const { environment, repository, fetch } = client;
  const common = { hubUrl: environment.endpoint, fetch };
  const { id: name, revision } = repository;
  return understood(client, 'its list of files cannot be read', async () => {
    const { sha } = await modelInfo({ ...common, name, revision, additionalFields: ['sha'] });
    const commit = z.string().refine(isCommit).parse(sha);
    return { commit, files: await listTree(client, commit, true) };
  });
}

/** The files of one folder of a repository, or (`recursive`) of all. Names that lead out of it are refused. */
export async function listTree(
  { environment, repository, fetch }: HubClient,
  revision: string,
  recursive = false,
): Promise<Map<string, HubFile>> {
  const { endpoint } = environment;
  const { kind, id } = repository;
  const files = new Map<string, HubFile>();
  const repo = { type: kind === 'data set' ? 'dataset' : 'model', name: id } as const;
  for await (const item of listFiles({ hubUrl: endpoint, fetch, repo, revision, recursive })) {
    if (item.type !== 'file') continue;
    const { path: name, size, oid, lfs } = entrySchema.parse(item);
    if (!isInside(name)) throw fault('hub/unsafe-name', { endpoint, kind, id, name });
    files.set(name, { name, size: lfs?.size ?? size, etag: lfs?.oid ?? oid });
  }
  return files;
}

/** What the library cannot make sense of becomes a fault; what it was refused with stays. */
export async function understood<T>(
  { environment, repository, signal }: HubClient,
  what: string,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Fault || signal?.aborted) throw error;
    const { kind, id } = repository;
    throw fault('hub/answer', { endpoint: environment.endpoint, kind, id, what }, error);
  }
}

function isInside(name: string): boolean {
  const parts = name.split(/[/\\]/);
  return !/^[/\\]|^[a-z]:|\0/i.test(name) && !parts.includes('..') && !parts.includes('.');
}
