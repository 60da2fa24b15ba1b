import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bert, commit, modelFiles } from '../../engine/hub/test-hub.ts';
import { gitHash, sha256, type Override } from '../../engine/hub/test-hub-server.ts';
import { download, hashed, openModels, withHub } from './test-support.ts';

const weightsPath = '/lfs/org/name/model.safetensors';

describe('the download of a model', () => {
  it('ends with the model in the list, its files where Python finds them', async () => {
    const facts = { tags: ['license:mit'] };
    const models = await withHub({ models: { 'org/name': { files: await modelFiles(), info: facts } } });
    const job = await download(models, 'org/name');
    expect(job).toMatchObject({ state: 'done', canPause: true, title: 'Downloading org/name' });
    const model = await hashed(models);
    expect(model).toMatchObject({
      id: job.result,
      name: 'org/name',
      source: 'hub',
      hubId: 'org/name',
      revision: commit,
      licence: 'mit',
      present: true,
      supported: true,
    });
    expect(model.folder).toMatch(new RegExp(`models--org--name/snapshots/${commit}$`));
    expect(model.sha256).toBe(sha256((await modelFiles())['model.safetensors']!));
    expect((await models.call('models/hub-info', { hubId: 'org/name' })).model).toMatchObject({
      local: true,
      files: Array.from({ length: 4 }, () => ({ cached: true })),
    });
  });

  it('of another revision bears its name', async () => {
    const models = await withHub({ revisions: ['v2'] });
    await download(models, 'org/name@v2');
    const [model] = (await models.call('models/list', {})).models;
    expect(model).toMatchObject({ name: 'org/name@v2', hubId: 'org/name', revision: commit });
  });

  it('is one job, however often it is asked for while it runs', async () => {
    const { call, context } = await withHub();
    const first = await call('models/download', { hubId: 'org/name' });
    expect(await call('models/download', { hubId: 'org/name' })).toEqual(first);
    await context.jobs.finished(first.jobId);
    const later = await call('models/download', { hubId: 'org/name' });
    expect(later).not.toEqual(first);
    await context.jobs.finished(later.jobId);
    expect((await call('models/list', {})).models.length).toBe(1);
  });

  /** A hub that stops in the middle of the weights, unless it is asked for a range. */
  async function stopping() {
    const data = (await modelFiles())['model.safetensors']!;
    const open: ServerResponse[] = [];
    const override: Override = (path, response, request) => {
      if (path !== weightsPath || request.headers.range !== undefined) return false;
      response.writeHead(200, { 'Content-Length': data.length, ETag: `"${gitHash(data)}"` });
      response.write(data.subarray(0, 100_000));
      open.push(response);
      return true;
    };
    const models = await withHub({ override });
    const part = join(models.cache, 'models--org--name/blobs', `${sha256(data)}.incomplete`);
    const { jobId } = await models.call('models/download', { hubId: 'org/name' });
    const arrived = async () => (await stat(part).catch(() => null))?.size === 100_000;
    while (!(await arrived())) await new Promise(setImmediate);
    return { ...models, jobId, part, open };
  }

  it('that is paused cuts the connection, and goes on from there', async () => {
    const { call, context, jobId, hub, open, part } = await stopping();
    const closed = once(open[0]!, 'close');
    await call('jobs/pause', { id: jobId });
    await closed;
    expect((await call('jobs/list', {})).jobs[0]).toMatchObject({ state: 'paused', unit: 'MB' });
    expect((await stat(part)).size).toBe(100_000);
    await call('jobs/resume', { id: jobId });
    expect((await context.jobs.finished(jobId)).state).toBe('done');
    expect(hub.ranges).toContain('bytes=100000-');
  });

  it('that is cancelled leaves nothing half done', async () => {
    const { call, cache, jobId } = await stopping();
    await call('jobs/cancel', { id: jobId });
    expect((await call('models/list', {})).models).toEqual([]);
    const left = await readdir(join(cache, 'models--org--name'), { recursive: true });
    expect(left.filter((name) => name.includes('incomplete'))).toEqual([]);
    expect(left).not.toContain('refs');
  });

  it('is undone with its files when that is asked for', async () => {
    const models = await withHub();
    await download(models, 'org/name');
    const { id } = await hashed(models);
    await models.call('models/remove', { id, deleteFiles: true });
    expect(await readdir(models.cache)).toEqual([]);
    await models.call('models/restore', { id });
    expect((await models.call('models/list', {})).models[0]).toMatchObject({ present: false });
    expect((await download(models, 'org/name')).result).toBe(id);
    expect((await models.call('models/list', {})).models[0]).toMatchObject({ present: true });
  });
});

describe('the Hugging Face cache', () => {
  /** As Python leaves a model there, at a commit. */
  async function cachedByPython(cache: string, name: string, at = commit): Promise<string> {
    const model = join(cache, `models--${name.replace('/', '--')}`);
    const snapshot = join(model, 'snapshots', at);
    await mkdir(join(model, 'refs'), { recursive: true });
    await mkdir(join(model, 'blobs'), { recursive: true });
    await mkdir(snapshot, { recursive: true });
    await writeFile(join(model, 'refs/main'), at);
    for (const file of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) {
      const blob = createHash('sha256')
        .update(await readFile(join(bert, file)))
        .digest('hex');
      await cp(join(bert, file), join(model, 'blobs', blob));
      await symlink(join('../../blobs', blob), join(snapshot, file));
    }
    return snapshot;
  }

  it('is searched for copies that are not in the list yet, and they are taken without the hub', async () => {
    const models = await openModels();
    const { call, cache } = models;
    const snapshot = await cachedByPython(cache, 'python/model');
    await mkdir(join(cache, 'models--half--fetched/snapshots', commit), { recursive: true });
    expect((await call('models/cached', {})).models).toMatchObject([
      { hubId: 'python/model', local: true, architecture: 'bert', downloads: null },
    ]);
    const job = await download(models, 'python/model');
    expect(job.state).toBe('done');
    expect((await call('models/list', {})).models).toMatchObject([
      { name: 'python/model', source: 'cache', folder: snapshot, revision: commit },
    ]);
    expect((await call('models/cached', {})).models).toEqual([]);
  });

  it('is recognised when a snapshot of it is added as a folder', async () => {
    const { call, cache } = await openModels();
    const folder = await cachedByPython(cache, 'model');
    const { model } = await call('models/add-folder', { folder });
    expect(model).toMatchObject({ name: 'model', hubId: 'model', source: 'cache', revision: commit });
  });

  it('keeps what another snapshot uses when one is deleted', async () => {
    const { call, cache } = await openModels();
    const other = 'f'.repeat(40);
    const folder = await cachedByPython(cache, 'org/name');
    const kept = await cachedByPython(cache, 'org/name', other);
    await writeFile(join(cache, 'models--org--name/blobs', 'a'.repeat(64)), 'only here');
    await symlink(join('../../blobs', 'a'.repeat(64)), join(folder, 'LICENSE'));
    const { model } = await call('models/add-folder', { folder });
    await call('models/remove', { id: model.id, deleteFiles: true });
    expect((await readFile(join(kept, 'config.json'))).length).toBeGreaterThan(0);
    expect((await readdir(join(cache, 'models--org--name/blobs'))).length).toBe(4);
    expect(await readdir(join(cache, 'models--org--name/snapshots'))).toEqual([other]);
    expect(await readFile(join(cache, 'models--org--name/refs/main'), 'utf8')).toBe(other);
  });
});
