import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  chosenAddon,
  cudaFolder,
  installedRuntime,
  tensorflowVersion,
} from '../../../engine/runtime/installed.ts';
import { downloadArchive } from './download.ts';
import { installRuntime, removeRuntime } from './install.ts';

const run = promisify(execFile);
const packer = path.resolve(import.meta.dirname, '../../../../../scripts/setup/runtime-archive.mjs');
const platform = `${process.platform}-${process.arch}`;
const library = Buffer.alloc(600_000, 'tensorflow ').toString();
const files = {
  'lib/libtensorflow_cc.so.2': library,
  'nvidia/cublas/lib/libcublas.so.12': 'cublas',
  'nvidia/cuda_nvcc/bin/ptxas': '#!/bin/sh\n',
  'addon/napi-v8/tfjs_binding.node': 'addon',
  'licences/tensorflow.txt': 'Apache License',
};

async function folder(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'graft-runtime-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** An archive made by our packaging. */
async function archive(about: object = {}, level = 0): Promise<string> {
  const root = path.join(await folder(), 'runtime');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  const file = path.join(path.dirname(root), 'cuda.zip');
  const given = { variant: 'cuda', tensorflow: tensorflowVersion, platform, ...about };
  const program = `import { packRuntime } from ${JSON.stringify(packer)};
    await packRuntime('python3', ${JSON.stringify(root)}, ${JSON.stringify(file)}, ${JSON.stringify(given)}, { level: ${level} });`;
  await run(process.execPath, ['--input-type=module', '-e', program]);
  return file;
}

const control = (signal = new AbortController().signal) => {
  const phases = new Set<string>();
  return {
    phases,
    signal,
    retryWaits: [1, 1],
    onProgress: ({ phase }: { phase: string }) => void phases.add(phase),
  };
};

/** Serves a folder; `cut`: so many bytes of the archive, then the line breaks, once; `busy`: refused so often before. */
async function serve(dir: string, { cut = 0, ranges = true, busy = 0 } = {}) {
  const asked: (string | undefined)[] = [];
  const server: Server = createServer((request, response) => {
    void readFile(path.join(dir, path.basename(request.url ?? ''))).then(
      (bytes) => {
        if (!request.url?.endsWith('.zip')) return response.end(bytes);
        if (busy-- > 0) return response.writeHead(503).end('busy');
        asked.push(request.headers.range);
        const start = ranges ? Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0) : 0;
        const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
        response.writeHead(start > 0 ? 206 : 200, {
          'content-length': bytes.length - start,
          ...(start > 0 && { 'content-range': range }),
        });
        if (cut > 0 && asked.length === 1)
          return response.write(bytes.subarray(0, cut), () => response.destroy());
        return response.end(bytes.subarray(start));
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { asked, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/cuda.zip` };
}

describe('a runtime', { timeout: 30_000 }, () => {
  it('is installed from a file: every file in its place, found again, and used where there is a GPU', async () => {
    const dir = await folder();
    expect(installedRuntime(dir)).toBeNull();
    const { phases, ...options } = control();
    const place = await installRuntime(await archive(), options, dir);
    expect(place).toBe(cudaFolder(dir));
    for (const [name, text] of Object.entries(files))
      expect(await readFile(path.join(place, name), 'utf8')).toBe(text);
    // The addon looks for TensorFlow in ../../deps/lib.
    expect(await readFile(path.join(place, 'deps/lib/libtensorflow_cc.so.2'), 'utf8')).toBe(library);
    expect(installedRuntime(dir)?.bytes).toBe(Object.values(files).join('').length);
    expect([...phases]).toEqual(['Checking', 'Unpacking']);
    const addon = path.join(place, 'addon/napi-v8/tfjs_binding.node');
    expect(chosenAddon({}, true, dir)).toBe(addon);
    expect(chosenAddon({}, false, dir)).toBeNull();
    expect(chosenAddon({ GRAFT_RUNTIME: 'cuda' }, false, dir)).toBe(addon);
    expect(chosenAddon({ GRAFT_RUNTIME: 'cpu' }, true, dir)).toBeNull();
    await writeFile(path.join(place, 'lib/libtensorflow_cc.so.2'), 'short');
    expect(installedRuntime(dir)).toBeNull();
  });

  it.each([
    ['goes on where the line broke', true],
    ['begins anew with a server that knows no ranges', false],
  ])('is fetched from an address and %s', async (_, ranges) => {
    const file = await archive();
    const { asked, address } = await serve(path.dirname(file), { cut: 200_000, ranges });
    const dir = await folder();
    const { phases, ...options } = control();
    await installRuntime(address, options, dir);
    expect(asked[0]).toBeUndefined();
    expect(asked[1]).toMatch(/^bytes=\d+-$/);
    expect(installedRuntime(dir)).not.toBeNull();
    expect(await readdir(path.join(dir, 'downloads'))).toEqual([]);
    expect([...phases]).toEqual(['Downloading', 'Unpacking']);
  });

  it('is fetched from a server that is busy at first', async () => {
    const { address } = await serve(path.dirname(await archive()), { busy: 1 });
    const dir = await folder();
    await installRuntime(address, control(), dir);
    expect(installedRuntime(dir)).not.toBeNull();
  });

  it('is fetched once where two want it: the second waits, and finds it there', async () => {
    const file = await archive();
    const { address } = await serve(path.dirname(file), { cut: 200_000 });
    const dir = await folder();
    const options = { signal: new AbortController().signal, onBytes: () => undefined, retryWaits: [] };
    await expect(downloadArchive(address, dir, options)).rejects.toMatchObject({ code: 'runtime/download' });
    const [first, second] = await Promise.all([1, 2].map(() => downloadArchive(address, dir, options)));
    expect(second).toBe(first);
    expect((await readFile(first!)).equals(await readFile(file))).toBe(true);
  });

  it('goes with what was fetched of another one', async () => {
    const { address } = await serve(path.dirname(await archive()), { cut: 200_000 });
    const dir = await folder();
    const stopped = installRuntime(address, { ...control(), retryWaits: [] }, dir);
    await expect(stopped).rejects.toMatchObject({ code: 'runtime/download' });
    expect(await readdir(path.join(dir, 'downloads'))).toHaveLength(1);
    await removeRuntime(dir);
    expect(await readdir(dir)).toEqual([]);
  });

  it('stays as it was when the new one is damaged, cut off, for another machine, or unchecked', async () => {
    const dir = await folder();
    const whole = await archive();
    await installRuntime(whole, control(), dir);
    const refused = async (source: string, code: string): Promise<void> => {
      await expect(installRuntime(source, control(), dir)).rejects.toMatchObject({ code });
      expect(installedRuntime(dir)).not.toBeNull();
      expect((await readdir(dir)).filter((name) => name !== 'downloads')).toEqual([
        path.basename(cudaFolder(dir)),
      ]);
    };
    const bytes = await readFile(whole);
    bytes[bytes.indexOf('tensorflow tensorflow') + 5]! ^= 1;
    const damaged = path.join(await folder(), 'cuda.zip');
    await writeFile(damaged, bytes);
    await refused(damaged, 'runtime/hash');
    await writeFile(`${damaged}.sha256`, await readFile(`${whole}.sha256`));
    await refused(damaged, 'runtime/hash');
    await refused((await serve(path.dirname(damaged))).address, 'runtime/hash');
    await rm(`${damaged}.sha256`);
    await refused((await serve(path.dirname(damaged))).address, 'runtime/no-hash');
    await writeFile(damaged, bytes.subarray(0, 300_000));
    await refused(damaged, 'runtime/archive');
    await writeFile(damaged, 'no archive');
    await refused(damaged, 'runtime/archive');
    const packed = await readFile(await archive({}, 6));
    const name = 'lib/libtensorflow_cc.so.2';
    // No compressed data begins with such a byte.
    packed[packed.indexOf(name) + name.length] = 0xff;
    await writeFile(damaged, packed);
    await refused(damaged, 'runtime/archive');
    await refused(path.join(dir, 'none.zip'), 'files/missing');
    await refused(await archive({ platform: 'plan9-mips' }), 'runtime/other-machine');
    await refused(await archive({ tensorflow: '1.0.0' }), 'runtime/other-version');
  });

  it('is not half there when it is stopped', async () => {
    const dir = await folder();
    const abort = new AbortController();
    const options = {
      ...control(abort.signal),
      onProgress: ({ phase }: { phase: string }) => phase === 'Unpacking' && abort.abort(),
    };
    await expect(installRuntime(await archive(), options, dir)).rejects.toThrow('aborted');
    expect(await readdir(dir)).toEqual([]);
  });
});
