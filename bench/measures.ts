import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from './child.ts';
import type { Precision } from '../src/shared/settings/training.ts';
import { evalQuantities, jobQuantities, stepQuantities, type Quantity } from './quantities.ts';

/** The same work for both sides. `run` counts from 0 and gives both the same seed. */
export interface Measure {
  title: string;
  quantities: Quantity[];
  graft(run: number): Command;
  reference(run: number): Command;
}

/** What all measures need to know. */
export interface Setting {
  python: string;
  model: string;
  /** The layers that LoRA adapts. */
  targets: readonly string[];
  /** Folder with electronics-reviews-train.csv and -test.csv. */
  data: string;
  /** A folder of its own for outputs. */
  scratch: string;
}

const referenceDir = fileURLToPath(new URL('reference', import.meta.url));
const graftCommand = new URL('../scripts/graft.mjs', import.meta.url);
const graftStep = new URL('./graft-step.ts', import.meta.url);
const graftEval = new URL('./graft-eval.ts', import.meta.url);

function reference(setting: Setting, script: string, args: string[]): Command {
  return {
    file: setting.python,
    args: [path.join(referenceDir, script), ...args],
    // Everything is local: no waiting for a hub that may not be there.
    env: { HF_HUB_OFFLINE: '1', HF_DATASETS_OFFLINE: '1' },
  };
}

function graft(script: URL, args: string[]): Command {
  return { file: process.execPath, args: [fileURLToPath(script), ...args] };
}

/** The article's job: read, tokenise, train one epoch, evaluate; the seeds are 42, 43, … */
export function jobMeasure(setting: Setting, precision: Precision, rows: number): Measure {
  const output = (side: string, run: number) => path.join(setting.scratch, `${side}-${precision}-${run}`);
  return {
    title: `The job, ${precision}: ${path.basename(setting.model)}, ${rows} + ${rows} reviews, LoRA r=16, one epoch`,
    quantities: jobQuantities,
    graft(run) {
      const config = path.join(setting.scratch, `job-${precision}-${run}.json`);
      mkdirSync(setting.scratch, { recursive: true });
      writeFileSync(config, JSON.stringify(jobConfig(setting, precision, rows, 42 + run), null, 2));
      return graft(graftCommand, ['train', '--config', config, '--output', output('graft', run), '--json']);
    },
    reference(run) {
      const args = ['--tuned', '--precision', precision, '--rows', `${rows}`, '--seed', `${42 + run}`];
      args.push('--targets', setting.targets.join());
      const places = ['--model', setting.model, '--data', setting.data, '--output', output('reference', run)];
      return reference(setting, 'job.py', [...args, ...places]);
    },
  };
}

function jobConfig(setting: Setting, precision: Precision, rows: number, seed: number): object {
  const select = { shuffle_seed: 42, count: rows };
  return {
    model: setting.model,
    data: {
      train: path.join(setting.data, 'electronics-reviews-train.csv'),
      eval: path.join(setting.data, 'electronics-reviews-test.csv'),
      text_column: 'text',
      label_column: 'stars',
      train_select: select,
      eval_select: select,
      max_length: 512,
    },
    adapter: {
      peft_type: 'LORA',
      task_type: 'SEQ_CLS',
      r: 16,
      lora_alpha: 32,
      target_modules: setting.targets,
      lora_dropout: 0.05,
      bias: 'none',
    },
    training: { num_train_epochs: 1, learning_rate: 1e-3, save_strategy: 'no', seed, precision },
  };
}

/** The job as the usual script has it, on fewer rows: it pads every text to 512 tokens. */
export function asPublished(setting: Setting, rows: number): Command {
  const output = path.join(setting.scratch, 'as-published');
  const places = ['--model', setting.model, '--data', setting.data, '--output', output];
  const args = ['--as-published', '--rows', `${rows}`, '--targets', setting.targets.join()];
  return reference(setting, 'job.py', [...args, ...places]);
}

export interface StepOptions {
  precision: Precision;
  /** Tokens a row. */
  length: number;
  steps: number;
  warmUp: number;
}

/** Training steps on full rows. `setting.model` has the size of the architecture's base checkpoint. */
export function stepMeasure(
  setting: Setting,
  title: string,
  { precision, length, steps, warmUp }: StepOptions,
): Measure {
  const args = [
    ...['--model', setting.model, '--length', `${length}`, '--precision', precision],
    ...['--steps', `${steps}`, '--warm-up', `${warmUp}`],
  ];
  return {
    title: `A training step, ${precision}: ${title}-base shape, LoRA r=16, 8 rows of ${length} tokens`,
    quantities: stepQuantities,
    graft: () => graft(graftStep, args),
    reference: () => reference(setting, 'step.py', [...args, '--targets', setting.targets.join()]),
  };
}

/** Evaluation alone, sorted by length, at most 4,096 tokens a batch. */
export function evalMeasure(setting: Setting, precision: Precision, rows: number): Measure {
  const args = [
    '--model',
    setting.model,
    '--data',
    setting.data,
    '--precision',
    precision,
    '--rows',
    `${rows}`,
  ];
  return {
    title: `Evaluation alone, ${precision}: ${rows} reviews`,
    quantities: evalQuantities,
    graft: () => graft(graftEval, args),
    reference: () => reference(setting, 'eval.py', args),
  };
}
