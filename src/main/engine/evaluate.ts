import type { Precision } from '../../shared/settings/training.ts';
import { readExamples, type ExampleOptions } from './data/examples.ts';
import type { JobContext } from './jobs.ts';
import { openPredictor } from './predict.ts';
import { encodeExamples } from './training/prepare-data.ts';

export interface EvaluateOptions {
  /** A folder. */
  model: string;
  adapter?: string;
  /** A file with labelled rows. */
  data: string;
  rows: ExampleOptions & { labelColumn: string };
  maxLength?: number;
  batchSize?: number;
  precision: Precision;
}

export interface Evaluation {
  /** Its key. */
  task: string;
  /** As metrics.json has them. */
  metrics: Record<string, unknown>;
  rows: number;
  /** Texts that lost tokens to the length limit. */
  truncated: number;
  /** Answering alone, without reading and tokenising. */
  seconds: number;
}

/** Metrics of a model on labelled rows. Throws faults of models, data and tokenizer. */
export async function evaluate(options: EvaluateOptions, context: JobContext): Promise<Evaluation> {
  const { data, rows } = options;
  const predictor = await openPredictor({ ...options, head: 'sequence' });
  try {
    const { notes, columns, ...read } = await readExamples(data, rows);
    const { examples } = read;
    const { task, labelNames, tokenizer, maxLength } = predictor;
    const values = examples.map(({ label }) => label!);
    const column = columns.label ?? rows.labelColumn;
    const { targets, note } = task
      .known(labelNames)
      .read({ ...read, values, column, file: data, source: data });
    for (const message of note === null ? notes : [...notes, note])
      context.onEvent({ type: 'note', message });
    const { texts, truncated } = await encodeExamples(examples, tokenizer, maxLength, 'longest');
    const started = performance.now();
    const outputs = await predictor.logits(texts, async (done) => {
      context.signal.throwIfAborted();
      context.onEvent({ type: 'progress', phase: 'evaluate', done, total: texts.length, unit: 'rows' });
      await new Promise(setImmediate);
    });
    const seconds = (performance.now() - started) / 1000;
    const { metrics } = task.report(outputs, targets, labelNames);
    return { task: task.key, metrics, rows: examples.length, truncated, seconds };
  } finally {
    predictor.close();
  }
}
