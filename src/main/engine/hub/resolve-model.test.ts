import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openCheckpoint } from '../formats/checkpoint.ts';
import { faultOf, golden, temporaryFolder, textOf } from '../formats/test-support.ts';
import type { DownloadProgress } from './download-model.ts';
import { resolveModel } from './resolve-model.ts';
import { commit, startHub, type Override } from './test-hub.ts';

const bert = join(golden, 'seed1/models/bert');

async function modelFiles(): Promise<Record<string, Buffer>> {
  const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(bert, name))] as const),
  );
  const unneeded = { 'README.md': Buffer.from('# card'), 'tf_model.h5': Buffer.alloc(5000) };
  return { ...Object.fromEntries(files), 'pytorch_model.bin': Buffer.alloc(2000), ...unneeded };
}

/** A hub with the golden model, and an empty cache that belongs to it. */
async function hubAndCache(override?: Override, files?: Record<string, Buffer>) {
  const hub = await startHub(files ?? (await modelFiles()), override);
  const cache = await temporaryFolder();
  const env = { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint };
  return { hub, cache, env, modelDir: join(cache, 'models--org--name') };
}

/** What a person reads; the places that differ from run to run are named. */
async function refusal(model: string, env: NodeJS.ProcessEnv): Promise<string> {
  const text = textOf(await faultOf(() => resolveModel(model, { env })), '\0');
  const { HF_ENDPOINT: endpoint = '\0', HF_HUB_CACHE: cache = '\0' } = env;
  return text.replaceAll(endpoint, 'HUB').replaceAll(cache, 'CACHE');
}

