import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { faultOf } from '../../engine/formats/test-support.ts';
import { bert, commit, modelFiles } from '../../engine/hub/test-hub.ts';
import { gitHash, sha256, type Override } from '../../engine/hub/test-hub-server.ts';
import { download, hashed, openModels, withHub } from './test-support.ts';

const weightsPath = '/lfs/org/name/model.safetensors';

/** The golden model with a config.json that says something else. */
async function changedConfig(change: Record<string, unknown>): Promise<Record<string, Buffer>> {
  const files = await modelFiles();
  const config = JSON.parse(files['config.json']!.toString()) as Record<string, unknown>;
  return { ...files, 'config.json': Buffer.from(JSON.stringify({ ...config, ...change })) };
}

describe('the search of the hub', () => {
  it('shows what the hub says of each model, and what is on this machine', async () => {
    const facts = {
      pipeline_tag: 'text-classification',
      tags: ['license:mit'],
      config: { model_type: 'bert' },
      safetensors: { total: 41000 },
      gated: 'auto',
    };
    const files = await modelFiles();
    const models = await withHub({ models: { 'org/name': { files, facts }, 'org/other': { files } } });
    const found = await models.call('models/search', { query: 'ORG' });
    expect(found).toMatchObject({
      total: 2,
      items: [
        {
          hubId: 'org/name',
          downloads: 10,
          likes: 1,
          pipeline: 'text-classification',
          updatedAt: '2026-01-01T00:00:00.000Z',
          gated: true,
          licence: 'mit',
          architecture: 'bert',
          parameters: 41000,
          local: false,
        },
        { hubId: 'org/other', gated: false, licence: null, architecture: null, parameters: null },
      ],
    });
    await download(models, 'org/other');
    const again = await models.call('models/search', { query: 'o' });
    expect(again.items.map(({ hubId, local }) => [hubId, local])).toEqual([
      ['org/name', false],
      ['org/other', true],
    ]);
  });

  it('gives a page at a time and says whether there are further ones', async () => {
    const files = {};
    const models = await withHub({ models: { 'a/1': { files }, 'a/2': { files }, 'a/3': { files } } });
    const first = await models.call('models/search', { query: 'a', limit: 2 });
    expect(first.items.map(({ hubId }) => hubId)).toEqual(['a/1', 'a/2']);
    expect(first.total).toBe(3);
    const second = await models.call('models/search', { query: 'a', offset: 2, limit: 2 });
    expect(second).toMatchObject({ total: 3, items: [{ hubId: 'a/3' }] });
  });

  it('asks at the address of the settings, with the token of the key store, before those of the environment', async () => {
    const models = await withHub();
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9');
    vi.stubEnv('HF_TOKEN', 'from the environment');
    const { context, hub, secrets, call } = models;
    context.db
      .prepare("INSERT INTO settings (key, value) VALUES ('preferences', ?)")
      .run(JSON.stringify({ hubEndpoint: `${hub.endpoint}/` }));
    await call('models/search', { query: 'name' });
    secrets.set('hub-token', 'from the key store');
    await call('models/search', { query: 'name' });
    expect(hub.tokens).toEqual(['Bearer from the environment', 'Bearer from the key store']);
  });

  it('is refused with words when the hub is not there, or told to stay alone', async () => {
    const { call } = await openModels();
    expect((await faultOf(() => call('models/search', { query: 'bert' }))).message).toMatch(
      /^http:\/\/127\.0\.0\.1:9 cannot be reached \(.*\), so there is no answer about the search for "bert"\.$/,
    );
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect((await faultOf(() => call('models/search', { query: 'bert' }))).code).toBe('hub/asking-forbidden');
  });
});

describe('a model of the hub, before it is fetched', () => {
  it('is shown with its files and sizes, labels, licence and commit', async () => {
    const files = await changedConfig({
      architectures: ['BertForSequenceClassification'],
      id2label: { 0: 'bad', 1: 'good' },
    });
    const facts = { cardData: { license: 'apache-2.0' }, tags: ['license:mit'] };
    const { call } = await withHub({ models: { 'org/name': { files, facts } } });
    const { model } = await call('models/hub-info', { hubId: 'org/name' });
    expect(model).toMatchObject({
      hubId: 'org/name',
      revision: commit,
      licence: 'apache-2.0',
      architecture: 'bert',
      labels: ['bad', 'good'],
      supported: true,
      unsupported: null,
      gated: false,
      gateUrl: null,
      local: false,
    });
    expect(model.files.map(({ path }) => path)).toEqual([
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'model.safetensors',
    ]);
    expect(model.files.every(({ cached }) => !cached)).toBe(true);
    expect(model.bytes).toBe(model.files.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('is shown as gated with the page to accept its terms at, and what is known without its files', async () => {
    const facts = { gated: 'manual', config: { model_type: 'bert' } };
    const override: Override = (path, response) => {
      if (!path.includes('/resolve/')) return false;
      response.writeHead(401, { 'X-Error-Code': 'GatedRepo' }).end('{}');
      return true;
    };
    const models = await withHub({ models: { 'org/name': { files: await modelFiles(), facts } }, override });
    const { model } = await models.call('models/hub-info', { hubId: 'org/name' });
    expect(model).toMatchObject({
      gated: true,
      gateUrl: `${models.hub.endpoint}/org/name`,
      architecture: 'bert',
      labels: null,
      supported: true,
    });
    const job = await download(models, 'org/name');
    expect(job.state).toBe('failed');
    expect(job.fault).toMatchObject({
      code: 'hub/gated',
      remedy: `Accept them at ${models.hub.endpoint}/org/name, then put a token of that account into Settings (or HF_TOKEN).`,
    });
  });

  it('is shown with the reason when it cannot be trained, and then not fetched', async () => {
    const files = await changedConfig({ model_type: 'roberta' });
    const models = await withHub({ models: { 'org/name': { files } } });
    const { model } = await models.call('models/hub-info', { hubId: 'org/name' });
    expect(model).toMatchObject({ supported: false, architecture: 'roberta' });
    expect(model.unsupported).toMatch(/^org\/name\/config\.json describes a model of type "roberta"\./);
    const job = await download(models, 'org/name');
    expect(job.fault?.message).toBe('org/name cannot be trained here, so it is not downloaded.');
    expect(models.hub.requests).not.toContain(weightsPath);
  });

  it('without weights is shown as such', async () => {
    const { call } = await withHub({ models: { 'org/name': { files: { 'README.md': Buffer.from('x') } } } });
    const { model } = await call('models/hub-info', { hubId: 'org/name' });
    expect(model).toMatchObject({ supported: false, files: [], bytes: 0 });
    expect(model.unsupported).toContain('lacks config.json or weights');
  });

  it.each([
    ['no/such', 'hub/not-found'],
    ['org/name@nowhere', 'hub/no-revision'],
    ['../up', 'hub/not-an-id'],
  ])('%s is refused with %s', async (hubId, code) => {
    const { call } = await withHub();
    expect((await faultOf(() => call('models/hub-info', { hubId }))).code).toBe(code);
  });
});

describe('the download of a model', () => {
  it('ends with the model in the list, its files where Python finds them', async () => {
    const facts = { tags: ['license:mit'] };
    const models = await withHub({ models: { 'org/name': { files: await modelFiles(), facts } } });
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
