import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { specSchema } from '../../../shared/contract/experiments.ts';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { verdictText } from '../../../shared/statistics/verdict.ts';
import { seedStore, smallSpec } from '../experiments/test-support.ts';
import { testBackend, type TestBackend } from '../test-support.ts';
import { addRun, importRows, logitsFor, type GivenAnswer } from './test-support.ts';

const labels = ['ham', 'spam'];
const channels = ['web', 'mail', 'web', 'phone'];

/** Twelve rows, spam at every second one; longer texts behind. */
async function twelveRows(backend: TestBackend): Promise<string> {
  return importRows(
    backend,
    'Messages',
    Array.from({ length: 12 }, (_, i) => ({
      text: `message ${'word '.repeat(i)}number${i + 1}`,
      label: labels[(i + 1) % 2]!,
      channel: channels[i % 4]!,
    })),
  );
}

/** A run on those rows that is wrong on some, with the probability given. */
function answers(wrong: Record<number, number>, rows = 12, order = labels): GivenAnswer[] {
  return Array.from({ length: rows }, (_, i) => {
    const [row, expected] = [i + 1, labels[(i + 1) % 2]!];
    const predicted = row in wrong ? labels[i % 2]! : expected;
    return { row, expected, logits: logitsFor(order, predicted, wrong[row] ?? 0.9) };
  });
}

const record = (versionId: string) => ({ versionId, dataName: 'Messages' });

/** Run A is wrong on rows 1 to 4, run B on 3 to 6; B's model has the labels the other way round. */
async function twoRuns(backend: TestBackend) {
  const versionId = await twelveRows(backend);
  const { db } = backend.context;
  const wrongA = { 1: 0.6, 2: 0.97, 3: 0.7, 4: 0.85 };
  const a = addRun(db, { name: 'A', labels, answers: answers(wrongA), record: record(versionId) });
  const turned = ['spam', 'ham'];
  const wrongB = { 3: 0.99, 4: 0.7, 5: 0.55, 6: 0.6 };
  const b = addRun(db, {
    name: 'B',
    labels: turned,
    answers: answers(wrongB, 12, turned),
    record: record(versionId),
  });
  return { versionId, a, b };
}

