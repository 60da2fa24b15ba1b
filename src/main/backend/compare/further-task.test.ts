import { expect, it } from 'vitest';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { verdictText } from '../../../shared/statistics/verdict.ts';
import { taskOf, tasks } from '../../../shared/tasks/index.ts';
import type { Task } from '../../../shared/tasks/task.ts';
import { binary, reduce } from '../../engine/graph/ops/raw.ts';
import { openBaseModel } from '../../engine/models/base-model.ts';
import { goldenBert } from '../../engine/models/test-support.ts';
import { Inference } from '../../engine/models/inference.ts';
import { planAdapter } from '../../engine/peft/adapter.ts';
import { loadTokenizer } from '../../engine/tokenizer/load-tokenizer.ts';
import { engineTask, engineTasks } from '../../engine/tasks/index.ts';
import type { EngineTask } from '../../engine/tasks/task.ts';
import { microBatches } from '../../engine/training/loop.ts';
import { encodeExamples, prepareData } from '../../engine/training/prepare-data.ts';
import { Stepper } from '../../engine/training/stepper.ts';
import { project, trainConfig } from '../../engine/training/test-support.ts';
import { addAnswers } from '../../storage/answers.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { testBackend } from '../test-support.ts';
import { readPredictions } from '../experiments/predictions.ts';
import { pairRuns, readAnswered } from './answered-runs.ts';
import { compareRuns } from './comparison.ts';
import { Figures } from './figures.ts';
import { tasks as compareTasks } from './tasks/index.ts';
import { addRun } from './test-support.ts';
import type { CompareWork } from './work.ts';

/** A number a text, with the squared error as its loss: what a further task has to say, once for each side. */
const key = 'rating';
const lineSchema = z.object({ row: z.number(), expected: z.number(), value: z.number() });
const rating: Task<{ value: number }, { targets: Float64Array; values: Float64Array }> = {
  key,
  learns: 'a number a text',
  columns: [{ setting: 'label_column', words: 'the number', optional: false }],
  metrics: [{ key: 'rmse', name: 'RMSE', higherIsBetter: false, share: false }],
  compared: [{ key: 'rmse', name: 'RMSE', higherIsBetter: false, share: false }],
  listed: { page: ['rmse'], text: ['rmse'] },
  head: () => ({ kind: 'sequence', outputs: 1 }),
  answers: (outputs) => Array.from(outputs, (value) => ({ value })),
  line: ({ value }) => ({ value }),
  more: () => ({}),
  cells: ({ value }) => [value],
  cellNames: () => ['value'],
  keep(line) {
    const { row, expected, value } = lineSchema.parse(line);
    const answer = new Uint8Array(Float64Array.of(expected, value).buffer);
    return { row, wrong: Math.round(expected) === Math.round(value) ? 0 : 1, answer };
  },
  shown(kept) {
    const [expected, value] = new Float64Array(Uint8Array.from(kept).buffer);
    const off = -Math.abs(value! - expected!);
    return { expected: String(expected), predicted: String(value), score: 1, expectedScore: off };
  },
  evaluation: (report) => {
    const { rmse, rows } = z.object({ rmse: z.number(), rows: z.number() }).parse(report);
    return { labels: ['stars'], rows, metrics: { rmse } };
  },
  columnsOf(kept, rows) {
    const columns = { targets: new Float64Array(rows), values: new Float64Array(rows) };
    let row = 0;
    for (const answer of kept) {
      const [target, value] = new Float64Array(Uint8Array.from(answer).buffer);
      columns.targets[row] = target!;
      columns.values[row++] = value!;
    }
    return columns;
  },
  question: ({ targets }) => ({ names: ['stars'], targets }),
  targetKey: ({ targets }, place) => String(targets[place]),
  at: ({ targets, values }, places) => ({
    targets: Float64Array.from(places, (place) => targets[place]!),
    values: Float64Array.from(places, (place) => values[place]!),
  }),
  right: ({ targets, values }) =>
    Uint8Array.from(targets, (target, row) => Number(Math.round(target) === Math.round(values[row]!))),
  statistic: (runs) => (times) =>
    runs.map(({ targets, values }) => {
      const squares = targets.map((target, row) => times[row]! * (target - values[row]!) ** 2);
      return [Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / times.length)];
    }),
};
const ratingEngine: EngineTask<number, { value: number }> = {
  ...(rating as Task<{ value: number }>),
  learn(train) {
    return {
      ...this.known(['stars']),
      targets: this.known(['stars']).read(train).targets,
      odd: [],
      note: null,
    };
  },
  known: (names) => ({
    names,
    read: ({ examples, file, column }) => ({
      note: null,
      targets: examples.map(({ row, line, label }) => {
        const target = Number(label);
        if (!Number.isFinite(target)) throw fault('data/empty-label', { file, row, line, column });
        return target;
      }),
    }),
  }),
  strata: (targets) => targets.map(() => 0),
  digest: (targets) => new Uint8Array(Float64Array.from(targets).buffer),
  lossFeed: () => ({
    width: 2,
    of: (step) => {
      const weight = 1 / step.flat().length;
      return step.map((targets) => Float32Array.from(targets.flatMap((target) => [target, weight])));
    },
  }),
  loss(g, output, fed) {
    const column = (...mask: number[]) =>
      reduce(g, 'Sum', binary(g, 'Mul', fed, g.constant('float32', [1, 2], mask)), -1, true);
    const [target, weight] = [column(1, 0), column(0, 1)];
    const off = binary(g, 'Sub', output, target);
    const weighted = binary(g, 'Mul', weight, off);
    const loss = reduce(g, 'Sum', reduce(g, 'Sum', binary(g, 'Mul', weighted, off), -1, false), 0, false);
    g.record([output], [loss], ([d]) =>
      d ? [binary(g, 'Mul', binary(g, 'Mul', weighted, g.scalar(2)), d)] : [],
    );
    return loss;
  },
  judged: ({ value }, target) => ({ expected: target, value }),
  report(outputs, targets) {
    const squares = targets.map((target, row) => (target - outputs[row]!) ** 2);
    const rmse = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / targets.length);
    return { metrics: { rmse, rows: targets.length }, numbers: { rmse, loss: rmse ** 2 } };
  },
};

