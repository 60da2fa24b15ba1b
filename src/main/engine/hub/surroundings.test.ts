import { execFile, fork, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { createServer } from 'node:http';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { faultOf, temporaryFolder } from '../formats/test-support.ts';
import { resolveModel } from './resolve-model.ts';
import { hubAndCache, modelFiles, startHub } from './test-hub.ts';
import { gitHash, sha256 } from './test-hub-server.ts';

const weightsPath = '/lfs/org/name/model.safetensors';

describe('a program that is killed in the middle of a download', () => {
  it('leaves nothing under the name of the file, and the next one goes on', async () => {
    const data = Buffer.alloc(2 ** 20, 'weights');
    const files = { ...(await modelFiles()), 'model.safetensors': data };
    let isSlow = true;
    const { hub, env, modelDir } = await hubAndCache((path, response) => {
      if (!isSlow || path !== weightsPath) return false;
      response.writeHead(200, { 'Content-Length': data.length, ETag: `"${gitHash(data)}"` });
      response.write(data.subarray(0, 600_000));
      return true;
    }, files);
    const child = fork(join(import.meta.dirname, 'test-download.ts'), ['org/name'], {
      env: { ...process.env, ...env },
    });
    const told = z.object({ done: z.number() });
    // All are heard: of two that come at once the last says that it is time.
    for await (const [message] of on(child, 'message')) if (told.parse(message).done >= 600_000) break;
    child.kill('SIGKILL');
    await once(child, 'exit');
    const blob = join(modelDir, 'blobs', sha256(data));
    await expect(stat(blob)).rejects.toThrow('ENOENT');
    await expect(stat(join(modelDir, 'refs'))).rejects.toThrow('ENOENT');

    isSlow = false;
    const { size } = await stat(`${blob}.incomplete`);
    expect(size).toBeGreaterThan(0);
    await resolveModel('org/name', { env, retryWaits: [] });
    expect(hub.ranges).toContain(`bytes=${size}-`);
    expect((await readFile(blob)).equals(data)).toBe(true);
  });
});

describe('two programs that fetch the same model at once', () => {
  it('both get it whole, and one of them fetches it', async () => {
    const { hub, env, modelDir } = await hubAndCache();
    const start = () => {
      const child = fork(join(import.meta.dirname, 'test-download.ts'), ['org/name'], {
        env: { ...process.env, ...env },
      });
      return once(child, 'exit').then(([code]: unknown[]) => code);
    };
    expect(await Promise.all([start(), start()])).toEqual([0, 0]);
    expect(hub.requests.filter((path) => path === weightsPath).length).toBe(1);
    const blobs = await readdir(join(modelDir, 'blobs'));
    expect(blobs.every((name) => /^[0-9a-f]{40,64}$/.test(name))).toBe(true);
  });

  it('do not wait for one that was killed, even when its number is another process now', async () => {
    const gone = spawn(process.execPath, ['-e', '0']);
    await once(gone, 'exit');
    for (const pid of [gone.pid, process.pid]) {
      const { env, modelDir } = await hubAndCache();
      await mkdir(join(modelDir, 'blobs'), { recursive: true });
      const blob = sha256((await modelFiles())['model.safetensors']!);
      const lock = join(modelDir, 'blobs', `${blob}.incomplete.lock`);
      // The second began at another time than this process did.
      await writeFile(lock, `${pid} 1 0`);
      await resolveModel('org/name', { env });
    }
  });
});

describe('a disk that is too small', () => {
  /** A disk of 1 MB in memory, or null where none can be mounted. */
  async function smallDisk(): Promise<string | null> {
    const disk = await temporaryFolder();
    try {
      await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    } catch {
      console.warn(
        'No small disk can be mounted here: the full disk is not tried for downloads in this run.',
      );
      return null;
    }
    onTestFinished(() => promisify(execFile)('umount', [disk]).then(() => undefined));
    return disk;
  }

  it('is told before a byte is fetched', async () => {
    const disk = await smallDisk();
    if (disk === null) return;
    const files = { ...(await modelFiles()), 'model.safetensors': Buffer.alloc(3 * 2 ** 20) };
    const { hub, env } = await hubAndCache(undefined, files);
    const fault = await faultOf(() => resolveModel('org/name', { env: { ...env, HF_HUB_CACHE: disk } }));
    expect(fault.message).toMatch(/^The download takes 3\.2 MB; the disk of .* has 1\.0 MB free\.$/);
    expect(hub.requests.filter((path) => path.includes('resolve'))).toEqual([]);
  });

  it('is told when it fills up in the middle, and the download goes on once there is room', async () => {
    const disk = await smallDisk();
    if (disk === null) return;
    const data = Buffer.alloc(700_000, 'w');
    const files = {
      'config.json': Buffer.from('{}'),
      'vocab.txt': Buffer.from('a'),
      'model.safetensors': data,
    };
    const filler = join(disk, 'filler');
    const { hub, env } = await hubAndCache((path, response) => {
      if (path !== weightsPath || response.req.headers.range !== undefined) return false;
      // While the weights are on their way, something else takes the room.
      response.writeHead(200, { 'Content-Length': data.length, ETag: '"one"' });
      response.write(data.subarray(0, 200_000));
      void writeFile(filler, Buffer.alloc(600_000)).then(() => response.end(data.subarray(200_000)));
      return true;
    }, files);
    const inSmall = { ...env, HF_HUB_CACHE: disk };
    const fault = await faultOf(() => resolveModel('org/name', { env: inSmall, retryWaits: [] }));
    expect(fault.message).toMatch(
      /^The disk is full: model\.safetensors of org\/name stands at 0\.\d MB of 0\.7 MB\.$/,
    );
    await rm(filler);
    const folder = await resolveModel('org/name', { env: inSmall, retryWaits: [0] });
    expect((await readFile(join(folder, 'model.safetensors'))).equals(data)).toBe(true);
    expect(hub.ranges.filter((range) => range !== undefined).length).toBeGreaterThan(0);
  });
});

describe('a proxy', () => {
  it('that HTTP_PROXY names carries what is asked of the hub', async () => {
    const hub = await startHub({ models: { 'org/name': { files: await modelFiles() } } });
    const carried: string[] = [];
    const proxy = createServer((request, response) => {
      carried.push(request.url ?? '');
      const { pathname, search } = new URL(request.url ?? '', 'http://hub.invalid');
      void fetch(`${hub.endpoint}${pathname}${search}`).then(async (answer) => {
        response.writeHead(answer.status);
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
    proxy.on('connect', (request, socket) => {
      carried.push(request.url ?? '');
      const to = new URL(hub.endpoint);
      void import('node:net').then(({ connect }) => {
        const upstream = connect(Number(to.port), to.hostname, () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.pipe(upstream).pipe(socket);
        });
        upstream.on('error', () => socket.destroy());
        socket.on('error', () => upstream.destroy());
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const { port } = z.object({ port: z.number() }).parse(proxy.address());
    const cache = await temporaryFolder();
    const child = fork(join(import.meta.dirname, 'test-download.ts'), ['org/name'], {
      env: {
        ...process.env,
        HF_HUB_CACHE: cache,
        HF_HUB_DISABLE_IMPLICIT_TOKEN: '1',
        HF_ENDPOINT: 'http://hub.invalid',
        HTTP_PROXY: `http://127.0.0.1:${port}`,
        NO_PROXY: '',
      },
    });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(carried.every((url) => url.includes('hub.invalid'))).toBe(true);
    expect((await readdir(join(cache, 'models--org--name/blobs'))).length).toBe(4);
  });
});
