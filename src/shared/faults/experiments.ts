import type { FaultText } from './fault.ts';

const goOn = (checkpoint: number | null): string =>
  checkpoint === null
    ? 'Resume starts it again from its first step: there is no checkpoint yet.'
    : `Resume goes on from its checkpoint of step ${checkpoint}; the result is the same as without the break.`;

/** `step`: the last one that was logged; `checkpoint`: the step to go on from, or null. */
interface Broken {
  step: number;
  checkpoint: number | null;
}

const where = (step: number): string => (step === 0 ? 'before its first step' : `at step ${step}`);

export const experimentsFaults = {
  'experiments/out-of-memory': (_: object): FaultText => ({
    message: 'Memory ran out.',
    remedy:
      'Lower per_device_train_batch_size or max_length, or close other programs; gradient_accumulation_steps keeps the result of larger batches.',
  }),
  'experiments/ran-out-of-memory': ({ step, checkpoint }: Broken): FaultText => ({
    message: `Memory ran out ${where(step)}.`,
    remedy: `Close other programs, or use a smaller per_device_train_batch_size or max_length in a new experiment. ${goOn(checkpoint)}`,
  }),
  'experiments/killed': ({ step, checkpoint, signal }: Broken & { signal: string }): FaultText => ({
    message: `The training process was ended from outside (${signal}) ${where(step)}.`,
    remedy: goOn(checkpoint),
  }),
  'experiments/crashed': ({ step, checkpoint, code }: Broken & { code: string }): FaultText => ({
    message: `The training process crashed ${where(step)} (${code}).`,
    remedy: `${goOn(checkpoint)} If it happens again at the same step, Settings, Doctor says whether the runtime is whole.`,
  }),
  'experiments/hung': ({ step, checkpoint, seconds }: Broken & { seconds: number }): FaultText => ({
    message: `The training process gave no sign of life for ${seconds} s ${where(step)} and was ended.`,
    remedy: goOn(checkpoint),
  }),
  'experiments/app-ended': ({ step, checkpoint }: Broken): FaultText => ({
    message: `Graft ended while this experiment ran, ${where(step)}.`,
    remedy: goOn(checkpoint),
  }),
  'experiments/app-closed': ({ step, checkpoint }: Broken): FaultText => ({
    message: `Graft was closed while this experiment ran, ${where(step)}.`,
    remedy: goOn(checkpoint),
  }),
  'experiments/engine-start': ({ detail }: { detail: string }): FaultText => ({
    message: `The training process could not be started: ${detail}.`,
    remedy: 'Settings, Doctor says what is missing.',
  }),
  'experiments/job-ended': ({ doing, how }: { doing: string; how: string }): FaultText => ({
    message: `${doing} ended in the middle: its process was ended or crashed (${how}).`,
    remedy: 'Start it again. If it happens each time, Settings, Doctor says whether the runtime is whole.',
  }),
  'experiments/job-memory': ({ doing }: { doing: string }): FaultText => ({
    message: `${doing} ended in the middle: memory ran out.`,
    remedy: 'Close other programs, or wait until nothing trains, then start it again.',
  }),
  'experiments/is-running': ({ name }: { name: string }): FaultText => ({
    message: `${name} is running.`,
    remedy: 'Stop it first.',
  }),
  'experiments/wrong-state': ({
    name,
    state,
    verb,
  }: {
    name: string;
    state: string;
    verb: string;
  }): FaultText => ({
    message: `${name} is ${state}: there is nothing to ${verb}.`,
    remedy: 'Look at its state again; it may have changed meanwhile.',
  }),
  'experiments/no-spec': ({ name }: { name: string }): FaultText => ({
    message: `${name} was started from the command line, from a config file.`,
    remedy: 'Start it there again: graft train --config and the same file.',
  }),
  'experiments/folder-gone': ({ name, folder }: { name: string; folder: string }): FaultText => ({
    message: `The folder of ${name} is gone: ${folder}.`,
    remedy: 'Bring it back, or start the experiment anew with Retry.',
  }),
  'experiments/no-split': ({
    split,
    known,
    data,
  }: {
    split: string;
    known: readonly string[];
    data: string;
  }): FaultText => ({
    message: `${data} has no split "${split}".`,
    remedy:
      known.length === 0 ? 'It has no splits at all; make some first.' : `Use one of: ${known.join(', ')}.`,
  }),
  'experiments/model-missing': ({ name, folder }: { name: string; folder: string }): FaultText => ({
    message: `The model ${name} is not where it was: ${folder}.`,
    remedy: 'Bring the folder back, or add the model again on the Models page.',
  }),
  'experiments/checkpoint-gone': ({ name, step }: { name: string; step: number }): FaultText => ({
    message: `The checkpoint of ${name} at step ${step} is gone.`,
    remedy: 'Retry starts the same experiment anew.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
