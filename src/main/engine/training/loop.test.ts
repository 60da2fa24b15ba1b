import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingSettings } from '../../../shared/settings/training.ts';
import type { JobContext } from '../jobs.ts';
import { faultOf, temporaryFolder } from '../formats/test-support.ts';
import { openBaseModel } from '../models/base-model.ts';
import { goldenBert, randomText } from '../models/test-support.ts';
import { planAdapter, type AdapterPlan } from '../peft/adapter.ts';
import { loraFields } from '../peft/test-support.ts';
import { singleLabel } from '../tasks/single-label.ts';
import { Checkpoints, initialProgress, type Progress } from './checkpoint.ts';
import type { Step } from '../../../shared/contract/experiments.ts';
import { trainLoop } from './loop.ts';
import type { TrainedState } from '../peft/method.ts';
import { Stepper } from './stepper.ts';
import { trainConfig, watched } from './test-support.ts';

const inputs = { train: { count: 1, read: '', encoded: '' }, eval: null, model: '' };

/** 20 rows in batches of 4: an epoch has five steps. */
const rows = {
  texts: Array.from({ length: 20 }, (_, i) => randomText(1 + (i % 7), i)),
  targets: Array.from({ length: 20 }, (_, i) => i % 5),
};

let stepper: Stepper;
let plan: AdapterPlan;
let fresh: TrainedState;

beforeAll(async () => {
  const base = await openBaseModel(goldenBert(), { head: 'sequence' });
  plan = planAdapter(base, loraFields, 'adapter');
  const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1, weightDecay: 0 };
  const attention = { kind: 'grouped', groups: 2 } as const;
  stepper = await Stepper.open({
    task: singleLabel,
    base,
    plan,
    seed: 1,
    precision: 'fp32',
    attention,
    optimizer,
    accumulate: false,
  });
  fresh = stepper.readState();
  await base.close();
});
afterAll(() => stepper.close());

interface Outcome {
  status: 'finished' | 'stopped';
  progress: Progress;
  lines: Step[];
  /** Steps that were evaluated. */
  evaluated: number[];
  /** Steps that have a checkpoint in the end. */
  saved: number[];
  checkpoints: Checkpoints;
}

interface Script {
  /** The loss that each evaluation finds, in turn; 1 after the last. */
  losses?: number[];
  from?: { checkpoints: Checkpoints; step: number };
  context?: JobContext;
  onLine?: (line: Step) => void;
}

function settingsOf(training: Record<string, unknown>): TrainingSettings {
  const data = { train: 'train.csv', eval: 'eval.csv' };
  return trainConfig({ data, training: { per_device_train_batch_size: 4, num_train_epochs: 2, ...training } })
    .training;
}

async function run(
  training: Record<string, unknown>,
  { losses = [], from, context, onLine }: Script = {},
): Promise<Outcome> {
  const checkpoints =
    from?.checkpoints ?? new Checkpoints(await temporaryFolder(), plan.trained, 'test', inputs);
  const start = from ? await checkpoints.read(from.step) : { progress: initialProgress(), state: fresh };
  stepper.restoreState(start.state);
  const { progress } = start;
  const lines: Step[] = [];
  const evaluated: number[] = [];
  const status = await trainLoop(
    {
      stepper,
      rows,
      feed: singleLabel.lossFeed(settingsOf(training), [], ['1', '2', '3', '4', '5']),
      settings: settingsOf(training),
      checkpoints,
      progress,
      evaluate: (_, { step }) => {
        evaluated.push(step);
        return Promise.resolve({ numbers: { loss: losses[evaluated.length - 1] ?? 1, accuracy: 0.5 } });
      },
      onStep: (line) => {
        lines.push(line);
        onLine?.(line);
        return Promise.resolve();
      },
    },
    context ?? watched().context,
  );
  return { status, progress, lines, evaluated, saved: await checkpoints.steps(), checkpoints };
}

