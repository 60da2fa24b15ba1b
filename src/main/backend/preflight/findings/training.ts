import type { ExperimentSpec, PreflightFinding } from '../../../../shared/contract/experiments.ts';
import { methodOf } from '../../../../shared/methods/index.ts';
import type { TrainConfig } from '../../../../shared/settings/train-config.ts';
import { fasterPrecision, type Speeds } from '../../../engine/runtime/report.ts';
import type { Plan } from '../../../engine/training/schedule.ts';
import { finding, type Repair } from './finding.ts';

/** Fewer optimizer steps than these rarely teach anything. */
const fewSteps = 20;
/** From this share of the free disk on, a run is worth a warning. */
const muchOfDisk = 0.5;

const set = (label: string, training: Record<string, unknown>): Repair => ({ label, patch: { training } });

/** What the training settings say before a run. `config`: with every default; `spec`: what a person set; `speeds`: of this machine, once they are measured. */
export function trainingFindings(
  spec: ExperimentSpec,
  config: TrainConfig,
  rows: number,
  plan: Plan,
  speeds: Speeds | null,
): PreflightFinding[] {
  const { training, data } = config;
  const isScoredLate = training.eval_strategy === 'no' && (data.eval !== null || data.split !== null);
  return [
    rateFinding(config),
    spec.training['seed'] == null ? finding('no-seed', 'info', {}, set('Set 42', { seed: 42 })) : null,
    speeds && precisionFinding(config, speeds),
    batchFinding(config, rows),
    ...stepFindings(config, plan),
    isScoredLate
      ? finding('eval-at-end', 'info', {}, set('Score once an epoch', { eval_strategy: 'epoch' }))
      : null,
    directionFinding(config),
  ].filter((found) => found !== null);
}

function rateFinding({ adapter, training }: TrainConfig): PreflightFinding | null {
  const rate = training.learning_rate;
  const { rates, activity } = methodOf(adapter.peft_type)!;
  const { from, to, start } = rates;
  if (rate >= from && rate <= to) return null;
  const repair = set(`Set ${start}`, { learning_rate: start });
  return finding(rate < from ? 'rate-low' : 'rate-high', 'warning', { rate, activity, from, to }, repair);
}

/** The direction of `metric_for_best_model` turned round keeps the checkpoint that scores worst. */
function directionFinding({ training }: TrainConfig): PreflightFinding | null {
  const { metric_for_best_model: metric, greater_is_better: greater } = training;
  const isUsed =
    training.load_best_model_at_end ||
    training.save_strategy === 'best' ||
    training.early_stopping_patience !== null;
  if (!isUsed || metric === null || greater === null || greater === !metric.endsWith('loss')) return null;
  const words = { kept: greater ? 'highest' : 'lowest', better: greater ? 'Lower' : 'Higher', metric };
  return finding('worst-kept', 'warning', words, set('Turn it round', { greater_is_better: null }));
}

/** The choice stands; where another precision is faster on this machine, that is said with the figures. */
export function precisionFinding({ training }: TrainConfig, speeds: Speeds): PreflightFinding | null {
  const { precision: chosen } = training;
  const { precision: faster, times } = fasterPrecision(speeds);
  const speed = (gigaflops: number): string => `${Math.round(gigaflops).toLocaleString('en')} GFLOP/s`;
  const measured = `Matrix products, measured here: fp32 ${speed(speeds.float32)}, bf16 ${speed(speeds.bfloat16 ?? 0)}.`;
  const figures = { measured, times: times?.toFixed(1) ?? '' };
  const repair = set(`Set ${faster}`, { precision: faster });
  if (times !== null && chosen === 'bf16' && faster === 'fp32') {
    const device = speeds.onGpu ? 'GPU' : 'processor';
    return finding('precision/slow', 'warning', { ...figures, device }, repair);
  }
  if (times !== null && chosen !== 'bf16' && faster === 'bf16')
    return finding('precision/fast', 'info', figures, repair);
  return chosen === 'tf32' && !speeds.onGpu
    ? finding('precision/tf32', 'info', {}, set('Set fp32', { precision: 'fp32' }))
    : null;
}

function batchFinding({ training }: TrainConfig, rows: number): PreflightFinding | null {
  const { per_device_train_batch_size: batch, gradient_accumulation_steps: times } = training;
  const size = batch * times;
  if (rows === 0 || size <= rows) return null;
  const smaller = Math.max(1, Math.min(8, Math.floor(rows / 8)));
  const fields = { per_device_train_batch_size: smaller, gradient_accumulation_steps: null };
  const name = times > 1 ? 'batch-size/accumulated' : 'batch-size';
  return finding(name, 'warning', { size, rows }, set(`Set ${smaller}`, fields));
}

function stepFindings(
  { training }: TrainConfig,
  { totalSteps: total, schedule, stepsPerEpoch }: Plan,
): PreflightFinding[] {
  const found: PreflightFinding[] = [];
  const { warmupSteps: steps } = schedule;
  if (training.lr_scheduler_type !== 'constant' && steps >= total && steps > 0) {
    const repair = set('Warm up for 6 %', { warmup_steps: 0.06, warmup_ratio: null });
    found.push(finding('warm-up', 'warning', { steps, total }, repair));
  }
  if (total < fewSteps) found.push(finding('few-steps', 'info', { total }));
  const keep = set('Keep one an epoch', { save_strategy: 'epoch', save_total_limit: 1 });
  const { save_strategy: strategy, save_steps: step } = training;
  if (strategy === 'no') found.push(finding('no-checkpoints', 'info', {}, keep));
  else if (strategy === 'steps' && step > total && total > stepsPerEpoch)
    found.push(finding('no-checkpoints/late', 'info', { step, total }, keep));
  return found;
}

export function diskFinding(needed: number, free: number): PreflightFinding | null {
  if (needed <= muchOfDisk * free) return null;
  const share = needed / free;
  const size = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
  const figures = { needed: size(needed), free: size(free), share };
  const repair = set('Keep one checkpoint', { save_total_limit: 1 });
  return share > 1
    ? finding('disk/full', 'error', figures, repair)
    : finding('disk', 'warning', figures, repair);
}