it('a further task is one file a side and a line in each registry: rows, training, answers, store, comparison', async () => {
  (tasks as Task[]).push(rating);
  (engineTasks as EngineTask[]).push(ratingEngine);
  const task = engineTask(key);

  const texts = ['good', 'bad', 'good food', 'slow', 'great', 'never again', 'come back', 'win prize'];
  const rows = texts.map((text, i) => `${text},${(i % 4) / 2}`);
  const folder = await project({ 'train.csv': ['text,label', ...rows, ''].join('\n') });
  const config = { ...trainConfig({ data: { train: 'train.csv' } }), task: key };
  const { train, names } = await prepareData(task, config, folder, null);
  expect(train.targets).toEqual([0, 0.5, 1, 1.5, 0, 0.5, 1, 1.5]);
  const wrong = await project({ 'train.csv': 'text,label\ngood,many\n' });
  await expect(prepareData(task, config, wrong, null)).rejects.toMatchObject({ code: 'data/empty-label' });

  const overrides = { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
  const head = task.head(names.length).kind;
  const base = await openBaseModel(goldenBert(), { head, labelNames: names, overrides });
  const tokenizer = await loadTokenizer(base.folder);
  const encoded = await encodeExamples(train.examples, tokenizer, 16, 'longest');
  const plan = planAdapter(base, { peft_type: 'HEAD_ONLY' }, 'adapter');
  const stepper = await Stepper.open({
    ...{ task, base, plan, seed: 1, precision: 'fp32', accumulate: false },
    attention: { kind: 'grouped', groups: 2 },
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1, weightDecay: 0 },
  });
  const inference = await Inference.open(base, undefined, { head, precision: 'fp32' });
  const before = await inference.logits(encoded.texts);
  inference.close();
  const feed = task.lossFeed(config.training, train.targets, names);
  const step = (number: number): number => {
    const batches = microBatches({ texts: encoded.texts, targets: train.targets }, feed, [[...texts.keys()]]);
    return stepper.step(batches, 0.05, number).loss;
  };
  const report = task.report(before, train.targets, names);
  const losses = Array.from({ length: 20 }, (_, i) => step(i + 1));
  expect(losses[0]).toBeCloseTo(report.numbers['loss']!, 4);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  stepper.close();
  await base.close();

  const { context } = await testBackend();
  const store = new ExperimentStore(context.db);
  const runOf = (name: string, off: number): string => {
    const id = addRun(context.db, { name, labels: ['a', 'b'], answers: [] });
    context.db
      .prepare("UPDATE experiments SET config = json_set(config, '$.task', ?) WHERE id = ?")
      .run(key, id);
    const targets = Array.from({ length: 60 }, (_, i) => i % 5);
    const outputs = Float32Array.from(targets, (target, i) => target + (i % 2 === 0 ? off : -off));
    const answers = task.answers(outputs, names);
    const lines = answers.map((answer, i) => ({ row: i + 1, ...task.judged(answer, targets[i], names) }));
    const { metrics } = task.report(outputs, targets, names);
    const evaluation = taskOf(key).evaluation(metrics);
    store.update(id, { evaluation, metrics: evaluation.metrics, finished_at: Date.now() });
    addAnswers(
      context.db,
      id,
      lines.map((line) => taskOf(key).keep(line, names)),
    );
    return id;
  };
  const [a, b] = [runOf('A', 0.6), runOf('B', 0.2)];
  // In this process: the threads have registries of their own.
  const inProcess = async (name: keyof typeof compareTasks, input: unknown): Promise<unknown> =>
    ((await compareTasks[name]()) as (input: unknown) => unknown)(input);
  const work = {
    ask: inProcess,
    share: async (
      name: keyof typeof compareTasks,
      items: unknown[],
      inputOf: (items: unknown[]) => unknown,
    ) => [await inProcess(name, inputOf(items))],
  } as unknown as CompareWork;
  const parts = { work, figures: new Figures(context, work) };
  const found = await compareRuns(context, parts, [a, b], a);
  expect(found.runs.map(({ metrics }) => metrics['rmse']!.value)).toEqual([
    expect.closeTo(0.6, 6),
    expect.closeTo(0.2, 6),
  ]);
  expect(found.bestId).toBe(b);
  expect(found.runs[1]!.against!['rmse']).toMatchObject({ shown: true, p: 0 });
  expect(verdictText(found)).toMatch(/^B is better than A by 0\.4 \(95 % interval /);
  const [first, second] = await readAnswered(context, [a, b]);
  const pair = await pairRuns(context, parts, first!, second!);
  expect(pair).toMatchObject({ onlyBaseline: 0, onlyOther: 60, against: { rmse: { shown: true } } });
  const query = {
    id: a,
    only: 'wrong',
    order: 'worst',
    expected: null,
    predicted: null,
    offset: 0,
    limit: 5,
  } as const;
  const worst = await readPredictions({ database: context.workspace.database, query, texts: null });
  expect(worst.total).toBe(60);
  expect(worst.items[0]).toMatchObject({ expected: '0', expectedScore: expect.closeTo(-0.6, 6) as number });
});
