import type { Precision } from '../../../shared/settings/training.ts';
import type { JobContext } from '../jobs.ts';
import type { BaseModel } from '../models/base-model.ts';
import type { EncodedText } from '../models/batch.ts';
import { Inference } from '../models/inference.ts';
import { adaptation, type Adapter, type AdapterPlan } from '../peft/adapter.ts';
import type { EngineTask, Report } from '../tasks/task.ts';

/** Rows as the model takes them. */
export interface EncodedRows<Target = unknown> {
  texts: readonly EncodedText[];
  targets: readonly Target[];
}

export interface Evaluated extends Report {
  /** [rows, outputs], row-major. */
  outputs: Float32Array;
}

/** Answers the evaluation rows with the adapter as training left it. */
export class Evaluator {
  private readonly task: EngineTask;
  private readonly base: BaseModel;
  private readonly plan: AdapterPlan;
  private readonly rows: EncodedRows;
  private readonly precision: Precision;
  private readonly context: JobContext;
  private last: { step: number; evaluated: Evaluated } | undefined;
  /** Time spent so far. */
  seconds = 0;

  constructor(
    task: EngineTask,
    base: BaseModel,
    plan: AdapterPlan,
    rows: EncodedRows,
    precision: Precision,
    context: JobContext,
  ) {
    this.task = task;
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
    const options = { head: base.head.kind, precision };
    const inference = await Inference.open(base, adaptation(base, { plan, values }), options);
    try {
      const { texts, targets } = this.rows;
      const outputs = await inference.logits(texts, async (done) => {
        context.onEvent({ type: 'progress', phase: 'evaluate', done, total: texts.length, unit: 'rows' });
        await new Promise(setImmediate);
        context.signal.throwIfAborted();
      });
      const evaluated = { ...this.task.report(outputs, targets, base.labelNames), outputs };
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
