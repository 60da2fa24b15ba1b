import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { experimentSchema, type Experiment } from '../../../shared/contract/experiments.ts';
import { openDatabase } from '../../storage/database.ts';
import { openWorkspace } from '../../storage/workspace.ts';
import type { BackendContext } from '../context.ts';
import { homeHandlers } from '../home.ts';
import { Jobs } from '../jobs/jobs.ts';
import { windowlessHost } from '../host.ts';
import { safeName } from './files.ts';
import { systemHandlers } from './system.ts';

let dir: string;
let context: BackendContext;
let experiments: Experiment[];
let events: string[];

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'graft-system-'));
  experiments = [];
  events = [];
  const workspace = openWorkspace(dir);
  context = {
    workspace,
    db: openDatabase(workspace.database),
    jobs: new Jobs(() => undefined),
    emit: (event) => void events.push(event),
    onClose: () => undefined,
    host: windowlessHost(
      'cli',
      () => {
        throw new Error('Nothing here starts an engine.');
      },
      true,
    ),
  };
});
afterEach(() => {
  context.db.close();
  rmSync(dir, { recursive: true, force: true });
});

const handlers = () => {
  const list = () => Promise.resolve(experiments);
  return { ...systemHandlers(context, list), ...homeHandlers(context, list) };
};

function experiment(change: Partial<Experiment>): Experiment {
  return experimentSchema.parse({
    id: 'e1',
    task: 'single_label_classification',
    name: 'one',
    state: 'finished',
    modelId: null,
    modelName: 'tiny',
    datasetId: 'd',
    versionId: 'v',
    dataName: 'reviews',
    method: 'LORA',
    seed: 42,
    step: 10,
    totalSteps: 10,
    epoch: 1,
    timeLeft: null,
    loss: 0.5,
    metrics: { accuracy: 0.9 },
    trainable: 10,
    allParameters: 100,
    tokensPerSecond: null,
    peakMemoryMb: null,
    trainSeconds: 1,
    evalSeconds: null,
    wallSeconds: null,
    unanswered: null,
    settings: { rank: 8, targets: null, learningRate: null, epochs: null, batchSize: null, maxLength: null },
    device: null,
    precision: 'fp32',
    checkpointStep: null,
    queuePlace: null,
    fault: null,
    tags: [],
    starred: false,
    archived: false,
    createdAt: 1,
    startedAt: 1,
    finishedAt: 2,
    ...change,
  });
}

describe('preferences', () => {
  it('start with their defaults, keep what is written, and tell every window', async () => {
    const area = handlers();
    expect((await area['settings/read']({})).preferences.theme).toBe('system');
    await area['settings/write']({ preferences: { theme: 'dark' } });
    await area['settings/write']({ preferences: { hubEndpoint: 'http://127.0.0.1:9' } });
    expect((await handlers()['settings/read']({})).preferences).toMatchObject({
      theme: 'dark',
      hubEndpoint: 'http://127.0.0.1:9',
    });
    expect(events).toEqual(['settings/changed', 'settings/changed']);
  });

  it('keep the token in the key store and never give it back', async () => {
    const area = handlers();
    await area['settings/set-token']({ token: 'secret' });
    const read = await area['settings/read']({});
    expect(read.hasToken).toBe(true);
    expect(JSON.stringify(read)).not.toContain('secret');
    expect(readFileSync(context.workspace.database).includes('secret')).toBe(false);
    await area['settings/set-token']({ token: null });
    expect((await area['settings/read']({})).hasToken).toBe(false);
  });
});

describe('home', () => {
  it('asks for a decision about what was interrupted, and says from where it can go on', async () => {
    const fault = { code: 'x', message: 'The engine was killed at step 7.', remedy: 'Go on.' };
    experiments = [experiment({ state: 'interrupted', fault, checkpointStep: 5 })];
    const { decisions } = await handlers()['system/home']({});
    expect(decisions).toMatchObject([
      { kind: 'interrupted', detail: 'The engine was killed at step 7. It can go on from step 5.' },
    ]);
  });

  it('compares what finished with the best before it on the same data', async () => {
    experiments = [
      experiment({ id: 'a', name: 'first', metrics: { accuracy: 0.9 }, finishedAt: 1 }),
      experiment({ id: 'b', name: 'second', metrics: { accuracy: 0.912 }, finishedAt: 2 }),
      experiment({ id: 'c', name: 'third', metrics: { accuracy: 0.905 }, finishedAt: 3 }),
      experiment({ id: 'd', name: 'other data', versionId: 'w', metrics: { accuracy: 0.5 }, finishedAt: 4 }),
      experiment({ id: 'e', name: 'without', metrics: null, finishedAt: 5 }),
    ];
    const { finished } = await handlers()['system/home']({});
    expect(finished.map(({ verdict }) => verdict)).toEqual([
      'It was not evaluated.',
      'Accuracy 50.0 %, the first on this data.',
      'Accuracy 90.5 %, 0.7 points below the best before (second).',
      'Accuracy 91.2 %, 1.2 points above the best before (first).',
      'Accuracy 90.0 %, the first on this data.',
    ]);
  });
});

