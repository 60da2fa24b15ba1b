import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic, writeFolderAtomic } from '../formats/atomic.ts';
import { bytesOf } from '../formats/dtype.ts';
import { readJsonFile } from '../formats/json.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import type { ParameterSpec } from '../models/parameters.ts';
import { runInputsSchema, type RunInputs } from './run-inputs.ts';
import type { TrainedState } from '../peft/method.ts';

const progressSchema = z.strictObject({
  /** Optimizer steps done. */
  step: z.int().nonnegative(),
  /** Whether the evaluation and the checkpoint that fall on this step are done. */
  settled: z.boolean(),
  /** Sum of the losses of all steps, and of those since the last logged line, with their numbers of steps. */
  totalLoss: z.number(),
  loggedLoss: z.number(),
  loggedSteps: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  best: z.strictObject({ step: z.int(), value: z.number() }).nullable(),
  /** Evaluations since the best one. */
  patience: z.int().nonnegative(),
});

/** All of a run's state beside the trained values; the rest follows from the config and the step. */
export type Progress = z.infer<typeof progressSchema>;

const fileSchema = z.strictObject({
  progress: progressSchema,
  fingerprint: z.string(),
  /** Absent in checkpoints of an earlier Graft. */
  inputs: runInputsSchema.optional(),
});

export const initialProgress = (): Progress => ({
  step: 0,
  settled: true,
  totalLoss: 0,
  loggedLoss: 0,
  loggedSteps: 0,
  tokens: 0,
  seconds: 0,
  best: null,
  patience: 0,
});

const folderName = (step: number): string => `checkpoint-${step}`;

/**
 * The checkpoints of one run: `checkpoints/checkpoint-<step>/` with `state.safetensors` (parameters and moments) and
 * `progress.json`. A folder is there whole or not at all.
 */
export class Checkpoints {
  readonly dir: string;
  private readonly specs: readonly ParameterSpec[];
  /** What must be equal for a run to go on: a digest of its config. */
  private readonly fingerprint: string;
  private readonly inputs: RunInputs;

  constructor(outputDir: string, specs: readonly ParameterSpec[], fingerprint: string, inputs: RunInputs) {
    this.dir = path.join(outputDir, 'checkpoints');
    this.specs = specs;
    this.fingerprint = fingerprint;
    this.inputs = inputs;
  }

  folderOf(step: number): string {
    return path.join(this.dir, folderName(step));
  }

  async write(progress: Progress, state: TrainedState): Promise<void> {
    await writeFolderAtomic(
      this.folderOf(progress.step),
      async (folder) => {
        const tensors = this.specs.flatMap(({ name, shape }) =>
          (['p', 'm', 'v'] as const).map((kind) => ({
            name: `${kind}:${name}`,
            dtype: 'F32' as const,
            shape,
            data: () => bytesOf(state.get(name)![kind]),
          })),
        );
        await writeSafetensors(path.join(folder, 'state.safetensors'), tensors);
        const file = { progress, fingerprint: this.fingerprint, inputs: this.inputs };
        await writeFileAtomic(path.join(folder, 'progress.json'), `${JSON.stringify(file)}\n`);
      },
      { replace: true },
    );
  }

  /** The steps that have a checkpoint, ascending. */
  async steps(): Promise<number[]> {
    const names = await readdir(this.dir).catch(() => []);
    const steps = names.flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
    return steps.sort((a, b) => a - b);
  }

  /**
   * `inputs`: what the checkpoint was made of, null where it does not say. Throws `training/other-config` when it comes
   * from another config.
   */
  async read(step: number): Promise<{ progress: Progress; state: TrainedState; inputs: RunInputs | null }> {
    const folder = this.folderOf(step);
    const file = path.join(folder, 'progress.json');
    const parsed = fileSchema.safeParse(await readJsonFile(file));
    if (!parsed.success) throw fault('training/bad-checkpoint', { file });
    if (parsed.data.fingerprint !== this.fingerprint) throw fault('training/other-config', { folder });
    const tensors = await openSafetensors(path.join(folder, 'state.safetensors'));
    try {
      const state: TrainedState = new Map();
      for (const { name } of this.specs) {
        const held = (kind: string): Promise<Float32Array> => tensors.readFloat32(`${kind}:${name}`);
        state.set(name, { p: await held('p'), m: await held('m'), v: await held('v') });
      }
      return { progress: parsed.data.progress, state, inputs: parsed.data.inputs ?? null };
    } finally {
      await tensors.close();
    }
  }

  /** Deletes the oldest checkpoints beyond `limit`, but never the best or the newest. */
  async prune(limit: number | null, best: number | undefined): Promise<void> {
    if (limit === null) return;
    const steps = await this.steps();
    const kept = new Set([steps.at(-1), best]);
    const removable = steps.filter((step) => !kept.has(step));
    const excess = Math.max(0, steps.length - Math.max(1, limit));
    for (const step of removable.slice(0, excess)) {
      await rm(this.folderOf(step), { recursive: true, force: true });
    }
  }
}
