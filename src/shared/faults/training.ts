import type { FaultText } from './fault.ts';

export const trainingFaults = {
  'training/not-finite': (p: { step: number; loss: number; checkpoint: number }) => ({
    message: `The loss of step ${p.step} is ${p.loss}, or its gradient is not a number.`,
    remedy:
      p.checkpoint > 0
        ? `The checkpoint of step ${p.checkpoint} is kept. Lower learning_rate, or add warmup_steps.`
        : 'Lower learning_rate, or add warmup_steps.',
  }),
  'training/unknown-metric': (p: { name: string; known: readonly string[] }) => ({
    message: `metric_for_best_model "${p.name}" is not among the metrics.`,
    remedy: `Use one of: ${p.known.join(', ')}.`,
  }),
  'training/in-use': (p: { dir: string; pid: number }) => ({
    message: `Another training (process ${p.pid}) writes into ${p.dir}.`,
    remedy: 'Wait until it has ended or stop it, or choose another output folder.',
  }),
  'training/other-config': (p: { folder: string }) => ({
    message: `${p.folder} comes from another configuration, so the run cannot go on from it.`,
    remedy: 'Resume with the config that the run was started with, or start anew with --overwrite.',
  }),
  'training/other-inputs': (p: {
    folder: string;
    rows: readonly { file: string; then: number; now: number }[];
    tokenizer: boolean;
    weights: boolean;
    model: string;
  }) => {
    const count = (rows: number) => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;
    const changed = [
      ...p.rows.map(({ file, then, now }) =>
        then === now
          ? `the rows of ${file}, ${count(now)} then and now`
          : `the rows of ${file}, ${count(then)} then and ${now.toLocaleString('en')} now`,
      ),
      ...(p.tokenizer ? [`the tokenizer of ${p.model}`] : []),
      ...(p.weights ? [`the weights or config.json of ${p.model}`] : []),
    ];
    return {
      message: `The run cannot go on from ${p.folder}, because its inputs have changed since: ${changed.join('; ')}.`,
      remedy: `Put back what was there when the run was started, or start anew: --overwrite, in the window Retry.`,
    };
  },
  'training/bad-checkpoint': (p: { file: string }) => ({
    message: `${p.file} is not the progress of a run.`,
    remedy: 'Delete this checkpoint folder; the run then goes on from the one before.',
  }),
  'training/init-adapter': (p: { folder: string; parameter: string }) => ({
    message: `${p.folder} does not train what this config trains: ${p.parameter} is in one of them only.`,
    remedy: 'Give adapter the same modules, ranks and biases as in the adapter_config.json of init_adapter.',
  }),
  'training/no-checkpoint': (p: { dir: string }) => ({
    message: `${p.dir} holds no checkpoint to go on from.`,
    remedy: 'Start the run without --resume.',
  }),
  'training/no-eval-rows': (_: object) => ({
    message: 'There are no rows to evaluate on.',
    remedy: 'Add data.eval (a file) or data.split (for example {"test_size": 0.2}).',
  }),
  'training/class-weights': (p: { given: number; labels: readonly string[] }) => ({
    message: `training.class_weights has ${p.given} weights for ${p.labels.length} labels.`,
    remedy: `Give one weight a label, in this order: ${p.labels.join(', ')}.`,
  }),
} satisfies Record<string, (p: never) => FaultText>;
