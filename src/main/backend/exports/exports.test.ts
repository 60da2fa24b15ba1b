import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExportStore } from '../../storage/exports.ts';
import { testBackend } from '../test-support.ts';
import { exported, importedBackend, statesOf, trainedBackend, verified } from './test-support.ts';

/** Changes one byte in the middle of a file. */
async function spoil(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(file, bytes);
}

/** What in a folder others than its owner may read or enter. */
async function readableByOthers(dir: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = [dir, ...entries.map((entry) => path.join(entry.parentPath, entry.name))];
  const modes = await Promise.all(files.map(async (file) => (await stat(file)).mode & 0o077));
  return files.filter((_, i) => modes[i] !== 0);
}

describe('a run, exported', () => {
  it('is in the library by itself, is offered with sizes, written, proved, and proved again until a byte changes', async () => {
    const backend = await trainedBackend();
    const { source, dir } = backend;
    const experimentId = source.id;
    const { adapters } = await backend.call('adapters/list', {});
    expect(adapters).toMatchObject([
      { name: 'Spam?', origin: 'experiment', experimentId, rank: 4, labels: ['ham', 'spam'], exports: 0 },
    ]);

    const offer = await backend.call('exports/offer', { source });
    expect(offer).toMatchObject({ name: 'Spam?', proofRows: 20, refused: null });
    expect(offer.folder).toBe(path.join(dir, 'exports', 'spam'));
    expect(offer.freeBytes).toBeGreaterThan(0);
    expect(offer.targets.every(({ refused, seconds }) => refused === null && seconds === null)).toBe(true);
    const size = (target: string) => offer.targets.find((one) => one.target === target)!.bytes!;
    expect(size('onnx-fp16')).toBeLessThan(size('onnx'));

    const folder = path.join(dir, 'out', 'winner');
    const { export: made, job } = await exported(backend, folder, ['hf', 'peft', 'onnx', 'script']);
    expect(job).toMatchObject({ state: 'done', kind: 'export', result: made.id, fault: null });
    expect(statesOf(made)).toEqual({ hf: 'passed', peft: 'passed', onnx: 'passed', script: 'passed' });
    expect((await readdir(folder)).sort()).toEqual(['hf', 'onnx', 'peft', 'script']);
    const [hf, , , script] = made.targets;
    expect(hf!.proof).toMatchObject({ passed: true, reason: null, accuracy: { rows: 20 } });
    expect(hf!.proof!.largestDifference).toBeLessThan(1e-4);
    expect(hf!.proof!.sameAnswers).toBe(hf!.proof!.rows);
    expect(hf!.bytes).toBeGreaterThan(0.8 * size('hf'));
    expect(hf!.bytes).toBeLessThan(1.5 * size('hf'));
    expect(script).toMatchObject({ proof: null, folder: path.join(folder, 'script') });
    const card = await readFile(path.join(folder, 'hf', 'README.md'), 'utf8');
    expect(card).toContain('| learning_rate | 0.005 |');
    expect(card).not.toContain('adam_beta1');
    const proof = await readFile(path.join(folder, 'hf', 'verification.json'), 'utf8');
    expect(JSON.parse(proof)).toMatchObject({ labels: ['ham', 'spam'], outcome: { passed: true } });

    // What the test itself put there aside.
    const open = (await readableByOthers(dir)).filter((file) => !/model-seed1|messages\.csv/.test(file));
    expect(open).toEqual([]);

    const again = await backend.call('exports/offer', { source });
    expect(again.folder).toBe(path.join(dir, 'out', 'spam'));
    expect(again.targets.find(({ target }) => target === 'hf')!.seconds).toBeGreaterThan(0);
    const { adapter, lineage } = await backend.call('adapters/read', { id: adapters[0]!.id });
    expect(adapter.exports).toBe(1);
    expect(lineage.exports).toMatchObject([{ id: made.id, name: 'Winner', passed: true }]);
    expect(lineage.data).toMatchObject({ name: 'Messages', number: 1, rows: 82 });
    expect(lineage.experiment).toMatchObject({ id: experimentId, name: 'Spam?' });
    const dependents = await backend.call('adapters/dependents', { ids: [adapters[0]!.id] });
    expect(dependents.exports).toEqual([{ id: made.id, name: 'Winner' }]);
    expect((await backend.call('system/status', {})).counts.exports).toBe(1);

    const whole = await verified(backend, made.id);
    expect(statesOf(whole)).toEqual(statesOf(made));
    expect(whole.targets.every(({ verifiedAt }) => verifiedAt !== null)).toBe(true);
    await spoil(path.join(folder, 'hf', 'model.safetensors'));
    await spoil(path.join(folder, 'onnx', 'verification.json'));
    await spoil(path.join(folder, 'script', 'script.py'));
    await rm(path.join(folder, 'peft'), { recursive: true });
    const found = await verified(backend, made.id);
    expect(statesOf(found)).toEqual({ hf: 'failed', peft: 'missing', onnx: 'failed', script: 'failed' });
    expect(found.targets.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('model.safetensors was changed'),
      expect.stringContaining('peft is gone'),
      expect.stringContaining('verification.json was changed'),
      expect.stringContaining('script.py was changed'),
    ]);
    const { decisions } = await backend.call('system/home', {});
    expect(decisions).toMatchObject([{ kind: 'failed', link: `/exports/${made.id}`, experimentId: null }]);

    await backend.call('exports/remove', { id: made.id, files: true });
    expect(existsSync(folder)).toBe(false);
    expect((await backend.call('exports/list', {})).exports).toEqual([]);
  }, 240_000);

  it('is cancelled in the middle: what was proved stays, nothing half written does', async () => {
    const backend = await importedBackend();
    const folder = path.join(backend.dir, 'out');
    const proved = backend.nextEvent('exports/changed', ({ targets }) => targets[0]!.state === 'passed');
    const started = await backend.call('exports/start', {
      source: backend.source,
      name: 'Stopped',
      targets: ['hf', 'onnx', 'savedmodel', 'onnx-int8'],
      folder,
    });
    const jobId = started.export.jobId!;
    expect(Object.values(statesOf(started.export))).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
    await expect(
      backend.call('exports/start', {
        source: started.export.source,
        name: 'Second',
        targets: ['hf'],
        folder,
      }),
    ).rejects.toMatchObject({ fault: { code: 'exports/same-folder' } });
    await expect(backend.call('exports/remove', { id: started.export.id })).rejects.toMatchObject({
      fault: { code: 'exports/running' },
    });
    await proved;
    await backend.call('jobs/cancel', { id: jobId });
    const { export: left } = await backend.call('exports/read', { id: started.export.id });
    expect(left.jobId).toBeNull();
    expect(statesOf(left)).toMatchObject({ hf: 'passed', 'onnx-int8': 'cancelled' });
    const passed = left.targets.filter(({ state }) => state === 'passed').map(({ target }) => target);
    expect((await readdir(folder)).sort()).toEqual(passed.sort());
  }, 240_000);
});

