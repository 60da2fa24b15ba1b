import { extname } from 'node:path';
import { TaskThread } from '../task-thread.ts';
import type { PredictionPage, PredictionQuery } from './predictions.ts';
import type { RowsTask, WrittenRows } from './run-rows.ts';

interface Tasks {
  rows: { input: RowsTask; output: WrittenRows };
  predictions: { input: PredictionQuery; output: PredictionPage };
}

/** The thread of the experiments area. */
export class ExperimentWork extends TaskThread<Tasks> {
  constructor() {
    super(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), 'the experiments area');
  }
}
