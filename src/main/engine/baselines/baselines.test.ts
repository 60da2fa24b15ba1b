import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { goldenBert } from '../models/test-support.ts';
import { csv, experiment, project, stars, trainConfig, watched } from '../training/test-support.ts';
import { timeRun } from '../training/time-steps.ts';
import { baselines } from './baselines.ts';
import { linearProbe } from './linear-probe.ts';

describe('baselines', () => {
  it("score the model's own head as an evaluation of the base model does", async () => {
    const folder = await project({ 'train.csv': stars(40), 'eval.csv': stars(25) });
    const { context } = watched();
    const found = await baselines(trainConfig(experiment), folder, context);
    const { metrics } = await evaluate(
      {
        model: goldenBert(),
        data: path.join(folder, 'eval.csv'),
        rows: { labelColumn: 'label' },
        precision: 'fp32',
      },
      context,
    );
    expect(found.ownHead).toEqual({ accuracy: metrics.accuracy, f1_macro: metrics.f1_macro });
    expect(found).toMatchObject({ ownHeadReason: null, evalRows: 25, probeRows: 40 });
    expect(found.majority).toMatchObject({ label: '1 star', accuracy: 0.2 });
  });

  it('are the same figures each time', async () => {
    const folder = await project({ 'train.csv': csv(60), 'eval.csv': csv(30, ['ham', 'spam'], 9) });
    const config = trainConfig(experiment);
    const first = await baselines(config, folder, watched().context);
    expect(await baselines(config, folder, watched().context)).toEqual(first);
    expect(first.linearProbe!.accuracy).toBeGreaterThan(0);
  });

  it('are of the rows set aside where the training rows are split', async () => {
    const folder = await project({ 'train.csv': csv(50) });
    const data = { train: 'train.csv', split: { test_size: 0.2, seed: 1 } };
    const found = await baselines(trainConfig({ ...experiment, data }), folder, watched().context);
    expect(found).toMatchObject({ evalRows: 10, probeRows: 40 });
  });
});

describe('a linear probe', () => {
  it('tells classes apart that a line separates, constant columns notwithstanding', () => {
    const values = Float32Array.from({ length: 60 }, (_, i) => (i % 3 === 2 ? 7 : i % 2 === 0 ? i : -i));
    const labels = Array.from({ length: 20 }, (_, row) => (values[row * 3]! > 0 ? 1 : 0));
    const vectors = { values, width: 3 };
    const logits = linearProbe(vectors, labels, 2, vectors);
    const predicted = labels.map((_, row) => (logits[2 * row + 1]! > logits[2 * row]! ? 1 : 0));
    expect(predicted).toEqual(labels);
  });
});

describe('timing a run', () => {
  it('stops when it is told to, and gives the time of steps and evaluations', async () => {
    const folder = await project({ 'train.csv': csv(60), 'eval.csv': csv(30, ['ham', 'spam'], 9) });
    const config = trainConfig({
      ...experiment,
      training: { ...experiment.training, gradient_accumulation_steps: 2, eval_strategy: 'epoch' },
    });
    const timed = await timeRun(config, folder, watched().context);
    expect(timed.secondsPerStep).toBeGreaterThan(0);
    // 60 rows in batches of 4, two a step, three times.
    expect(timed.totalSeconds).toBeGreaterThan(24 * timed.secondsPerStep);
    const { context, stop } = watched();
    stop.abort();
    await expect(timeRun(config, folder, context)).rejects.toThrow();
  });
});
