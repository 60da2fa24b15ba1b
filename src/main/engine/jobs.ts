import type { EvaluationPoint, Moved, Step } from '../../shared/contract/experiments.ts';
import type { Snippet } from '../../shared/contract/exports.ts';
import type { TrainConfig } from '../../shared/settings/train-config.ts';
import type { TargetKey } from './export/targets.ts';
import type { VerificationOutcome } from './export/verification.ts';

/**
 * What every long job gets from its host. Aborting keeps what was done; with the reason `'adapter'` training also
 * writes the adapter as it is by then (`Keep` of the engine protocol).
 */
export interface JobContext {
  signal: AbortSignal;
  onEvent(event: JobEvent): void;
}

/** One question to a job that stays open: checked by the job, answered with a value that can be cloned. Throws faults. */
export type Answering = (input: unknown) => Promise<unknown>;

export interface EngineJobContext extends JobContext {
  /** Takes what questions are answered with; those that came before wait for it. */
  onAsk(answering: Answering): void;
}

export type JobEvent =
  | { type: 'note'; message: string }
  | { type: 'progress'; phase: string; done: number; total: number; unit: string }
  | ({ type: 'step' } & Step)
  /** The run can start; `resumed_at`: the step that it goes on from, 0 for a fresh one. */
  | {
      type: 'started';
      total_steps: number;
      resumed_at: number;
      parameters: ParameterCounts;
      newly_initialized: string[];
    }
  | { type: 'checkpoint'; step: number }
  | ({ type: 'moved' } & Moved)
  | ({ type: 'evaluation' } & EvaluationPoint)
  /** A target of an export begins (`writing`) or ends. `folder`: where it lies, beside its place where it failed. */
  | {
      type: 'target';
      target: TargetKey;
      state: 'writing' | 'passed' | 'failed' | 'refused' | 'cancelled';
      folder: string;
      bytes: number;
      reason: string | null;
      outcome: VerificationOutcome | null;
      snippets: Snippet[];
    };

/** The three figures of `print_trainable_parameters()`. */
export interface ParameterCounts {
  trainable: number;
  all: number;
  trainable_percent: number;
}

export interface TrainOptions {
  config: TrainConfig;
  /** The folder that relative paths of the config start from. */
  baseDir: string;
  /** What others call the base, where its folder does not say it. */
  baseName?: string | undefined;
  outputDir: string;
  resume: boolean;
  overwrite: boolean;
}

export interface TrainResult {
  status: 'finished' | 'stopped';
  outputDir: string;
  steps: number;
  train_loss: number;
  train_runtime: number;
  eval_runtime: number;
  tokens_per_second: number;
  parameters: ParameterCounts;
  /** Weights the checkpoint lacked: initialised, trained and saved with the adapter. */
  newly_initialized: string[];
  metrics: Record<string, unknown> | null;
}