describe('evaluation and checkpoints', () => {
  it('fall on their steps, and on the end of the run', async () => {
    const steps = { eval_strategy: 'steps', eval_steps: 3, save_strategy: 'steps', save_steps: 4 };
    expect(await run(steps)).toMatchObject({
      status: 'finished',
      evaluated: [3, 6, 9, 10],
      saved: [4, 8, 10],
    });
  });

  it('fall on the ends of epochs, and on the end of the run within one', async () => {
    const epochs = { eval_strategy: 'epoch', save_strategy: 'epoch' };
    expect(await run(epochs)).toMatchObject({ evaluated: [5, 10], saved: [5, 10] });
    expect(await run({ ...epochs, max_steps: 7 })).toMatchObject({ evaluated: [5, 7], saved: [5, 7] });
  });

  it('do not happen where they are switched off', async () => {
    expect(await run({ save_strategy: 'no' })).toMatchObject({ evaluated: [], saved: [] });
  });

  it('are kept for the best alone when asked for', async () => {
    const best = { eval_strategy: 'steps', eval_steps: 2, save_strategy: 'best' };
    const losses = [0.9, 0.7, 0.8, 0.7, 0.6];
    expect(await run(best, { losses })).toMatchObject({
      saved: [2, 4, 10],
      progress: { best: { step: 10, value: 0.6 } },
    });
    const accuracy = { ...best, metric_for_best_model: 'accuracy' };
    expect(await run(accuracy)).toMatchObject({ saved: [2], progress: { best: { step: 2, value: 0.5 } } });
  });

  it('keep the best and the newest within a limit', async () => {
    const limited = {
      eval_strategy: 'steps',
      eval_steps: 2,
      save_strategy: 'steps',
      save_steps: 2,
      save_total_limit: 2,
      load_best_model_at_end: true,
    };
    const losses = [0.9, 0.5, 0.8, 0.7, 0.6];
    expect(await run(limited, { losses })).toMatchObject({
      saved: [4, 10],
      progress: { best: { step: 4, value: 0.5 } },
    });
    expect((await run({ ...limited, save_total_limit: 1 }, { losses })).saved).toEqual([4, 10]);
    expect((await run({ ...limited, load_best_model_at_end: false }, { losses })).saved).toEqual([8, 10]);
  });

  it('hold the best step also where it falls between two checkpoints', async () => {
    const between = {
      eval_strategy: 'steps',
      eval_steps: 2,
      save_strategy: 'steps',
      save_steps: 4,
      load_best_model_at_end: true,
    };
    const { saved, progress, checkpoints } = await run(between, { losses: [0.9, 0.8, 0.2, 0.7, 0.6] });
    expect(progress.best).toEqual({ step: 6, value: 0.2 });
    expect(saved).toEqual([2, 4, 6, 8, 10]);
    expect((await checkpoints.read(6)).progress.step).toBe(6);
  });

  it('need the metric that they are judged by', async () => {
    const found = await faultOf(() =>
      run({ eval_strategy: 'epoch', save_strategy: 'best', metric_for_best_model: 'mcc' }),
    );
    expect(`${found.message} ${found.remedy}`).toBe(
      'metric_for_best_model "mcc" is not among the metrics. Use one of: loss, accuracy.',
    );
  });
});

describe('early stopping', () => {
  const early = { eval_strategy: 'steps', eval_steps: 1, save_strategy: 'no', early_stopping_patience: 2 };

  it('ends a run after so many evaluations without improvement', async () => {
    const { status, progress, evaluated } = await run(early, {
      losses: [0.9, 0.8, 0.85, 0.7, 0.71, 0.75, 0.6],
    });
    expect(status).toBe('finished');
    expect(evaluated.at(-1)).toBe(6);
    expect(progress.best).toEqual({ step: 4, value: 0.7 });
  });

  it('takes a gain within the threshold for none, though it is the best so far', async () => {
    const { progress } = await run(
      { ...early, early_stopping_threshold: 0.05 },
      { losses: [0.9, 0.88, 0.86] },
    );
    expect(progress).toMatchObject({ step: 3, best: { step: 3, value: 0.86 } });
  });

  it('lets a run go on that always improves', async () => {
    const losses = Array.from({ length: 10 }, (_, i) => 1 - i / 20);
    expect((await run(early, { losses })).progress.step).toBe(10);
  });

  it('holds when the run is resumed from the step that it ended on', async () => {
    const saving = { ...early, save_strategy: 'steps', save_steps: 1 };
    const first = await run(saving, { losses: [0.5, 0.6, 0.7] });
    expect(first.progress.step).toBe(3);
    const again = await run(saving, { from: { checkpoints: first.checkpoints, step: 3 } });
    expect(again).toMatchObject({ status: 'finished', progress: { step: 3 }, lines: [] });
  });
});

