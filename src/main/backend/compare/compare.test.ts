import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { verdictText } from '../../../shared/statistics/verdict.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { addAnswers } from '../../storage/answers.ts';
import { readRunCount } from '../../storage/run-figures.ts';
import { inState, seedStore, smallSpec } from '../experiments/test-support.ts';
import { testBackend } from '../test-support.ts';
import { addRun, keptAnswers, importRows, logitsFor, type GivenRun } from './test-support.ts';

const labels = ['ham', 'spam'];

/** A run on rows 1 to `rows`, spam at every second one, wrong where `wrong` says so. */
function run(
  name: string,
  wrong: (row: number) => boolean,
  change: Partial<GivenRun> & { rows?: number; from?: number } = {},
): GivenRun {
  const { rows = 400, from = 1, ...rest } = change;
  const own = rest.labels ?? labels;
  const answers = Array.from({ length: rows }, (_, i) => {
    const row = from + i;
    const expected = labels[row % 2]!;
    const predicted = wrong(row) ? labels[1 - (row % 2)]! : expected;
    return { row, expected, logits: logitsFor(own, predicted, 0.9) };
  });
  return { name, labels: own, answers, ...rest };
}
const every = (n: number) => (row: number) => row % n === 0;

describe('compare/read', () => {
  it('tests every run on the same rows against the baseline and says it in a sentence', async () => {
    const { call, context } = await testBackend();
    const [a, b] = [addRun(context.db, run('A', every(5))), addRun(context.db, run('B', every(20)))];
    const found = await call('compare/read', { ids: [a, b] });
    expect(found.baselineId).toBe(a);
    expect(found.bestId).toBe(b);
    expect(found.warnings).toEqual([]);
    expect(verdictText(found)).toMatch(
      /^B is better than A by 15\.0 points \(95 % interval 1[12]\.\d to 1[789]\.\d\)\.$/,
    );
    const [first, second] = found.runs;
    expect(first).toMatchObject({ rows: 400, against: null, reason: null });
    expect(first!.metrics['accuracy']!.value).toBeCloseTo(0.8, 12);
    expect(second!.rowsKey).toBe(first!.rowsKey);
    expect(second!.against!['accuracy']!.points.value).toBeCloseTo(15, 9);
    expect(second!.against!['accuracy']!.shown).toBe(true);
    expect(second!.against!['accuracy']!.p).toBeLessThan(1e-9);
    expect(second!.against!['f1_macro']!.p).toBeLessThan(0.001);
  });

  it('gives the same figures for the other baseline, with the signs turned', async () => {
    const { call, context } = await testBackend();
    const [a, b] = [addRun(context.db, run('A', every(5))), addRun(context.db, run('B', every(7)))];
    const { points: forth } = (await call('compare/read', { ids: [a, b] })).runs[1]!.against!['accuracy']!;
    const turned = await call('compare/read', { ids: [a, b], baselineId: b });
    const { points: back } = turned.runs[0]!.against!['accuracy']!;
    expect(back.value).toBeCloseTo(-forth.value, 9);
    expect(back.low).toBeCloseTo(-forth.high, 5);
    expect(verdictText(turned)).toMatch(/^B is better than A by 5\.8 points|^No difference/);
  });

  it('says that no difference is shown, and how many runs were compared', async () => {
    const { call, context } = await testBackend();
    const ids = [10, 11, 12].map((n) => addRun(context.db, run(`every ${n}`, every(n))));
    const verdict = verdictText(await call('compare/read', { ids }));
    expect(verdict).toMatch(/^No difference shown between every 10 and every 12: 1\.[78] points/);
    expect(verdict).toContain(' 3 runs were compared: the best of several looks a little better than it is.');
  });

  it('aligns labels by name where the models have them in another order', async () => {
    const { call, context } = await testBackend();
    const turned = run('turned', every(5), { labels: ['spam', 'ham'] });
    const [a, b] = [addRun(context.db, run('A', every(5))), addRun(context.db, turned)];
    const { runs } = await call('compare/read', { ids: [a, b] });
    expect(runs[1]!.rowsKey).toBe(runs[0]!.rowsKey);
    expect(runs[1]!.against!['accuracy']!.points).toEqual({ value: 0, low: 0, high: 0 });
  });

  it('never compares runs on different rows, and says so', async () => {
    const { call, context } = await testBackend();
    const other = { rows: 200, record: { dataName: 'SMS Spam v2' } };
    const a = addRun(context.db, run('A', every(5), { record: { dataName: 'SMS Spam' } }));
    const b = addRun(context.db, run('B', every(20), other));
    const found = await call('compare/read', { ids: [a, b] });
    const { runs, warnings } = found;
    const sentence = 'These runs were evaluated on different rows: 400 of SMS Spam and 200 of SMS Spam v2.';
    expect(runs[1]).toMatchObject({ against: null, reason: sentence });
    expect(runs[1]!.metrics['accuracy']!.value).toBeCloseTo(0.95, 12);
    expect(runs[0]!.rowsKey).not.toBe(runs[1]!.rowsKey);
    expect(warnings).toEqual([`${sentence} Only runs on the rows of A are tested against it.`]);
    expect(verdictText(found)).toMatch(
      /^B is better than A by 15\.0 points \(.*\), on the 200 rows that both answered\.$/,
    );
    const c = addRun(context.db, run('C', every(20), { rows: 20, from: 501 }));
    const apart = await call('compare/read', { ids: [a, c] });
    expect(verdictText(apart)).toBe('No other run was evaluated on the same rows as A.');
  });

  it('says which runs have nothing to compare, without an error', async () => {
    const { call, context } = await testBackend();
    const add = (name: string, change: Partial<GivenRun> = {}) =>
      addRun(context.db, run(name, every(9), { rows: 40, ...change }));
    const removed = add('R');
    new ExperimentStore(context.db).update(removed, { removed_at: 1 });
    const ids = [
      add('A'),
      add('N', { answers: [] }),
      removed,
      add('P', { state: 'running' }),
      add('F', { state: 'failed' }),
      'nowhere',
    ];
    const found = await call('compare/read', { ids });
    const { runs, warnings } = found;
    expect(runs.map(({ reason }) => reason)).toEqual([
      null,
      'N keeps no predictions: it was not evaluated.',
      'R was removed.',
      'P is still running: it is compared when it has finished.',
      'F failed before it was evaluated.',
    ]);
    expect(warnings).toEqual([
      'N, R, P and F have no stored answers: only their settings are compared.',
      'One experiment is no longer in the workspace and left out.',
    ]);
    expect(verdictText(found)).toBe('No other run was evaluated on the same rows as A.');
    await expect(call('compare/read', { ids: ['nowhere'] })).rejects.toMatchObject({
      fault: { code: 'store/unknown' },
    });
  });

  it('tests nothing against a baseline that was counted and then removed', async () => {
    const { call, context } = await testBackend();
    const [a, b] = [addRun(context.db, run('A', every(5))), addRun(context.db, run('B', every(7)))];
    await call('compare/read', { ids: [a, b] });
    new ExperimentStore(context.db).update(a, { removed_at: 1 });
    const found = await call('compare/read', { ids: [b], baselineId: a });
    const { runs, bestId } = found;
    expect(runs.map(({ against, reason }) => [against, reason])).toEqual([
      [null, 'A was removed.'],
      [null, 'A was removed.'],
    ]);
    expect([verdictText(found), bestId]).toEqual(['A was removed. Choose another baseline.', null]);
  });

  it('counts a run again when it ended again', async () => {
    const { call, context } = await testBackend();
    const a = addRun(context.db, run('A', every(5)));
    await call('compare/read', { ids: [a] });
    const kept = readRunCount(context.db, a)!;
    addAnswers(context.db, a, keptAnswers(run('A', () => false)));
    expect((await call('compare/read', { ids: [a] })).runs[0]!.metrics['accuracy']!.value).toBeCloseTo(
      0.8,
      12,
    );
    new ExperimentStore(context.db).update(a, { finished_at: kept.finishedAt + 1 });
    expect((await call('compare/read', { ids: [a] })).runs[0]!.metrics['accuracy']).toEqual({
      value: 1,
      low: 1,
      high: 1,
    });
  });

  it('counts a run as soon as it has ended, before anybody asks', async () => {
    const { call, context } = await testBackend();
    const a = addRun(context.db, run('A', every(5)));
    await call('experiments/update', { id: a, starred: true });
    await expect
      .poll(() => readRunCount(context.db, a)?.measured.figures['accuracy']?.interval.value, {
        timeout: 20_000,
      })
      .toBeCloseTo(0.8, 12);
  });

  it('puts runs that differ in their seed into one group, and lists what else differs', async () => {
    const { call, context } = await testBackend();
    const add = (name: string, seed: number, adapter?: Record<string, unknown>) =>
      addRun(context.db, run(name, every(seed), { training: { seed }, ...(adapter && { adapter }) }));
    const wide = { peft_type: 'LORA', r: 32, target_modules: 'all-linear' };
    const head = { peft_type: 'HEAD_ONLY' };
    const ids = [
      add('narrow', 4),
      add('narrow', 5),
      add('wide, seed 4', 4, wide),
      add('wide, seed 5', 5, wide),
    ];
    const found = await call('compare/read', { ids });
    expect(found.seedGroups).toMatchObject([
      { ids: ids.slice(0, 2), name: 'narrow' },
      { ids: ids.slice(2), name: 'wide' },
    ]);
    expect(found.seedGroups[0]!.metrics['accuracy']!.value).toBeCloseTo(0.775, 12);
    expect(found.seedGroups[0]!.metrics['accuracy']!.low).toBeCloseTo(0.75, 12);
    expect(found.seedGroups[0]!.metrics['accuracy']!.high).toBeCloseTo(0.8, 12);
    expect(found.differences).toEqual([
      { path: 'adapter.r', values: [8, 8, 32, 32] },
      {
        path: 'adapter.target_modules',
        values: [['query', 'value'], ['query', 'value'], 'all-linear', 'all-linear'],
      },
    ]);
    expect(verdictText(found)).toMatch(/narrow \(seed 4\)/);
    const withHead = await call('compare/read', { ids: [ids[0]!, add('head', 4, head)] });
    expect(withHead.differences.map(({ path, values }) => [path, ...values])).toEqual([
      ['adapter.peft_type', 'LORA', 'HEAD_ONLY'],
      ['adapter.r', 8, null],
      ['adapter.target_modules', ['query', 'value'], null],
      ['adapter.lora_alpha', 8, null],
    ]);
    const seeds = await call('compare/read', { ids: ids.slice(0, 2) });
    expect(seeds.differences).toEqual([{ path: 'training.seed', values: [4, 5] }]);
  });
});

