import { statfs } from 'node:fs/promises';
import { fault } from '../../../shared/faults/index.ts';
import { fileNames, isFile, makeFolder, type CachedModel } from './cache.ts';
import { discardPart, fetchFile, sizeOfPart, type FetchOptions } from './download.ts';
import { hubDownload, type HubClient, type HubFile } from './hub-fetch.ts';
import { listModel } from './list-files.ts';
import { neededFiles } from './needed-files.ts';

/** Bytes of all files that are needed; those that were there already count as done. */
export interface DownloadProgress {
  file: string;
  done: number;
  total: number;
  /** All bytes of the file are there, and its hash is being made. */
  checking: boolean;
}

export interface DownloadOptions extends Pick<FetchOptions, 'retryWaits'> {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** What a revision is now, and which of its files are needed, in the order in which they are fetched. */
export interface DownloadPlan {
  commit: string;
  files: HubFile[];
}

/** Lists what is needed of a model. Throws `hub/…`. */
export async function planDownload(client: HubClient): Promise<DownloadPlan> {
  const { commit, files } = await listModel(client);
  const names = neededFiles(new Set(files.keys()));
  if (names === null) {
    throw fault('hub/no-weights', { endpoint: client.environment.endpoint, model: client.repository.id });
  }
  return { commit, files: names.map((name) => files.get(name)!) };
}

/** The files of a plan that are not there yet. */
export async function missingFiles({ commit, files }: DownloadPlan, cache: CachedModel): Promise<HubFile[]> {
  const present = await fileNames(cache.snapshotFolder(commit));
  const isMissing = files.map(
    async ({ name, etag }) => !present.has(name) && !(await isFile(cache.blobPath(etag))),
  );
  const missing = await Promise.all(isMissing);
  return files.filter((_, i) => missing[i]);
}

/** The address of a file of a plan. */
export function fileUrl({ environment, repository }: HubClient, commit: string, name: string): string {
  return `${environment.endpoint}/${repository.id}/resolve/${commit}/${encodeURI(name)}`;
}

/**
 * Fetches what a plan needs into the cache, each file checked against the hub's hash; files that are there already are
 * kept. Returns the snapshot's folder. Throws `hub/…`, `files/…` or the signal's reason; what arrived is kept, and the
 * next call goes on from it.
 */
export async function downloadModel(
  client: HubClient,
  cache: CachedModel,
  plan: DownloadPlan,
  { onProgress, retryWaits }: DownloadOptions,
): Promise<string> {
  const { commit, files } = plan;
  const missing = (await missingFiles(plan, cache)).map((file) => ({
    ...file,
    url: fileUrl(client, commit, file.name),
    target: cache.blobPath(file.etag),
  }));
  const there = bytesOf(files) - bytesOf(missing);
  await fetchFiles(client, missing, { folder: cache.folder, there, onProgress, retryWaits });
  const present = await fileNames(cache.snapshotFolder(commit));
  for (const { name, etag } of files) if (!present.has(name)) await cache.link(commit, name, etag);
  await cache.setRevision(client.repository.revision, commit);
  return cache.snapshotFolder(commit);
}

/**
 * Fetches files to their targets, one after the other. `there`: bytes that count as done beside them; `folder`: where
 * they take space. Throws `hub/…`, `files/…` or the reason of the client's signal.
 */
export async function fetchFiles(
  client: HubClient,
  files: readonly (HubFile & { url: string; target: string })[],
  {
    folder,
    there,
    onProgress,
    retryWaits,
  }: Omit<DownloadOptions, 'signal'> & { folder: string; there: number },
): Promise<void> {
  const parts = await Promise.all(files.map(({ target }) => sizeOfPart(target)));
  await requireSpace(folder, bytesOf(files) - parts.reduce((sum, size) => sum + size, 0));
  const total = there + bytesOf(files);
  let before = there;
  for (const { url, target, ...file } of files) {
    const tell = (done: number, checking = false) =>
      onProgress?.({ file: file.name, done: before + done, total, checking });
    const onBytes = (done: number) => tell(done);
    const onCheck = () => tell(file.size, true);
    await fetchFile(hubDownload(client, url, file), target, { onBytes, onCheck, retryWaits });
    before += file.size;
  }
}

/** Deletes what a download that is not wanted any more left of files that did not arrive whole. */
export async function removeParts(cache: CachedModel, files: readonly HubFile[]): Promise<void> {
  for (const { etag } of files) await discardPart(cache.blobPath(etag));
}

const bytesOf = (files: readonly HubFile[]): number => files.reduce((sum, { size }) => sum + size, 0);

/** Throws `hub/no-space` before the first byte. */
async function requireSpace(folder: string, needed: number): Promise<void> {
  if (needed <= 0) return;
  await makeFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < needed) throw fault('hub/no-space', { folder, needed, free });
}