/** An address at which nothing listens any more. */
async function closedEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe('a folder', () => {
  it('is the model itself', async () => {
    expect(await resolveModel(bert, { env: { HF_HUB_OFFLINE: '1' } })).toBe(bert);
  });

  it.each(['/no/such/folder', '../model', './model', 'a/b/c', 'org/..', 'a--b/c', 'org\\name', ''])(
    'that does not exist is not looked for on the hub: %j',
    async (model) => {
      expect(await refusal(model, {})).toBe(
        `${model} is neither a folder that exists nor the id of a model on the hub. ` +
          'Check the path, or give an id such as google-bert/bert-base-uncased.',
      );
    },
  );
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
    const whole = await cacheWith([...names, 'model-00002-of-00002.safetensors']);
    expect(await resolveModel('org/name', { env: { ...env, HF_HOME: whole.home } })).toBe(whole.snapshot);
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

  it('never writes where a name of the hub leads out of the cache', async () => {
    const evil = { '../../../../evil.json': Buffer.from('evil'), '../config.json': Buffer.from('evil') };
    const { env, cache, modelDir } = await hubAndCache(undefined, { ...(await modelFiles()), ...evil });
    const folder = await resolveModel('org/name', { env });
    expect((await readdir(folder)).length).toBe(4);
    expect(await readdir(cache)).toEqual(['models--org--name']);
    expect((await readdir(modelDir)).sort()).toEqual(['blobs', 'refs', 'snapshots']);
  });

  it('gives the token to the hub and to no other address', async () => {
    const elsewhere = await startHub(await modelFiles());
    const { hub, env } = await hubAndCache((path, response) => {
      if (!path.endsWith('model.safetensors')) return false;
      response.writeHead(302, { Location: `${elsewhere.endpoint}/lfs/model.safetensors` }).end();
      return true;
    });
    await resolveModel('org/name', { env: { ...env, HF_TOKEN: 'secret' } });
    expect(new Set(hub.tokens)).toEqual(new Set(['Bearer secret']));
    expect(elsewhere.tokens).toEqual([undefined]);
  });

  it('stops when it is told to, keeps what arrived and leaves nothing half', async () => {
    const stop = new AbortController();
    const { env, modelDir } = await hubAndCache((path, response) => {
      if (!path.includes('/lfs/model.safetensors')) return false;
      response.write('the beginning');
      return true;
    });
    const isWeights = ({ file }: DownloadProgress) => file === 'model.safetensors';
    const onProgress = (event: DownloadProgress) => {
      if (isWeights(event)) stop.abort(new Error('stopped by the user'));
    };
    await expect(resolveModel('org/name', { env, signal: stop.signal, onProgress })).rejects.toThrow(
      'stopped by',
    );
    const blobs = await readdir(join(modelDir, 'blobs'));
    expect(blobs.length).toBe(3);
    expect(blobs.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await expect(readFile(join(modelDir, 'refs/main'))).rejects.toThrow('ENOENT');
  });

  it('says that the disk is full when it is', async () => {
    const { env } = await hubAndCache(undefined, {
      ...(await modelFiles()),
      'model.safetensors': Buffer.alloc(3 * 2 ** 20),
    });
    const disk = await temporaryFolder();
    try {
      await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    } catch {
      console.warn(
        'No small disk can be mounted here: the full disk is not tried for downloads in this run.',
      );
      return;
    }
    onTestFinished(() => promisify(execFile)('umount', [disk]).then(() => undefined));
    const fault = await faultOf(() => resolveModel('org/name', { env: { ...env, HF_HUB_CACHE: disk } }));
    expect(fault.message).toMatch(/^The disk is full: .*blobs.[0-9a-f]{64} could not be written/);
    const blobs = await readdir(join(disk, 'models--org--name/blobs'));
    expect(blobs.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a model that cannot be had', () => {
  const status =
    (code: number, errorCode?: string): Override =>
    (_, response) => {
      response.statusCode = code;
      if (errorCode !== undefined) response.setHeader('X-Error-Code', errorCode);
      response.end('{}');
      return true;
    };
  const gated =
    'it is private or gated, or there is none of that name. ' +
    'Accept the terms on the page of the model, and set HF_TOKEN to a token that may read it.';
  const unknown =
    'HUB has no model org/name, and there is no folder of that name. ' +
    'Check the spelling: an id is written organisation/name, upper and lower case as on the page of the model.';

  it.each([
    [404, undefined, unknown],
    [401, 'RepoNotFound', unknown],
    [401, undefined, `HUB does not give out org/name (status 401): ${gated}`],
    [403, 'GatedRepo', `HUB does not give out org/name (status 403): ${gated}`],
    [
      500,
      undefined,
      'HUB gave an unusable answer about org/name: status 500. Try again later; check HF_ENDPOINT if it is set.',
    ],
    [
      429,
      undefined,
      'HUB gave an unusable answer about org/name: it has had too many requests (status 429). ' +
        'Try again later; check HF_ENDPOINT if it is set.',
    ],
  ])('is explained for status %i (%s)', async (code, errorCode, text) => {
    const { env } = await hubAndCache(status(code, errorCode));
    expect(await refusal('org/name', env)).toBe(text);
  });

  it('is explained when the connection is refused', async () => {
    const env = { HF_HUB_CACHE: await temporaryFolder(), HF_ENDPOINT: await closedEndpoint() };
    expect(await refusal('org/name', env)).toBe(
      'HUB cannot be reached (the connection was refused), and org/name is not in the Hugging Face cache. ' +
        'Check the connection, set HF_ENDPOINT to a mirror that can be reached, or give the path of a folder that holds the model.',
    );
  });

  it('is explained when HF_HUB_OFFLINE is set', async () => {
    const env = { HF_HUB_CACHE: await temporaryFolder(), HF_HUB_OFFLINE: '1' };
    expect(await refusal('org/name', env)).toBe(
      'org/name is not in the Hugging Face cache (CACHE), and HF_HUB_OFFLINE forbids asking the hub. ' +
        'Unset HF_HUB_OFFLINE, or give the path of a folder that holds the model.',
    );
  });

  it('is explained when it has no weights', async () => {
    const { env } = await hubAndCache(undefined, { 'config.json': Buffer.from('{}') });
    expect(await refusal('org/name', env)).toBe(
      'org/name on HUB lacks config.json or weights (model.safetensors, pytorch_model.bin). ' +
        'Choose a model with weights for PyTorch; an adapter or a GGUF file needs its base model.',
    );
  });

  it.each<[string, string]>([
    ['no JSON', '<html>log in</html>'],
    ['no commit', '{"id":"org/name","sha":"../../evil"}'],
  ])('is explained when the hub answers with %s', async (_, body) => {
    const { env, cache } = await hubAndCache((path, response) => {
      if (!path.includes('/revision/')) return false;
      response.end(body);
      return true;
    });
    expect(await refusal('org/name', env)).toContain('its list of files cannot be read');
    expect(await readdir(cache)).toEqual([]);
  });

  const again = 'It was not kept. Start again: files that did arrive are kept and not fetched twice.';

  it.each<[string, (response: Parameters<Override>[1], size: number) => void, string]>([
    [
      'shorter',
      (response) => void response.end('short'),
      'it has 5 of the 164004 bytes that the hub announced',
    ],
    [
      'longer',
      (response, size) => void response.end(Buffer.alloc(size + 1)),
      'it is longer than the 164004 bytes that the hub announced',
    ],
    [
      'different',
      (response, size) => void response.end(Buffer.alloc(size)),
      "its hash is not the one on the hub's list",
    ],
    [
      'cut',
      (response, size) => {
        response.setHeader('Content-Length', size);
        response.write('beginning', () => void response.destroy());
      },
      'the connection was cut',
    ],
  ])('is not kept when a file arrives %s', async (_, respond, reason) => {
    const { env, modelDir } = await hubAndCache((path, response) => {
      if (path !== '/lfs/model.safetensors') return false;
      respond(response, 164004);
      return true;
    });
    expect(await refusal('org/name', env)).toBe(
      `model.safetensors of org/name did not arrive whole: ${reason}. ${again}`,
    );
    expect((await readdir(join(modelDir, 'blobs'))).length).toBe(3);
    expect(await readdir(modelDir)).not.toContain('refs');
  });
});