it(
  'finds the accuracy and the macro F1 that the engine measured of real runs',
  { timeout: 120_000 },
  async () => {
    const backend = await testBackend();
    const { call } = backend;
    const seeded = await seedStore(backend);
    const ids = [];
    for (const seed of [1, 2]) {
      const training = { seed, num_train_epochs: 1, eval_strategy: 'no', save_strategy: 'no' };
      const { experiment } = await call('experiments/create', { spec: smallSpec(seeded, training) });
      await inState(backend, experiment.id, 'finished');
      ids.push(experiment.id);
    }
    const found = await call('compare/read', { ids });
    for (const { experiment, metrics, rows, adapterBytes } of found.runs) {
      expect(metrics['accuracy']!.value).toBeCloseTo(experiment.metrics!['accuracy']!, 12);
      expect(metrics['f1_macro']!.value).toBeCloseTo(experiment.metrics!['f1_macro']!, 12);
      expect(rows).toBe(20);
      expect(adapterBytes).toBeGreaterThan(1000);
    }
    expect(found.runs[1]!.against).not.toBeNull();
    expect(found.seedGroups).toMatchObject([{ ids }]);
    expect(found.differences).toEqual([{ path: 'training.seed', values: [1, 2] }]);
    const page = await call('compare/disagreements', { ids, filter: 'all' });
    expect(page.total).toBe(20);
    for (const { answers } of page.items) {
      for (const { probabilities } of answers) {
        expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
      }
    }
  },
);