describe('what is logged', () => {
  it('is the mean loss of the steps since the last line, and the last step always', async () => {
    const each = await run({ save_strategy: 'no' });
    expect(each.lines.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(each.lines[4]).toMatchObject({ step: 5, epoch: 1 });
    const mean = (from: number, to: number): number =>
      each.lines.slice(from, to).reduce((sum, { loss }) => sum + loss, 0) / (to - from);
    const some = await run({ save_strategy: 'no', logging_steps: 4 });
    expect(some.lines.map(({ step }) => step)).toEqual([4, 8, 10]);
    expect(some.lines.map(({ loss }) => loss)).toEqual([mean(0, 4), mean(4, 8), mean(8, 10)]);
    expect(some.progress.totalLoss).toBe(each.progress.totalLoss);
  });

  it('is the same from a checkpoint on, in the middle of an epoch and between two lines', async () => {
    const saving = { save_strategy: 'steps', save_steps: 3, logging_steps: 2, sampler: 'random' };
    const whole = await run(saving);
    const rest = await run(saving, { from: { checkpoints: whole.checkpoints, step: 3 } });
    const numbers = ({ lines }: Outcome): unknown[] =>
      lines.map(({ step, loss, grad_norm: norm }) => ({ step, loss, norm }));
    expect(numbers(rest)).toEqual(numbers(whole).slice(1));
    expect(rest.progress.totalLoss).toBe(whole.progress.totalLoss);
    expect(rest.progress.tokens).toBe(whole.progress.tokens);
  });
});

describe('a run that cannot go on', () => {
  it('because its loss is not a number names the step, and keeps the last checkpoint', async () => {
    const wild = {
      learning_rate: 1e38,
      save_strategy: 'steps',
      save_steps: 1,
      max_grad_norm: 0,
      lr_scheduler_type: 'constant',
    };
    const checkpoints: Checkpoints[] = [];
    const found = await faultOf(async () => {
      checkpoints.push(new Checkpoints(await temporaryFolder(), plan.trained, 'test', inputs));
      await checkpoints[0]!.write(initialProgress(), fresh);
      return run(wild, { from: { checkpoints: checkpoints[0]!, step: 0 } });
    });
    expect(found.code).toBe('training/not-finite');
    const step = Number(/step (\d+) is/.exec(found.message)![1]);
    expect(step).toBeGreaterThan(1);
    expect(found.message).toMatch(
      /^The loss of step \d+ is (NaN|-?Infinity|[\d.e+]+), or its gradient is not a number\.$/,
    );
    expect(found.remedy).toBe(
      `The checkpoint of step ${step - 1} is kept. Lower learning_rate, or add warmup_steps.`,
    );
    expect((await checkpoints[0]!.steps()).at(-1)).toBe(step - 1);
    expect((await checkpoints[0]!.read(step - 1)).progress.step).toBe(step - 1);
  });

  it('because it is stopped keeps a checkpoint of the step that it was at', async () => {
    const { context, stop } = watched();
    const onLine = ({ step }: Step): void => {
      if (step === 3) stop.abort();
    };
    const stopped = await run({ save_strategy: 'no' }, { context, onLine });
    expect(stopped).toMatchObject({ status: 'stopped', saved: [3], progress: { step: 3 } });
    const rest = await run({ save_strategy: 'no' }, { from: { checkpoints: stopped.checkpoints, step: 3 } });
    const whole = await run({ save_strategy: 'no' });
    expect([...stopped.lines, ...rest.lines].map(({ loss }) => loss)).toEqual(
      whole.lines.map(({ loss }) => loss),
    );
  });

  it('because it is stopped before its first step has nothing to keep', async () => {
    const { context, stop } = watched();
    stop.abort();
    expect(await run({}, { context })).toMatchObject({ status: 'stopped', saved: [], lines: [] });
  });
});