describe('an export is refused', () => {
  it('when the base changed since training, or is gone', async () => {
    const backend = await importedBackend();
    const { source, modelFolder, dir } = backend;
    const folder = path.join(dir, 'out');
    const start = () => backend.call('exports/start', { source, name: 'No', targets: ['hf'], folder });
    await spoil(path.join(modelFolder, 'model.safetensors'));
    const words =
      /^The base model model-seed1 changed since training: model\.safetensors was \w{8}… and is \w{8}…/;
    const offer = await backend.call('exports/offer', { source });
    expect(offer.refused).toMatch(words);
    expect(offer.targets.find(({ target }) => target === 'hf')!.refused).toMatch(words);
    await expect(start()).rejects.toThrow(words);
    expect(existsSync(folder)).toBe(false);
    await rename(modelFolder, `${modelFolder}-elsewhere`);
    await expect(start()).rejects.toMatchObject({ fault: { code: 'adapters/base-gone' } });
  });

  it('when the base is quantised, or the adapter is not the one that was made', async () => {
    const backend = await importedBackend();
    const { source, modelFolder, dir } = backend;
    const config = path.join(modelFolder, 'config.json');
    const before = await readFile(config, 'utf8');
    const quantised = { ...(JSON.parse(before) as object), quantization_config: { load_in_4bit: true } };
    await writeFile(config, JSON.stringify(quantised));
    const { refused, targets } = await backend.call('exports/offer', { source });
    expect(refused).toBeNull();
    expect(targets.find(({ target }) => target === 'hf')!.refused).toContain('would round the adapter away');
    const start = () =>
      backend.call('exports/start', { source, name: 'No', targets: ['hf'], folder: path.join(dir, 'out') });
    await expect(start()).rejects.toMatchObject({ fault: { code: 'exports/refused' } });
    await writeFile(config, before);
    const { adapter } = await backend.call('adapters/read', { id: source.id });
    await spoil(path.join(adapter.folder, 'adapter_model.safetensors'));
    await expect(start()).rejects.toThrow(/^adapter_model\.safetensors of lora-qv changed since it was made/);
  });

  it('when something is in the way, or the folder cannot be written', async () => {
    const backend = await importedBackend();
    const folder = path.join(backend.dir, 'out');
    const { source } = backend;
    const start = (change: { folder?: string; overwrite?: boolean }) =>
      backend.call('exports/start', { source, name: 'No', targets: ['hf'], folder, ...change });
    await mkdir(path.join(folder, 'hf'), { recursive: true });
    await writeFile(path.join(folder, 'hf', 'thesis.txt'), 'mine');
    await expect(start({})).rejects.toMatchObject({ fault: { code: 'export/exists' } });
    await expect(start({ overwrite: true })).rejects.toMatchObject({ fault: { code: 'exports/not-ours' } });
    await expect(start({ folder: 'relative' })).rejects.toMatchObject({
      fault: { code: 'exports/not-absolute' },
    });
    const file = path.join(folder, 'hf', 'thesis.txt');
    await expect(start({ folder: path.join(file, 'inside') })).rejects.toMatchObject({
      fault: { code: 'files/unwritable' },
    });
    if (process.platform === 'linux')
      await expect(start({ folder: '/proc/no-such-drive/out' })).rejects.toThrow(
        '/proc/no-such-drive/out cannot be made: its drive was removed',
      );
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await backend.call('exports/list', {})).exports).toEqual([]);
  }, 240_000);

  it('where a target cannot be made of it: the others are, and the reason stands with it', async () => {
    const backend = await importedBackend();
    const folder = path.join(backend.dir, 'out');
    const { export: made } = await exported(backend, folder, ['script', 'hf']);
    expect(statesOf(made)).toEqual({ script: 'refused', hf: 'passed' });
    expect(made.targets[0]!.reason).toBe('No run of this workspace trained it.');
    // Without labelled rows the fixed texts are all that is asked.
    expect(made.targets[1]!.proof).toMatchObject({ passed: true, accuracy: null });
    expect(await readdir(folder)).toEqual(['hf']);
  }, 240_000);
});

