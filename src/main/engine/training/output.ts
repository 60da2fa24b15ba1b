import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { takePidLock } from '../formats/pid-lock.ts';
import { removeLeftovers } from '../formats/temporary.ts';
import type { JobContext, JobEvent, TrainOptions, TrainResult } from '../jobs.ts';
import type { Names } from '../../../shared/tasks/task.ts';
import type { EngineTask } from '../tasks/task.ts';
import type { TargetRows } from './prepare-data.ts';

/** Files that a run writes at the top of its output folder. */
const OUTPUTS = [
  'adapter_config.json',
  'adapter_model.safetensors',
  'config.json',
  'metrics.json',
  'predictions.jsonl',
  'events.jsonl',
];

/** Holds the number of the process that writes into the folder. */
const LOCK = '.graft-in-use';

/**
 * Takes a folder for one run; the function returned gives it back. Refuses one that another run writes into, and one
 * that holds something, unless the run goes on in it or may replace what an earlier one wrote. Throws `training/in-use`
 * and `files/output-exists`.
 */
export async function openOutput(options: TrainOptions): Promise<() => Promise<void>> {
  const { outputDir, resume: goesOn, overwrite } = options;
  await mkdir(outputDir, { recursive: true });
  const { release, pid } = await takePidLock(path.join(outputDir, LOCK));
  if (!release) throw fault('training/in-use', { dir: outputDir, pid });
  const found = (await readdir(outputDir)).filter((name) => !name.startsWith(LOCK));
  if (goesOn || overwrite || found.length === 0) return release;
  await release();
  throw fault('files/output-exists', { dir: outputDir });
}

/** Removes what an earlier run wrote, or of one that is resumed only what it left half written. */
export async function clearOutput({ outputDir, resume: goesOn }: TrainOptions): Promise<void> {
  await removeLeftovers(outputDir);
  await removeLeftovers(path.join(outputDir, 'checkpoints'));
  if (goesOn) return;
  for (const name of [...OUTPUTS, 'checkpoints'])
    await rm(path.join(outputDir, name), { recursive: true, force: true });
}

/** metrics.json: the result of the run, less the folder that it stands in. */
export async function writeMetrics(result: TrainResult): Promise<void> {
  const { outputDir, ...rest } = result;
  await writeFileAtomic(path.join(outputDir, 'metrics.json'), `${JSON.stringify(rest, null, 2)}\n`);
}

/** predictions.jsonl: a line an evaluation row, in its order. */
export async function writePredictions(
  outputDir: string,
  task: EngineTask,
  { examples, targets }: TargetRows,
  names: Names,
  outputs: Float32Array,
): Promise<void> {
  const width = outputs.length / examples.length;
  const answers = task.answers(outputs, names);
  const lines = examples.map(({ row }, i) => {
    const logits = Array.from(outputs.subarray(i * width, (i + 1) * width));
    return JSON.stringify({ row, ...task.judged(answers[i]!, targets[i], names), logits });
  });
  await writeFileAtomic(path.join(outputDir, 'predictions.jsonl'), `${lines.join('\n')}\n`);
}

/** events.jsonl, and the same events to whoever watches. */
export class EventLog {
  private readonly file: string;
  private readonly context: JobContext;
  /** Steps whose evaluation is in the file. */
  private readonly evaluated: Set<number>;

  private constructor(file: string, context: JobContext, evaluated: Set<number>) {
    this.file = file;
    this.context = context;
    this.evaluated = evaluated;
  }

  /** Keeps the lines up to a checkpoint's step, so that a resumed run's log reads like one that was left alone. */
  static async open(file: string, step: number, context: JobContext): Promise<EventLog> {
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.split('\n').flatMap((line) => loggedLine(line) ?? []);
    const kept = lines.filter((line) => line.step <= step);
    await writeFileAtomic(file, kept.map(({ text }) => `${text}\n`).join(''));
    const evaluations = kept.filter(({ type }) => type === 'evaluation');
    return new EventLog(file, context, new Set(evaluations.map((line) => line.step)));
  }

  /** Adds a line, unless it is the evaluation of a step that has one. */
  async write(event: LoggedEvent): Promise<void> {
    if (event.type === 'evaluation') {
      if (this.evaluated.has(event.step)) return;
      this.evaluated.add(event.step);
    }
    this.context.onEvent(event);
    await appendFile(this.file, `${JSON.stringify(event)}\n`);
  }
}

type LoggedEvent = Extract<JobEvent, { type: 'step' | 'evaluation' }>;
const lineSchema = z.looseObject({ type: z.string(), step: z.number() });

/** A line of the log; undefined for one that a killed process left half written. */
function loggedLine(text: string): { text: string; type: string; step: number } | undefined {
  try {
    const { type, step } = lineSchema.parse(JSON.parse(text));
    return { text, type, step };
  } catch {
    return undefined;
  }
}
