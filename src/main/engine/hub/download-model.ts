import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { fileNames, isCommit, isFile, makeFolder, type CachedModel } from './cache.ts';
import type { HubEnvironment } from './environment.ts';
import { hubFetch, reasonOf } from './hub-fetch.ts';
import { neededFiles } from './needed-files.ts';

/** Bytes of the files that have to be fetched. */
export interface DownloadProgress {
  file: string;
  done: number;
  total: number;
}

export interface DownloadOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** A file of the hub's list: what it must be to count as arrived. */
interface HubFile {
  name: string;
  size: number;
  /** SHA-256 of the contents for large files, git's SHA-1 for the others; also the name of the blob. */
  etag: string;
}

const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().nonnegative(),
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).optional(),
});

/**
 * Fetches what is needed of a model's main revision into the cache, each file checked against the hub's hash;
 * files that are there already are kept. Returns the snapshot's folder. Throws `hub/…` or `files/…`.
 */
export async function downloadModel(
  id: string,
  cache: CachedModel,
  environment: HubEnvironment,
  { signal, onProgress }: DownloadOptions,
): Promise<string> {
  const { endpoint } = environment;
  const fetch = hubFetch(environment, id, signal);
  const unusable = (what: string) => fault('hub/answer', { endpoint, model: id, what });

  const { commit, files } = await listModel(id, endpoint, fetch).catch((error: unknown) => {
    throw error instanceof Fault || signal?.aborted ? error : unusable('its list of files cannot be read');
  });
  const names = neededFiles(new Set(files.keys()));
  if (names === null) throw fault('hub/no-weights', { endpoint, model: id });

  const present = await fileNames(cache.snapshotFolder(commit));
  const missing = names.filter((name) => !present.has(name)).map((name) => files.get(name)!);
  const total = missing.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  for (const file of missing) {
    const count = (bytes: number) => onProgress?.({ file: file.name, done: (done += bytes), total });
    const blob = cache.blobPath(file.etag);
    if (await isFile(blob)) {
      count(file.size);
    } else {
      const response = await fetch(`${endpoint}/${id}/resolve/${commit}/${file.name}`);
      await makeFolder(dirname(blob));
      await writeFileAtomic(blob, checked(response, file, id, signal, count));
    }
    await cache.link(commit, file.name, file.etag);
  }
  await cache.setMain(commit);
  return cache.snapshotFolder(commit);
}

/** The commit that `main` is, and the files at the top of its tree. */
async function listModel(id: string, endpoint: string, hubFetch: typeof fetch) {
  const common = { hubUrl: endpoint, fetch: hubFetch };
  const { sha } = await modelInfo({ ...common, name: id, revision: 'main', additionalFields: ['sha'] });
  const commit = z.string().refine(isCommit).parse(sha);
  const files = new Map<string, HubFile>();
  for await (const item of listFiles({ ...common, repo: { type: 'model', name: id }, revision: commit })) {
    if (item.type !== 'file') continue;
    const { path: name, size, oid, lfs } = entrySchema.parse(item);
    files.set(name, { name, size: lfs?.size ?? size, etag: lfs?.oid ?? oid });
  }
  return { commit, files };
}

/** Passes the body on and, at its end, refuses it unless size and hash are those of the hub's list. */
async function* checked(
  response: Response,
  { name, size, etag }: HubFile,
  model: string,
  signal: AbortSignal | undefined,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  const damaged = (reason: string, cause?: unknown) =>
    fault('hub/damaged', { model, file: name, reason }, cause);
  const isSha256 = etag.length === 64;
  const hash = createHash(isSha256 ? 'sha256' : 'sha1');
  // Git names a file by the hash of "blob", its size and its contents.
  if (!isSha256) hash.update(`blob ${size}\0`);
  const body: AsyncIterable<Uint8Array> = response.body ?? new Blob([]).stream();
  let received = 0;
  try {
    for await (const chunk of body) {
      received += chunk.byteLength;
      if (received > size) break;
      hash.update(chunk);
      onBytes(chunk.byteLength);
      yield chunk;
    }
  } catch (error) {
    throw signal?.aborted ? error : damaged(reasonOf(error), error);
  }
  if (received > size) throw damaged(`it is longer than the ${size} bytes that the hub announced`);
  if (received < size) throw damaged(`it has ${received} of the ${size} bytes that the hub announced`);
  if (hash.digest('hex') !== etag) throw damaged("its hash is not the one on the hub's list");
}
