import type { FaultValue } from '../../../../shared/contract/message.ts';
import type { TaskName } from './tasks.ts';

export interface ToWorker {
  id: number;
  task: TaskName;
  input: unknown;
}

export interface Progress {
  phase: string;
  done: number;
  total: number;
  unit: string;
}

export type FromWorker =
  | { id: number; kind: 'progress'; progress: Progress }
  | { id: number; kind: 'done'; output: unknown }
  | { id: number; kind: 'fault'; fault: FaultValue }
  | { id: number; kind: 'defect'; detail: string };

/** The failure that a worker's message stands for. */
export type Failure = Extract<FromWorker, { kind: 'fault' | 'defect' }>;