describe('compare/disagreements', () => {
  it('gives the rows of every filter with the answers of all runs, and counts them', async () => {
    const backend = await testBackend();
    const { versionId, a, b } = await twoRuns(backend);
    const ask = (filter: 'differ' | 'right-wrong' | 'all-wrong' | 'confident-errors' | 'all') =>
      backend.call('compare/disagreements', { ids: [a, b], filter, rightId: a, wrongId: b });
    const rowsOf = async (filter: Parameters<typeof ask>[0]) =>
      (await ask(filter)).items.map(({ row }) => row.row);
    const differ = await ask('differ');
    expect(differ).toMatchObject({
      total: 4,
      versionId,
      labels,
      counts: { differ: 4, 'right-wrong': 2, 'all-wrong': 2, 'confident-errors': 3, all: 12 },
    });
    const [first] = differ.items;
    expect(first!.row).toMatchObject({
      row: 1,
      text: 'message number1',
      label: 'spam',
      split: 'test',
      extra: { channel: 'web' },
    });
    expect(first!.expected).toBe('spam');
    expect(first!.answers.map(({ predicted }) => predicted)).toEqual(['ham', 'spam']);
    expect(first!.answers[0]!.probabilities[0]).toBeCloseTo(0.6, 6);
    expect(first!.answers[1]!.probabilities[1]).toBeCloseTo(0.9, 6);
    expect(await rowsOf('differ')).toEqual([1, 2, 5, 6]);
    expect(await rowsOf('right-wrong')).toEqual([5, 6]);
    expect(await rowsOf('all-wrong')).toEqual([3, 4]);
    expect(await rowsOf('confident-errors')).toEqual([3, 2, 4]);
    expect(await rowsOf('all')).toHaveLength(12);
  });

  it('opens a cell of a confusion matrix with one run, searches its texts, and pages', async () => {
    const backend = await testBackend();
    const { a } = await twoRuns(backend);
    const ask = async (change: object) => {
      const page = await backend.call('compare/disagreements', { ids: [a], filter: 'all', ...change });
      return { total: page.total, rows: page.items.map(({ row }) => row.row) };
    };
    expect(await ask({ expected: 'ham', predicted: 'spam' })).toEqual({ total: 2, rows: [2, 4] });
    expect(await ask({ query: 'number1' })).toEqual({ total: 4, rows: [1, 10, 11, 12] });
    expect(await ask({ query: 'no such word' })).toEqual({ total: 0, rows: [] });
    expect(await ask({ offset: 10, limit: 5 })).toEqual({ total: 12, rows: [11, 12] });
    const { counts } = await backend.call('compare/disagreements', { ids: [a], predicted: 'spam' });
    expect(counts).toMatchObject({ differ: 0, 'all-wrong': 2, all: 6 });
  });

  it('takes the rows that all runs answered', async () => {
    const backend = await testBackend();
    const { versionId, a } = await twoRuns(backend);
    const part = answers({ 2: 0.9, 7: 0.9 }).filter(({ row }) => row !== 1);
    const c = addRun(backend.context.db, { name: 'C', labels, answers: part, record: record(versionId) });
    const { counts, items } = await backend.call('compare/disagreements', { ids: [a, c] });
    expect(counts).toMatchObject({ all: 11, 'all-wrong': 1 });
    expect(items.map(({ row }) => row.row)).toEqual([3, 4, 7]);
  });

  it('finds planted label errors by the mean of all runs, and suggests the label', async () => {
    const backend = await testBackend();
    const planted = new Set([20, 55, 90]);
    const rows = Array.from({ length: 120 }, (_, i) => ({
      text: `row ${i + 1}`,
      label: labels[(i + 1 + Number(planted.has(i + 1))) % 2]!,
      channel: 'web',
    }));
    const versionId = await importRows(backend, 'Planted', rows);
    const ids = ['A', 'B'].map((name) => {
      const given = rows.map(({ label }, i) => ({
        row: i + 1,
        expected: label,
        logits: logitsFor(labels, labels[(i + 1) % 2]!, 0.9),
      }));
      return addRun(backend.context.db, { name, labels, answers: given, record: record(versionId) });
    });
    const found = await backend.call('compare/disagreements', { ids, filter: 'label-errors' });
    expect(found.items.map(({ row }) => row.row).sort((a, b) => a - b)).toEqual([...planted]);
    expect(found.counts['label-errors']).toBe(3);
    for (const { expected, suggested } of found.items)
      expect(suggested).toBe(expected === 'ham' ? 'spam' : 'ham');
  });

  it('refuses runs of different data or without answers, with the reason', async () => {
    const backend = await testBackend();
    const { a } = await twoRuns(backend);
    const other = await importRows(backend, 'Others', [
      { text: 'one', label: 'spam', channel: 'web' },
      { text: 'two', label: 'ham', channel: 'web' },
    ]);
    const { db } = backend.context;
    const b = addRun(db, {
      name: 'B',
      labels,
      answers: answers({}, 2),
      record: { versionId: other, dataName: 'Others' },
    });
    const none = addRun(db, { name: 'N', labels, answers: [] });
    await expect(backend.call('compare/disagreements', { ids: [a, b] })).rejects.toThrow(
      'These runs were evaluated on different rows: 12 of Messages and 2 of Others.',
    );
    await expect(backend.call('compare/disagreements', { ids: [a, none] })).rejects.toThrow(
      'N keeps no predictions: it was not evaluated.',
    );
  });

  it('reads the rows of a run from the command line out of its file, until that is gone', async () => {
    const backend = await testBackend();
    const { dir } = backend;
    const file = path.join(dir, 'eval.jsonl');
    const lines = answers({}).map(({ row, expected }) => `{"text": "line ${row}", "label": "${expected}"}`);
    await writeFile(file, `${lines.join('\n')}\n`);
    const id = addRun(backend.context.db, {
      name: 'A',
      labels,
      answers: answers({ 4: 0.9 }),
      record: { details: { baseDir: dir } },
    });
    const found = await backend.call('compare/disagreements', { ids: [id], filter: 'all-wrong' });
    expect(found.versionId).toBeNull();
    expect(found.items.map(({ row }) => row.text)).toEqual(['line 4']);
    const search = await backend.call('compare/disagreements', { ids: [id], filter: 'all', query: 'LINE 1' });
    expect(search.total).toBe(4);
    await writeFile(file, `${lines.slice(0, 3).join('\n')}\n`);
    const ask = () => backend.call('compare/disagreements', { ids: [id], filter: 'all-wrong' });
    await expect(ask()).rejects.toMatchObject({ fault: { code: 'compare/file-changed' } });
    await writeFile(file, '');
    await expect(ask()).rejects.toThrow();
  });
});

describe('compare/slices', () => {
  it('cuts by the length of the text, each run with its interval', async () => {
    const backend = await testBackend();
    const { a, b } = await twoRuns(backend);
    const { slices, columns } = await backend.call('compare/slices', { ids: [a, b] });
    expect(columns).toEqual(['channel']);
    expect(slices!.slices.map(({ rows }) => rows)).toEqual([3, 3, 3, 3]);
    expect(slices!.slices[0]!.name).toBe('15 to 25 characters');
    const [first, second] = slices!.slices;
    expect(first!.accuracy.map(({ value }) => value)).toEqual([0, expect.closeTo(2 / 3, 12)]);
    expect(second!.accuracy[0]).toMatchObject({ value: expect.closeTo(2 / 3, 12) as number, high: 1 });
    expect(second!.accuracy[0]!.low).toBeLessThan(0.4);
  });

  it('cuts by a column, the commonest values first', async () => {
    const backend = await testBackend();
    const { a } = await twoRuns(backend);
    const { slices } = await backend.call('compare/slices', { ids: [a], by: 'channel' });
    expect(slices).toMatchObject({
      by: 'channel',
      left: 0,
      slices: [
        { name: 'web', rows: 6 },
        { name: 'mail', rows: 3 },
        { name: 'phone', rows: 3 },
      ],
    });
    await expect(backend.call('compare/slices', { ids: [a], by: 'colour' })).rejects.toMatchObject({
      fault: { code: 'compare/no-column' },
    });
  });
});

