import type { Precision } from '../../../shared/settings/training.ts';
import type { JobContext } from '../jobs.ts';
import { classificationMetrics, type ClassificationMetrics } from '../metrics/classification.ts';
import type { BaseModel } from '../models/base-model.ts';
import type { EncodedText } from '../models/batch.ts';
import { Inference } from '../models/inference.ts';
import { adaptation, type Adapter, type AdapterPlan } from '../peft/adapter.ts';

/** Rows as the model takes them. */
export interface EncodedRows {
  texts: readonly EncodedText[];
  labels: readonly number[];
}

export interface Evaluated {
  metrics: ClassificationMetrics;
  /** The metrics that are single numbers, with the loss under Trainer's name. */
  numbers: Record<string, number>;
  /** [rows, labels], row-major. */
  logits: Float32Array;
}

/** Answers the evaluation rows with the adapter as training left it. */
export class Evaluator {
  private readonly base: BaseModel;
  private readonly plan: AdapterPlan;
  private readonly rows: EncodedRows;
  private readonly precision: Precision;
  private readonly context: JobContext;
  private last: { step: number; evaluated: Evaluated } | undefined;
  /** Time spent so far. */
  seconds = 0;

  constructor(
    base: BaseModel,
    plan: AdapterPlan,
    rows: EncodedRows,
    precision: Precision,
    context: JobContext,
  ) {
    this.base = base;
    this.plan = plan;
    this.rows = rows;
    this.precision = precision;
    this.context = context;
  }

  /** Null when a stop was asked for in the middle. `step` says which state it is: a step is evaluated once. */
  async evaluate(values: Adapter['values'], step: number): Promise<Evaluated | null> {
    if (this.last?.step === step) return this.last.evaluated;
    const started = performance.now();
    const { base, plan, precision, context } = this;
    const options = { head: 'sequence', precision } as const;
    const inference = await Inference.open(base, adaptation(base, { plan, values }), options);
    try {
      const { texts, labels } = this.rows;
      const logits = await inference.logits(texts, async (done) => {
        context.onEvent({ type: 'progress', phase: 'evaluate', done, total: texts.length, unit: 'rows' });
        await new Promise(setImmediate);
        context.signal.throwIfAborted();
      });
      const labelNames = [...base.labelNames];
      const metrics = classificationMetrics({
        logits,
        labels: Int32Array.from(labels),
        numLabels: labelNames.length,
        labelNames,
      });
      const evaluated = { metrics, numbers: numbersOf(metrics), logits };
      this.last = { step, evaluated };
      return evaluated;
    } catch (error) {
      if (context.signal.aborted) return null;
      throw error;
    } finally {
      inference.close();
      this.seconds += (performance.now() - started) / 1000;
    }
  }
}

function numbersOf(metrics: ClassificationMetrics): Record<string, number> {
  const numbers = Object.entries(metrics).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return { ...Object.fromEntries(numbers), loss: metrics.log_loss ?? NaN };
}
