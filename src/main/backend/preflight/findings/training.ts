import { methodOf } from '../../../../shared/methods/index.ts';
import type { ExperimentSpec, PreflightFinding } from '../../../../shared/contract/experiments.ts';
import type { TrainConfig } from '../../../../shared/settings/train-config.ts';
import { fasterPrecision, type Speeds } from '../../../engine/runtime/report.ts';
import type { Plan } from '../../../engine/training/loop.ts';
import { finding, number, percent } from './finding.ts';

/** Fewer optimizer steps than these rarely teach anything. */
const fewSteps = 20;

/** What the training settings say before a run. `config`: with every default; `spec`: what a person set; `speeds`: of this machine, once they are measured. */
export function trainingFindings(
  spec: ExperimentSpec,
  config: TrainConfig,
  rows: number,
  plan: Plan,
  speeds: Speeds | null,
): PreflightFinding[] {
  return [
    rateFinding(config),
    seedFinding(spec),
    speeds && precisionFinding(config, speeds),
    batchFinding(config, rows),
    ...stepFindings(config, plan),
    scoreFinding(config),
    directionFinding(config),
  ].filter((one) => one !== null);
}

function rateFinding({ adapter, training }: TrainConfig): PreflightFinding | null {
  const rate = training.learning_rate;
  const { rates: usual, activity } = methodOf(adapter.peft_type)!;
  if (rate >= usual.from && rate <= usual.to) return null;
  const low = rate < usual.from;
  return finding(
    low ? 'rate-low' : 'rate-high',
    'warning',
    `The learning rate ${rate} is ${low ? 'low' : 'high'} for ${activity}.`,
    {
      detail: `${low ? 'Little would be learnt.' : 'Training may turn unstable and learn nothing.'} Usual are ${usual.from} to ${usual.to}.`,
      repair: { label: `Set ${usual.start}`, patch: { training: { learning_rate: usual.start } } },
    },
  );
}

/** The direction of `metric_for_best_model` turned round keeps the checkpoint that scores worst. */
function directionFinding({ training }: TrainConfig): PreflightFinding | null {
  const { metric_for_best_model: metric, greater_is_better: greater } = training;
  const isUsed =
    training.load_best_model_at_end ||
    training.save_strategy === 'best' ||
    training.early_stopping_patience !== null;
  if (!isUsed || metric === null || greater === null || greater === !metric.endsWith('loss')) return null;
  return finding(
    'worst-kept',
    'warning',
    `The checkpoint with the ${greater ? 'highest' : 'lowest'} ${metric} is kept as the best.`,
    {
      detail: `${greater ? 'Lower' : 'Higher'} is better for ${metric}.`,
      repair: { label: 'Turn it round', patch: { training: { greater_is_better: null } } },
    },
  );
}

function seedFinding({ training }: ExperimentSpec): PreflightFinding | null {
  if (training['seed'] != null) return null;
  return finding('no-seed', 'info', 'No seed is set; 42 is taken.', {
    detail: 'The same seed gives the same bits. Other seeds show how much of a difference is chance.',
    repair: { label: 'Set 42', patch: { training: { seed: 42 } } },
  });
}

/** The choice stands; where another precision is faster on this machine, that is said with the figures. */
export function precisionFinding({ training }: TrainConfig, speeds: Speeds): PreflightFinding | null {
  const { precision: chosen } = training;
  const { precision: faster, times } = fasterPrecision(speeds);
  const speed = (gigaflops: number): string => `${number(Math.round(gigaflops))} GFLOP/s`;
  const measured = `Matrix products, measured here: fp32 ${speed(speeds.float32)}, bf16 ${speed(speeds.bfloat16 ?? 0)}.`;
  const repair = { label: `Set ${faster}`, patch: { training: { precision: faster } } };
  if (chosen === 'bf16' && faster === 'fp32' && times !== null) {
    const what = speeds.onGpu ? 'GPU' : 'processor';
    const detail = `${measured} The ${what} has no units for bf16; fp32 is exact as well.`;
    return finding('precision', 'warning', `bf16 is ${times.toFixed(1)} times slower than fp32 here.`, {
      detail,
      repair,
    });
  }
  if (chosen !== 'bf16' && faster === 'bf16' && times !== null) {
    const detail = `${measured} fp32 keeps to the numbers of transformers; bf16 rounds, and results differ a little.`;
    return finding(
      'precision',
      'info',
      `bf16 would multiply ${times.toFixed(1)} times as fast as fp32 here.`,
      {
        detail,
        repair,
      },
    );
  }
  if (chosen === 'tf32' && !speeds.onGpu) {
    return finding('precision', 'info', 'tf32 is fp32 here: TF32 is of NVIDIA GPUs, and none is used.', {
      repair: { label: 'Set fp32', patch: { training: { precision: 'fp32' } } },
    });
  }
  return null;
}

