import type { Baselines, Experiment } from '../shared/contract.ts';
import { methodText as textOfMethod } from '../shared/methods/index.ts';
import { metricOf } from '../shared/tasks/index.ts';
import { count, counted, decimal, duration, percent, timeLeft } from './format.ts';

/** "step 237 of 375 · epoch 1.9 · about 38 s left"; of a finished one what it was and took. */
export function progressLine(experiment: Experiment): string[] {
  const { state, step, totalSteps } = experiment;
  // Of a hub id the name: the owner tells nobody apart here, and takes the line.
  const what = [experiment.dataName, experiment.modelName.split('/').at(-1)!];
  if (state === 'queued')
    return [
      experiment.queuePlace === null ? 'waits' : `place ${experiment.queuePlace} in the queue`,
      ...what,
    ];
  if (state === 'starting' && step === 0) return ['the training process starts', ...what];
  const took = tookText(experiment);
  if (state === 'finished') return [counted(step, 'step'), ...(took === '' ? [] : [`took ${took}`]), ...what];
  const where = totalSteps > 0 ? `step ${count(step)} of ${count(totalSteps)}` : `step ${count(step)}`;
  const left = state === 'running' && experiment.timeLeft !== null ? [timeLeft(experiment.timeLeft)] : [];
  return [where, `epoch ${decimal(experiment.epoch, 2)}`, ...left];
}

/** The whole time of a run; of one from before it was counted the training alone. */
export const tookSeconds = ({
  wallSeconds,
  trainSeconds,
}: Pick<Experiment, 'wallSeconds' | 'trainSeconds'>) => wallSeconds ?? trainSeconds;

/** "1 min 50 s"; empty while it is not known. */
export function tookText(experiment: Pick<Experiment, 'wallSeconds' | 'trainSeconds'>): string {
  const seconds = tookSeconds(experiment);
  return seconds === null ? '' : duration(seconds);
}

/** What the time of a run went to: "training 41 s, evaluation 5 s, start and saving 12 s". */
export function tookParts(
  experiment: Pick<Experiment, 'wallSeconds' | 'trainSeconds' | 'evalSeconds'>,
): string {
  const { wallSeconds, trainSeconds, evalSeconds } = experiment;
  if (trainSeconds === null) return '';
  if (wallSeconds === null) return 'training alone';
  const rest = Math.max(0, wallSeconds - trainSeconds - (evalSeconds ?? 0));
  return [
    `training ${duration(trainSeconds)}`,
    ...(evalSeconds === null ? [] : [`evaluation ${duration(evalSeconds)}`]),
    `start and saving ${duration(rest)}`,
  ].join(', ');
}

/** "never answers 2, 4"; empty where every class is answered. */
export function neverAnswers(unanswered: readonly string[] | null): string {
  if (!unanswered || unanswered.length === 0) return '';
  const named = unanswered.slice(0, 4).join(', ');
  return `never answers ${named}${unanswered.length > 4 ? ` and ${count(unanswered.length - 4)} more` : ''}`;
}

/** "32.4 points above the majority class" */
export function overGuessing(accuracy: number, baselines: Baselines | null): string {
  if (!baselines) return '';
  const gain = accuracy - baselines.majority.accuracy;
  return `${decimal(Math.abs(100 * gain))} points ${gain < 0 ? 'below' : 'above'} the majority class`;
}

/** Whether it uses the device now. */
export const isActive = ({ state }: Pick<Experiment, 'state'>): boolean =>
  state === 'running' || state === 'starting';
/** Whether it will not go on by itself. */
export const hasEnded = ({ state }: Pick<Experiment, 'state'>): boolean =>
  state === 'finished' || state === 'stopped' || state === 'failed' || state === 'interrupted';

/** "macro F1" for `f1_macro`; unknown ones by their own name. */
export const metricName = (key: string): string => metricOf(key).name;

/** Whether a metric is a share that reads as per cent. */
export const isShare = (key: string): boolean => metricOf(key).share;

/** A metric as it is read: "98.4 %" for shares, else a number. */
export const metricText = (name: string, value: number): string =>
  isShare(name) ? percent(value) : decimal(value);

/** "LoRA r=16" */
export const methodText = ({ method, settings }: Pick<Experiment, 'method' | 'settings'>): string =>
  textOfMethod(method, settings.rank);

/** The number that an experiment is judged by in a list: accuracy, else the first of its metrics. */
export function mainMetric({ metrics }: Pick<Experiment, 'metrics'>): { name: string; value: number } | null {
  if (metrics === null) return null;
  for (const name of ['accuracy', 'f1_macro', ...Object.keys(metrics)])
    if (metrics[name] !== undefined) return { name, value: metrics[name] };
  return null;
}