describe('compare/calibration', () => {
  it('finds the temperature of a model that is too sure, on rows it was not fitted on', async () => {
    const backend = await testBackend();
    const random = new Pcg64(7);
    const given = Array.from({ length: 2000 }, (_, i) => {
      const sure = 0.55 + 0.4 * random.random();
      const predicted = labels[random.integers(2)]!;
      const right = random.random() < sure;
      const expected = right ? predicted : labels[1 - labels.indexOf(predicted)]!;
      return { row: i + 1, expected, logits: logitsFor(labels, predicted, sure).map((logit) => 3 * logit) };
    });
    const id = addRun(backend.context.db, { name: 'A', labels, answers: given });
    const { calibration } = await backend.call('compare/calibration', { id });
    expect(calibration!.rows).toBe(2000);
    expect(calibration!.temperature).toBeGreaterThan(2.5);
    expect(calibration!.temperature).toBeLessThan(3.6);
    expect(calibration!.ece).toBeGreaterThan(0.1);
    expect(calibration!.eceBefore).toBeGreaterThan(0.1);
    expect(calibration!.eceAfter).toBeLessThan(0.05);
    expect(calibration!.bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(2000);
  });

  it('is nothing for a run without predictions', async () => {
    const backend = await testBackend();
    const id = addRun(backend.context.db, { name: 'A', labels, answers: [] });
    expect(await backend.call('compare/calibration', { id })).toEqual({ calibration: null });
  });
});

it('compares over corrected labels on the rows that both versions have alike, and says so', async () => {
  const backend = await testBackend();
  const { call, context } = backend;
  const { versionId, a } = await twoRuns(backend);
  const changes = [{ row: 2, label: 'spam' }];
  const { version } = await call('datasets/relabel', { versionId, changes });
  const corrected = answers({}).map((one) => (one.row === 2 ? { ...one, expected: 'spam' } : one));
  const again = addRun(context.db, {
    name: 'Again',
    labels,
    answers: corrected,
    record: { versionId: version.id, dataName: 'Messages v2' },
  });
  const found = await call('compare/read', { ids: [a, again] });
  const { runs, warnings, verdict } = found;
  expect(runs[1]!.against).toBeNull();
  expect(warnings[0]).toMatch(
    /^These runs were evaluated on different rows: 12 of Messages and 12 of Messages v2\./,
  );
  expect(verdictText(found)).toMatch(
    /^No difference shown between A and Again: 27\.3 points \(.*\), on the 11 rows that Messages and Messages v2 have with the same label\.$/,
  );
  const pair = await call('compare/pair', { baselineId: a, otherId: again });
  expect(pair).toMatchObject({ rows: 11, onlyBaseline: 0, onlyOther: 3 });
  expect(verdict).toMatchObject({ difference: pair.against['accuracy'], common: pair.common });
});

describe('compare/retrain', () => {
  it('queues the same settings on another version, and refuses other labels', async () => {
    const backend = await testBackend();
    const seeded = await seedStore(backend);
    const { call } = backend;
    const spec = specSchema.parse(smallSpec(seeded, { num_train_epochs: 1 }, { name: 'Small' }));
    const old = addRun(backend.context.db, {
      name: 'Small',
      labels,
      answers: [],
      record: { spec, versionId: seeded.versionId },
    });
    const { version } = await call('datasets/relabel', {
      versionId: seeded.versionId,
      changes: [{ row: 70, label: 'ham' }],
    });
    const again = await call('compare/retrain', { id: old, versionId: version.id });
    expect(again.experiment).toMatchObject({ name: 'Small on Messages v2', versionId: version.id });
    const made = await call('experiments/read', { id: again.experiment.id });
    expect(made.spec).toEqual({ ...spec, versionId: version.id, name: 'Small on Messages v2' });

    const others = await importRows(backend, 'Others', [
      { text: 'one', label: 'good', channel: 'web' },
      { text: 'two', label: 'bad', channel: 'web' },
    ]);
    await expect(call('compare/retrain', { id: old, versionId: others })).rejects.toThrow(
      'Small learnt "ham", "spam"; Others has "bad", "good".',
    );
    const cli = addRun(backend.context.db, { name: 'C', labels, answers: [] });
    await expect(call('compare/retrain', { id: cli, versionId: version.id })).rejects.toMatchObject({
      fault: { code: 'experiments/no-spec' },
    });
  });
});