describe('compare/pair', () => {
  it('tests two runs on the rows that both answered, and says how many', async () => {
    const { call, context } = await testBackend();
    const a = addRun(context.db, run('A', every(5), { rows: 300 }));
    const b = addRun(context.db, run('B', every(20), { rows: 300, from: 101 }));
    const pair = await call('compare/pair', { baselineId: a, otherId: b });
    expect(pair).toMatchObject({ rows: 200, onlyBaseline: 0, onlyOther: 30 });
    expect(pair.against['accuracy']!.points.value).toBeCloseTo(15, 9);
    expect([pair.against['accuracy']!.shown, pair.common]).toEqual([true, { rows: 200, versions: null }]);
  });

  it('agrees with the table where the rows are the same', async () => {
    const { call, context } = await testBackend();
    const [a, b] = [addRun(context.db, run('A', every(5))), addRun(context.db, run('B', every(7)))];
    const { against } = await call('compare/pair', { baselineId: a, otherId: b });
    const { runs } = await call('compare/read', { ids: [a, b] });
    expect(against).toEqual(runs[1]!.against);
  });

  it('refuses what cannot be paired with the reason', async () => {
    const { call, context } = await testBackend();
    const a = addRun(context.db, run('A', every(5), { rows: 20 }));
    const cases: [string, string][] = [
      [addRun(context.db, run('B', every(5), { rows: 20, from: 21 })), 'compare/no-common-rows'],
      [addRun(context.db, { name: 'N', labels, answers: [] }), 'compare/no-predictions'],
      [
        addRun(context.db, run('L', every(5), { rows: 20, labels: ['ham', 'spam', 'eggs'] })),
        'compare/different-rows',
      ],
      [a, 'compare/same-run'],
    ];
    for (const [otherId, code] of cases) {
      await expect(call('compare/pair', { baselineId: a, otherId })).rejects.toMatchObject({
        fault: { code },
      });
    }
  });
});