describe('status', () => {
  it('counts what there is and names what runs', async () => {
    experiments = [experiment({ state: 'running' }), experiment({ id: 'q', state: 'queued' })];
    const status = await handlers()['system/status']({});
    expect(status).toMatchObject({ host: 'cli', queued: 1, running: { id: 'e1' }, counts: { datasets: 0 } });
    expect(status.diskFreeBytes).toBeGreaterThan(0);
    expect(status.version).toMatch(/^\d+\.\d+/);
  });
});

describe('files', () => {
  it('lists folders first and hides what a dot hides; a folder that is gone is said', async () => {
    const folder = path.join(dir, 'browse');
    mkdirSync(path.join(folder, 'zeta'), { recursive: true });
    writeFileSync(path.join(folder, 'a 10.csv'), 'x');
    writeFileSync(path.join(folder, 'a 9.csv'), 'xy');
    writeFileSync(path.join(folder, '.hidden'), '');
    const { entries, parent } = await handlers()['system/browse']({ folder });
    expect(entries.map(({ name }) => name)).toEqual(['zeta', 'a 9.csv', 'a 10.csv']);
    expect(parent).toBe(dir);
    await expect(handlers()['system/browse']({ folder: path.join(dir, 'none') })).rejects.toThrow(/none/);
  });

  it('puts a file together that comes in pieces, under a name that stays in the inbox', async () => {
    const area = handlers();
    const send = (text: string, last: boolean, uploadId: string | null) =>
      area['system/receive-file']({ name: '../../evil.csv', base64: btoa(text), last, uploadId });
    const { uploadId } = await send('text,label\n', false, null);
    const { path: file } = await send('a,b\n', true, uploadId);
    expect(readFileSync(file!, 'utf8')).toBe('text,label\na,b\n');
    expect(path.relative(context.workspace.inbox, file!)).toMatch(/^[0-9a-f]{8}[/\\]evil\.csv$/);
    await expect(send('x', true, 'unknown')).rejects.toThrow(/no upload unknown/);
  });

  it.each([
    ['..', 'file'],
    ['C:\\x\\data.csv', 'data.csv'],
    ['a\u0000b?.csv', 'a_b_.csv'],
    ['', 'file'],
  ])('makes %j a safe name', (name, safe) => {
    expect(safeName(name)).toBe(safe);
  });
});

