import { isAddedPart } from '../shared/methods/index.ts';
import type { Baselines, Experiment, ExperimentDetail } from '../shared/contract/experiments.ts';
import { metricOf } from '../shared/tasks/index.ts';
import { count, counted, decimal, duration, percent, timeLeft } from './format.ts';

/** "step 237 of 375 · epoch 1.9 · about 38 s left"; of a finished one what it was and took. */
export function progressLine(one: Experiment): string[] {
  const { state, step, totalSteps } = one;
  // Of a hub id the name: the owner tells nobody apart here, and takes the line.
  const what = [one.dataName, one.modelName.split('/').at(-1)!];
  if (state === 'queued')
    return [one.queuePlace === null ? 'waits' : `place ${one.queuePlace} in the queue`, ...what];
  if (state === 'starting' && step === 0) return ['the training process starts', ...what];
  const took = tookText(one);
  if (state === 'finished') return [counted(step, 'step'), ...(took === '' ? [] : [`took ${took}`]), ...what];
  const where = totalSteps > 0 ? `step ${count(step)} of ${count(totalSteps)}` : `step ${count(step)}`;
  const left = state === 'running' && one.timeLeft !== null ? [timeLeft(one.timeLeft)] : [];
  return [where, `epoch ${decimal(one.epoch, 2)}`, ...left];
}

/** The whole time of a run; of one from before it was counted the training alone. */
export const tookSeconds = ({
  wallSeconds,
  trainSeconds,
}: Pick<Experiment, 'wallSeconds' | 'trainSeconds'>) => wallSeconds ?? trainSeconds;

/** "1 min 50 s"; empty while it is not known. */
export function tookText(one: Pick<Experiment, 'wallSeconds' | 'trainSeconds'>): string {
  const seconds = tookSeconds(one);
  return seconds === null ? '' : duration(seconds);
}

/** What the time of a run went to: "training 41 s, evaluation 5 s, start and saving 12 s". */
export function tookParts(one: Pick<Experiment, 'wallSeconds' | 'trainSeconds' | 'evalSeconds'>): string {
  const { wallSeconds, trainSeconds, evalSeconds } = one;
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

// What PEFT wraps around a parameter's own name.
const frames = ['default', 'base_model', 'model', 'modules_to_save'];

/** Names of parameters as groups: "lora_A, lora_B · query, value" with how many there are. */
export function movedGroups(names: readonly string[]): { label: string; count: number }[] {
  const groups = new Map<
    string,
    { parts: Set<string>; modules: Set<string>; layers: Set<number>; count: number }
  >();
  for (const name of names) {
    const parts = name.split('.').filter((part) => !frames.includes(part));
    const added = parts.findIndex(isAddedPart);
    const module = added > 0 ? parts[added - 1]! : parts.slice(0, -1).join('.');
    const part = added > 0 ? parts[added]! : parts.at(-1)!;
    // A module may be called anything but "".
    const key = added > 0 ? '' : module;
    const group = groups.get(key) ?? { parts: new Set(), modules: new Set(), layers: new Set(), count: 0 };
    groups.set(key, group);
    group.parts.add(part);
    group.modules.add(module);
    const layer = parts.find((one) => /^\d+$/.test(one));
    if (layer !== undefined) group.layers.add(Number(layer));
    group.count += 1;
  }
  return [...groups.values()].map(({ parts, modules, layers, count: size }) => {
    const [first, last] = [Math.min(...layers), Math.max(...layers)];
    const where =
      layers.size === 0 ? '' : ` · ${layers.size === 1 ? `layer ${first}` : `layers ${first}–${last}`}`;
    return { label: `${[...modules].join(', ')} · ${[...parts].join(', ')}${where}`, count: size };
  });
}

/** What the check of the first step found, in a sentence. */
export function movedSentence({
  moved,
  unmoved,
  frozen,
  unexpected,
}: NonNullable<ExperimentDetail['moved']>): {
  text: string;
  good: boolean;
} {
  if (unexpected.length > 0)
    return {
      text: `${counted(unexpected.length, 'frozen tensor')} changed that should not have.`,
      good: false,
    };
  if (unmoved.length > 0)
    return {
      text: `${counted(moved.length, 'tensor')} changed; ${count(unmoved.length)} that should train did not.`,
      good: false,
    };
  return {
    text: `Exactly the ${counted(moved.length, 'intended tensor')} changed, ${count(frozen)} frozen ones did not. Checked by checksum.`,
    good: true,
  };
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