describe('saved comparisons', () => {
  it('are kept with their runs and baseline until they are forgotten', async () => {
    const { call } = await testBackend();
    const { saved } = await call('compare/save', { name: 'First', ids: ['a', 'b'], baselineId: 'b' });
    await call('compare/save', { name: 'Second', ids: ['a'], baselineId: null });
    const list = async () => (await call('compare/list-saved', {})).saved;
    expect((await list()).map(({ name }) => name)).toEqual(['Second', 'First']);
    expect((await list())[1]).toEqual(saved);
    await call('compare/forget', { id: saved.id });
    expect((await list()).map(({ name }) => name)).toEqual(['Second']);
  });
});

it('keeps the figures where the data file has vanished', async () => {
  const backend = await testBackend();
  const { call, context } = backend;
  const versionId = await importRows(
    backend,
    'Messages',
    Array.from({ length: 40 }, (_, i) => ({
      text: `text ${i}`,
      label: labels[(i + 1) % 2]!,
      channel: 'web',
    })),
  );
  const id = addRun(
    context.db,
    run('A', every(5), { rows: 40, record: { versionId, dataName: 'Messages' } }),
  );
  await rm(context.workspace.datasets, { recursive: true });
  const { runs } = await call('compare/read', { ids: [id] });
  expect(runs[0]!.metrics['accuracy']!.value).toBeCloseTo(0.8, 12);
  await expect(call('compare/disagreements', { ids: [id] })).rejects.toMatchObject({
    fault: { code: 'datasets/missing' },
  });
  await expect(call('compare/slices', { ids: [id] })).rejects.toMatchObject({
    fault: { code: 'datasets/missing' },
  });
  expect((await call('compare/calibration', { id })).calibration).toMatchObject({ rows: 40 });
});
