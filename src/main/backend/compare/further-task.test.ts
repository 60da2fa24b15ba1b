import { expect, it } from 'vitest';
import { verdictText } from '../../../shared/statistics/verdict.ts';
import { taskOf, tasks } from '../../../shared/tasks/index.ts';
import type { Task } from '../../../shared/tasks/task.ts';
import { contributingExamples } from '../../engine/contributing-test-support.ts';
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
import { addAnswers, fillShown } from '../../storage/answers.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { testBackend } from '../test-support.ts';
import { readPredictions } from '../experiments/predictions.ts';
import { pairRuns, readAnswered } from './answered-runs.ts';
import { compareRuns } from './comparison.ts';
import { Figures } from './figures.ts';
import { tasks as compareTasks } from './tasks/index.ts';
import { addRun } from './test-support.ts';
import type { CompareWork } from './work.ts';

const examples = await contributingExamples();
const rating = examples['src/shared/tasks/rating.ts']!['rating'] as Task;
const ratingEngine = examples['src/main/engine/tasks/rating.ts']!['rating'] as EngineTask;
const key = 'rating';

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
  await fillShown(context.db, a);
  const worst = await readPredictions({ database: context.workspace.database, query, texts: null });
  expect(worst.total).toBe(60);
  expect(worst.items[0]).toMatchObject({ expected: '0', expectedScore: expect.closeTo(-0.6, 6) as number });
});
