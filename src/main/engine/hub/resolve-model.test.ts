import { mkdir, readFile, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../formats/checkpoint.ts';
import { faultOf, temporaryFolder } from '../formats/test-support.ts';
import type { DownloadProgress } from './download-model.ts';
import { resolveModel } from './resolve-model.ts';
import { bert, closedEndpoint, commit, hubAndCache, modelFiles, refusal, startHub } from './test-hub.ts';

describe('a folder', () => {
  it('is the model itself', async () => {
    expect(await resolveModel(bert, { env: { HF_HUB_OFFLINE: '1' } })).toBe(bert);
  });

  it.each([
    '/no/such/folder',
    '../model',
    './model',
    'a/b/c',
    'org/..',
    'a--b/c',
    'org\\name',
    'a/b@../../c',
    'a/b@v1@v2',
    '',
  ])('that does not exist is not looked for on the hub: %j', async (model) => {
    expect(await refusal(model, {})).toBe(
      `${model} is neither a folder that exists nor the id of a model on the hub. ` +
        'Check the path, or give an id such as google-bert/bert-base-uncased.',
    );
  });
});

describe('the cache of Python', () => {
  async function cacheWith(names: string[]): Promise<{ home: string; snapshot: string }> {
    const home = await temporaryFolder();
    const modelDir = join(home, 'hub/models--org--name');
    const snapshot = join(modelDir, 'snapshots', commit);
    await mkdir(join(modelDir, 'refs'), { recursive: true });
    await mkdir(join(modelDir, 'blobs'));
    await mkdir(snapshot, { recursive: true });
    await writeFile(join(modelDir, 'refs/main'), commit);
    for (const name of names) {
      await writeFile(join(modelDir, 'blobs', name), 'x');
      await symlink(join('../../blobs', name), join(snapshot, name));
    }
    return { home, snapshot };
  }

  it('is used without asking the hub, found by HF_HOME', async () => {
    const { home, snapshot } = await cacheWith(['config.json', 'model.safetensors', 'vocab.txt']);
    const env = { HF_HOME: home, HF_ENDPOINT: await closedEndpoint() };
    expect(await resolveModel('org/name', { env })).toBe(snapshot);
  });

  it('is used without a tokenizer where the hub cannot be asked', async () => {
    const { home, snapshot } = await cacheWith(['config.json', 'pytorch_model.bin']);
    expect(await resolveModel('org/name', { env: { HF_HOME: home, HF_HUB_OFFLINE: '1' } })).toBe(snapshot);
    expect(
      await resolveModel('org/name', { env: { HF_HOME: home, HF_ENDPOINT: await closedEndpoint() } }),
    ).toBe(snapshot);
  });

  it('is not used while a shard is missing', async () => {
    const names = [
      'config.json',
      'vocab.txt',
      'model.safetensors.index.json',
      'model-00001-of-00002.safetensors',
    ];
    const { home } = await cacheWith(names);
    const env = { HF_HOME: home, HF_HUB_OFFLINE: '1' };
    expect((await faultOf(() => resolveModel('org/name', { env }))).code).toBe('hub/offline');
    const complete = await cacheWith([...names, 'model-00002-of-00002.safetensors']);
    expect(await resolveModel('org/name', { env: { ...env, HF_HOME: complete.home } })).toBe(
      complete.snapshot,
    );
  });
});

describe('a download', () => {
  it('fetches the files that are needed, and no others, into a folder that opens', async () => {
    const { hub, env, modelDir } = await hubAndCache();
    const folder = await resolveModel('org/name', { env });
    expect(folder).toBe(join(modelDir, 'snapshots', commit));
    expect((await readdir(folder)).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    for (const name of await readdir(folder)) {
      expect((await readFile(join(folder, name))).equals(await readFile(join(bert, name)))).toBe(true);
    }
    await (await openCheckpoint(folder)).close();
    expect(hub.requests.filter((path) => path.includes('README') || path.includes('.bin'))).toEqual([]);
  });

  it('leaves the layout that Python makes: refs, links into blobs named by their hash', async () => {
    const { env, modelDir } = await hubAndCache();
    const folder = await resolveModel('org/name', { env });
    expect(await readFile(join(modelDir, 'refs/main'), 'utf8')).toBe(commit);
    const target = await readlink(join(folder, 'model.safetensors'));
    expect(target).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    expect(await readlink(join(folder, 'config.json'))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40,64}$/);
    expect((await readdir(join(modelDir, 'blobs'))).length).toBe(4);
  });

  it('is not made a second time', async () => {
    const { hub, env } = await hubAndCache();
    const folder = await resolveModel('org/name', { env });
    const { length } = hub.requests;
    expect(await resolveModel('org/name', { env })).toBe(folder);
    expect(hub.requests.length).toBe(length);
  });

  it('reports bytes up to the total', async () => {
    const { env } = await hubAndCache();
    const progress: DownloadProgress[] = [];
    await resolveModel('org/name', { env, onProgress: (event) => progress.push(event) });
    const last = progress.at(-1)!;
    expect(last.done).toBe(last.total);
    expect(last.file).toBe('model.safetensors');
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).sort((a, b) => a - b));
  });

  it('fetches all shards of a model in shards', async () => {
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const contents = ['config.json', 'vocab.txt', 'model.safetensors.index.json', ...shards];
    const files = Object.fromEntries(contents.map((name) => [name, Buffer.from(name)]));
    const { env } = await hubAndCache(undefined, files);
    expect((await readdir(await resolveModel('org/name', { env }))).sort()).toEqual(contents.sort());
  });

  it('gives the token to the hub and to no other address', async () => {
    const elsewhere = await startHub({ models: { 'org/name': { files: await modelFiles() } } });
    const { hub, env } = await hubAndCache((path, response) => {
      if (!path.endsWith('model.safetensors')) return false;
      response.writeHead(302, { Location: `${elsewhere.endpoint}/lfs/org/name/model.safetensors` }).end();
      return true;
    });
    await resolveModel('org/name', { env: { ...env, HF_TOKEN: 'secret' } });
    expect(new Set(hub.tokens)).toEqual(new Set(['Bearer secret']));
    expect(elsewhere.tokens).toEqual([undefined]);
  });

  it('stops when it is told to, keeps what arrived and gives nothing half its name', async () => {
    const stop = new AbortController();
    const { env, modelDir } = await hubAndCache((path, response) => {
      if (!path.includes('/lfs/org/name/model.safetensors')) return false;
      response.write('the beginning');
      return true;
    });
    const onProgress = ({ file, done }: DownloadProgress) => {
      if (file === 'model.safetensors' && done > 0) stop.abort(new Error('stopped by the user'));
    };
    await expect(resolveModel('org/name', { env, signal: stop.signal, onProgress })).rejects.toThrow(
      'stopped by',
    );
    const blobs = await readdir(join(modelDir, 'blobs'));
    expect(blobs.filter((name) => /^[0-9a-f]{40,64}$/.test(name)).length).toBe(3);
    await expect(readFile(join(modelDir, 'refs/main'))).rejects.toThrow('ENOENT');
  });

  it('takes the revision that is asked for and keeps its name as Python does', async () => {
    const { env, modelDir } = await hubAndCache();
    expect(await resolveModel('org/name@v2', { env })).toBe(join(modelDir, 'snapshots', commit));
    expect(await readFile(join(modelDir, 'refs/v2'), 'utf8')).toBe(commit);
    expect(await readdir(join(modelDir, 'refs'))).toEqual(['v2']);
    expect(await resolveModel(`org/name@${commit}`, { env: { ...env, HF_HUB_OFFLINE: '1' } })).toBe(
      join(modelDir, 'snapshots', commit),
    );
  });
});
