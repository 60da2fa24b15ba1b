import type { Precision } from '../../shared/settings/training.ts';
import { readExamples, type ExampleOptions } from './data/examples.ts';
import { encodeLabels, labelMap, matchLabels } from './data/labels.ts';
import type { JobContext } from './jobs.ts';
import { classificationMetrics, type ClassificationMetrics } from './metrics/classification.ts';
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
  metrics: ClassificationMetrics;
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
    const { examples, notes, classNames, columns } = await readExamples(data, rows);
    const { labelNames, tokenizer, maxLength } = predictor;
    const values = examples.map(({ label }) => label!);
    const known = matchLabels(values, labelMap(labelNames), { file: classNames });
    for (const message of [...notes, ...(known.note === null ? [] : [known.note])]) {
      context.onEvent({ type: 'note', message });
    }
    const column = columns.label ?? rows.labelColumn;
    const labels = encodeLabels(examples, known, { file: data, column });
    const { texts, truncated } = await encodeExamples(examples, tokenizer, maxLength, 'longest');
    const started = performance.now();
    const logits = await predictor.logits(texts, async (done) => {
      context.signal.throwIfAborted();
      context.onEvent({ type: 'progress', phase: 'evaluate', done, total: texts.length, unit: 'rows' });
      await new Promise(setImmediate);
    });
    const seconds = (performance.now() - started) / 1000;
    const numLabels = labelNames.length;
    const metrics = classificationMetrics({ logits, labels, numLabels, labelNames: [...labelNames] });
    return { metrics, rows: examples.length, truncated, seconds };
  } finally {
    predictor.close();
  }
}