describe('an app that was closed while it exported', () => {
  it('finds the rest cancelled at its next start, with nothing half there', async () => {
    const backend = await testBackend();
    const { db } = backend.context;
    const folder = path.join(backend.dir, 'out');
    db.prepare(`INSERT INTO exports VALUES ('x', 'Left', 'adapter', 'a', 'tiny', ?, 1)`).run(folder);
    const add = db.prepare(
      `INSERT INTO export_targets (export_id, target, place, state, folder) VALUES ('x', ?, ?, ?, ?)`,
    );
    add.run('hf', 0, 'passed', path.join(folder, 'hf'));
    add.run('onnx', 1, 'writing', path.join(folder, 'onnx'));
    add.run('peft', 2, 'waiting', path.join(folder, 'peft'));
    await mkdir(path.join(folder, 'hf'), { recursive: true });
    await mkdir(path.join(folder, '.graft-0123456789ab.tmp'));
    await backend.close();
    const next = await testBackend(backend.dir);
    const { exports } = await next.call('exports/list', {});
    expect(statesOf(exports[0]!)).toEqual({ hf: 'passed', onnx: 'cancelled', peft: 'cancelled' });
    await next.close();
    expect(await readdir(folder)).toEqual(['hf']);
  });
});

describe('a proof that fell short', () => {
  it('asks for a decision, counts as storage that can be cleaned, and stays failed when it is looked at again', async () => {
    const backend = await testBackend();
    const folder = path.join(backend.dir, 'out');
    const aside = path.join(folder, 'onnx-int8-failed');
    const proof = {
      ...{
        passed: false,
        reason: 'It loses 3.0 points of accuracy; 1 may be lost.',
        rows: 20,
        sameAnswers: 12,
      },
      ...{ largestDifference: 1, meanDifference: 0.5, accuracy: null, latencyMs: { batch1: 1, batch32: 2 } },
    };
    const target = {
      ...{ target: 'onnx-int8' as const, state: 'failed' as const, folder: aside, bytes: 4, proof },
      ...{ reason: proof.reason, snippets: [], verifiedAt: null },
    };
    const store = new ExportStore(backend.context.db);
    store.insert({
      ...{ id: 'x', name: 'Small', source: { kind: 'adapter', id: 'a' }, modelName: 'tiny', folder },
      ...{ targets: [target], createdAt: 1 },
    });
    await mkdir(aside, { recursive: true });
    await writeFile(path.join(aside, 'verification.json'), '{}\n');
    expect((await verified(backend, 'x')).targets[0]).toMatchObject({
      state: 'failed',
      reason: proof.reason,
    });
    expect((await backend.call('system/home', {})).decisions).toEqual([
      {
        kind: 'failed',
        title: 'Small: the proof of ONNX, int8 failed',
        detail: proof.reason,
        link: '/exports/x',
        experimentId: null,
      },
    ]);
    const { items } = await backend.call('system/storage', {});
    expect(items.find(({ key }) => key === 'failed-exports')).toMatchObject({ bytes: 3, cleanable: true });
    await backend.call('system/clean', { keys: ['failed-exports'] });
    expect(existsSync(aside)).toBe(false);
    expect(statesOf((await backend.call('exports/read', { id: 'x' })).export)).toEqual({
      'onnx-int8': 'missing',
    });
    expect((await backend.call('system/home', {})).decisions).toEqual([]);
  });
});