function batchFinding({ training }: TrainConfig, rows: number): PreflightFinding | null {
  const { per_device_train_batch_size: size, gradient_accumulation_steps: times } = training;
  if (rows === 0 || size * times <= rows) return null;
  const smaller = Math.max(1, Math.min(8, Math.floor(rows / 8)));
  const what = times > 1 ? `One step takes ${number(size * times)} rows` : `A batch has ${number(size)} rows`;
  return finding('batch-size', 'warning', `${what}; there are ${number(rows)} to train on.`, {
    detail: 'Each pass is a single step.',
    repair: {
      label: `Set ${smaller}`,
      patch: { training: { per_device_train_batch_size: smaller, gradient_accumulation_steps: null } },
    },
  });
}

function stepFindings(
  { training }: TrainConfig,
  { totalSteps, schedule, stepsPerEpoch }: Plan,
): PreflightFinding[] {
  const found: PreflightFinding[] = [];
  if (
    training.lr_scheduler_type !== 'constant' &&
    schedule.warmupSteps >= totalSteps &&
    schedule.warmupSteps > 0
  ) {
    found.push(
      finding(
        'warm-up',
        'warning',
        `The warm-up of ${number(schedule.warmupSteps)} steps is as long as the run (${number(totalSteps)}).`,
        {
          detail: 'The learning rate would never reach its height.',
          repair: {
            label: 'Warm up for 6 %',
            patch: { training: { warmup_steps: 0.06, warmup_ratio: null } },
          },
        },
      ),
    );
  }
  if (totalSteps < fewSteps) {
    found.push(
      finding('few-steps', 'info', `The run has ${totalSteps} steps.`, {
        detail: 'That rarely teaches anything. More epochs or a smaller batch make more steps.',
      }),
    );
  }
  if (training.save_strategy === 'no') {
    found.push(
      finding('no-checkpoints', 'info', 'No checkpoints are kept.', {
        detail: 'A run that is cut off starts again. Pausing keeps one all the same.',
        repair: {
          label: 'Keep one an epoch',
          patch: { training: { save_strategy: 'epoch', save_total_limit: 1 } },
        },
      }),
    );
  } else if (
    training.save_strategy === 'steps' &&
    training.save_steps > totalSteps &&
    totalSteps > stepsPerEpoch
  ) {
    found.push(
      finding(
        'no-checkpoints',
        'info',
        `The first checkpoint would come at step ${number(training.save_steps)}.`,
        {
          detail: `The run has ${number(totalSteps)} steps. One that is cut off starts again.`,
          repair: {
            label: 'Keep one an epoch',
            patch: { training: { save_strategy: 'epoch', save_total_limit: 1 } },
          },
        },
      ),
    );
  }
  return found;
}

function scoreFinding({ training, data }: TrainConfig): PreflightFinding | null {
  if (training.eval_strategy !== 'no' || (data.eval === null && data.split === null)) return null;
  return finding('eval-at-end', 'info', 'The evaluation rows are scored at the end only.', {
    detail: 'Once an epoch shows whether it still learns or begins to overfit.',
    repair: { label: 'Score once an epoch', patch: { training: { eval_strategy: 'epoch' } } },
  });
}

/** From this share of the free disk on, a run is worth a warning. */
const muchOfDisk = 0.5;

export function diskFinding(needed: number, free: number): PreflightFinding | null {
  if (needed <= muchOfDisk * free) return null;
  const full = needed > free;
  const size = (bytes: number): string => `${number(Math.round(bytes / 1e6))} MB`;
  return finding(
    'disk',
    full ? 'error' : 'warning',
    full
      ? `The run needs about ${size(needed)} of disk; ${size(free)} are free.`
      : `The run needs about ${size(needed)} of disk, ${percent(needed / free)} of what is free.`,
    {
      detail: 'Checkpoints take most of it. Keep fewer of them, or make room.',
      repair: { label: 'Keep one checkpoint', patch: { training: { save_total_limit: 1 } } },
    },
  );
}