describe('storage', () => {
  function storeExperiment(id: string, change: { state?: string; removed?: boolean } = {}): string {
    const folder = path.join(context.workspace.experiments, id);
    mkdirSync(path.join(folder, 'checkpoints', '5'), { recursive: true });
    writeFileSync(path.join(folder, 'checkpoints', '5', 'state'), Buffer.alloc(1000));
    writeFileSync(path.join(folder, 'adapter_model.safetensors'), Buffer.alloc(300));
    context.db
      .prepare(
        `INSERT INTO experiments (id, name, state, model_name, data_name, method, seed, precision, config, folder, created_at, removed_at)
         VALUES (?, ?, ?, 'm', 'd', 'LORA', 42, 'fp32', '{}', ?, 0, ?)`,
      )
      .run(id, id, change.state ?? 'finished', folder, change.removed ? 1 : null);
    return folder;
  }
  const item = async (key: string) =>
    (await handlers()['system/storage']({})).items.find((found) => found.key === key)!;

  it('says what takes how much, by kind', async () => {
    storeExperiment('done');
    storeExperiment('open', { state: 'paused' });
    storeExperiment('gone', { removed: true });
    expect((await item('experiments')).bytes).toBe(600);
    expect((await item('checkpoints')).bytes).toBe(1000);
    expect((await item('open-checkpoints')).bytes).toBe(1000);
    expect((await item('removed')).bytes).toBe(1300);
  });

  it('cleans what was chosen and nothing else', async () => {
    const [done, open, gone] = [
      storeExperiment('done'),
      storeExperiment('open', { state: 'paused' }),
      storeExperiment('gone', { removed: true }),
    ];
    const { freed } = await handlers()['system/clean']({ keys: ['checkpoints', 'removed', 'experiments'] });
    expect(freed).toBe(2300);
    expect(existsSync(path.join(done, 'checkpoints'))).toBe(false);
    expect(existsSync(path.join(done, 'adapter_model.safetensors'))).toBe(true);
    expect(existsSync(path.join(open, 'checkpoints', '5', 'state'))).toBe(true);
    expect(existsSync(gone)).toBe(false);
    expect(context.db.prepare('SELECT id FROM experiments ORDER BY id').pluck().all()).toEqual([
      'done',
      'open',
    ]);
  });

  it.skipIf(process.platform === 'win32')(
    'follows no link, neither in measuring nor in cleaning',
    async () => {
      const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'graft-elsewhere-'));
      const { workspace } = context;
      const [linked, gone, inner] = [
        storeExperiment('linked'),
        storeExperiment('gone', { removed: true }),
        storeExperiment('inner'),
      ];
      // The experiment's folder, what stands in it, and what is thrown away whole.
      for (const folder of [linked, gone]) {
        renameSync(folder, path.join(elsewhere, path.basename(folder)));
        symlinkSync(path.join(elsewhere, path.basename(folder)), folder);
      }
      renameSync(path.join(inner, 'checkpoints'), path.join(elsewhere, 'checkpoints'));
      symlinkSync(path.join(elsewhere, 'checkpoints'), path.join(inner, 'checkpoints'));
      symlinkSync(elsewhere, path.join(workspace.inbox, 'dropped'));
      const keys = ['checkpoints', 'removed', 'inbox'];
      for (const key of keys) expect(await item(key)).toMatchObject({ bytes: 0, files: 0 });
      expect(await handlers()['system/clean']({ keys })).toEqual({ freed: 0 });
      for (const name of ['linked/checkpoints/5/state', 'gone/checkpoints/5/state', 'checkpoints/5/state'])
        expect(existsSync(path.join(elsewhere, name))).toBe(true);
      // A whole part of the workspace behind a link.
      renameSync(workspace.experiments, path.join(elsewhere, 'experiments'));
      symlinkSync(path.join(elsewhere, 'experiments'), workspace.experiments);
      storeExperiment('behind');
      await handlers()['system/clean']({ keys });
      expect(existsSync(path.join(elsewhere, 'experiments/behind/checkpoints/5/state'))).toBe(true);
      rmSync(elsewhere, { recursive: true });
    },
  );

  it('lists no removed adapter whose files went with its experiment, and forgets it', async () => {
    const { db } = context;
    const add = (id: string): void => {
      const folder = storeExperiment(id);
      db.prepare(
        `INSERT INTO adapters (id, name, origin, experiment_id, folder, peft_type, sha256, bytes, facts, created_at, removed_at)
         VALUES (?, ?, 'experiment', ?, ?, 'LORA', '', 300, '{}', 0, 1)`,
      ).run(`of-${id}`, id, id, folder);
    };
    add('gone');
    add('kept');
    db.exec(`UPDATE experiments SET removed_at = 1 WHERE id = 'gone'`);
    await handlers()['system/clean']({ keys: ['removed'] });
    expect((await item('removed-adapters')).entries.map(({ what }) => what)).toEqual(['kept']);
    await handlers()['system/clean']({ keys: ['removed-adapters'] });
    expect(db.prepare('SELECT id FROM adapters').all()).toEqual([]);
  });
});

it('cleans a removed data set with what stands beside it, and leaves what another version shares', async () => {
  const { db, workspace } = context;
  const add = (id: string, file: string, removed: boolean) => {
    db.prepare("INSERT INTO datasets VALUES (?, ?, 'files', 0, ?)").run(id, id, removed ? 1 : null);
    db.prepare(
      "INSERT INTO dataset_versions VALUES (?, ?, 1, ?, ?, 1, 1, '{}', '', NULL, 0, NULL, NULL, NULL)",
    ).run(`v-${id}`, id, id, file);
  };
  add('gone', 'aaa.db', true);
  add('also-gone', 'bbb.db', true);
  add('kept', 'bbb.db', false);
  for (const name of ['aaa.db', 'aaa.findings', 'aaa.lengths-x', 'bbb.db', 'bbb.findings']) {
    writeFileSync(path.join(workspace.datasets, name), 'x');
  }
  expect(await handlers()['system/clean']({ keys: ['removed-datasets'] })).toEqual({ freed: 3 });
  expect(readdirSync(workspace.datasets).sort()).toEqual(['bbb.db', 'bbb.findings']);
});

it('lists the packages that Graft is made of with their licences', async () => {
  const { packages } = await handlers()['system/licences']({});
  expect(packages.find(({ name }) => name === 'zod')).toMatchObject({ licence: 'MIT' });
  expect(packages.length).toBeGreaterThan(30);
});
