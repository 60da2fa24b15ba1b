import type { Precision } from '../../../shared/settings/training.ts';
import { usesGpu } from '../runtime/tensorflow.ts';
import type { Feeds } from '../graph/graph.ts';
import { loadParameters, Session } from '../graph/session.ts';
import type { BaseModel } from '../models/base-model.ts';
import type { EncodedText } from '../models/batch.ts';
import type { ParameterSpec } from '../models/parameters.ts';
import type { Attention } from '../models/token-inputs.ts';
import type { AdapterPlan } from '../peft/adapter.ts';
import type { TrainedState } from '../peft/method.ts';
import type { EngineTask } from '../tasks/task.ts';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { hyperparameters, type AdamWSettings } from './optimizer.ts';
import { buildStepGraph, type StepGraph } from './step-graph.ts';

export interface StepperOptions {
  task: EngineTask;
  base: BaseModel;
  plan: AdapterPlan;
  /** Values to start from instead of the method's own. */
  initial?: ReadonlyMap<string, Float32Array> | undefined;
  seed: number;
  precision: Precision;
  attention: Attention;
  optimizer: AdamWSettings;
  accumulate: boolean;
}

export interface MicroBatch {
  texts: readonly EncodedText[];
  /** What the task's loss is fed: [texts, width], row-major. */
  targets: Float32Array;
}

/** A model that is being trained: the graph's session and the arithmetic of one optimizer step. */
export class Stepper {
  private readonly session: Session;
  private readonly graph: StepGraph;
  private readonly options: StepperOptions;
  private readonly specs: ReadonlyMap<string, ParameterSpec>;
  /** What the method adds and training leaves as it is. */
  private readonly fixed = new Map<string, Float32Array>();

  private constructor(session: Session, graph: StepGraph, options: StepperOptions) {
    this.session = session;
    this.graph = graph;
    this.options = options;
    this.specs = new Map(options.plan.trained.map((spec) => [spec.name, spec]));
  }

  static async open(options: StepperOptions): Promise<Stepper> {
    const { task, base, plan, precision } = options;
    const graph = buildStepGraph({
      task,
      base,
      method: plan.method,
      trainable: new Set(plan.trained.map(({ name }) => name)),
      compute: precision === 'bf16' ? 'bfloat16' : 'float32',
      attention: options.attention,
      optimizer: options.optimizer,
      accumulate: options.accumulate,
      fused: !usesGpu(),
    });
    const stepper = new Stepper(await Session.open(graph.graph), graph, options);
    await stepper.load();
    return stepper;
  }

  /** One optimizer step over its micro-batches. Gives the loss (summed targets) and the norm before clipping. */
  step(batches: readonly MicroBatch[], learningRate: number, step: number): { loss: number; norm: number } {
    const result = this.update(batches, learningRate, step);
    const changed = this.options.plan.method.afterStep?.(step, () => this.readState());
    if (changed) this.restoreState(changed);
    return result;
  }

  private update(
    batches: readonly MicroBatch[],
    learningRate: number,
    step: number,
  ): { loss: number; norm: number } {
    const { optimizer, accumulate, seed } = this.options;
    const { rate, epsilon, keep } = hyperparameters(optimizer, learningRate, step);
    const update = {
      rate: Float32Array.of(rate),
      epsilon: Float32Array.of(epsilon),
      keep: Float32Array.of(keep),
    };
    if (!accumulate) {
      const { loss, norm } = this.session.run('train', {
        ...this.feeds(batches[0]!, [seed, step]),
        ...update,
      });
      return { loss: loss![0]!, norm: norm![0]! };
    }
    let loss = 0;
    batches.forEach((batch, i) => {
      // A place in the sequence of micro-batches that no other step has.
      const at = step * 4096 + i;
      loss += this.session.run('accumulate', this.feeds(batch, [seed, at]))['loss']![0]!;
    });
    return { loss, norm: this.session.run('apply', update)['norm']![0]! };
  }

  /** Everything that training has changed so far, bit for bit. */
  readState(): TrainedState {
    const state: TrainedState = new Map();
    for (const [number, names] of this.graph.state) {
      const values = this.session.run(`read_${number}`, {});
      const held = (key: string): Float32Array => values[key] as Float32Array;
      for (const name of names)
        state.set(name, { p: held(`p:${name}`), m: held(`m:${name}`), v: held(`v:${name}`) });
    }
    return state;
  }

  /** The adapter's values in a state of training. */
  valuesOf(state: TrainedState): Map<string, Float32Array> {
    return new Map([...this.fixed, ...[...state].map(([name, { p }]) => [name, p] as const)]);
  }

  /** A number for each parameter, trained or frozen, that is another one when any of its bits is. */
  checksums(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const signature of this.graph.checksums) {
      for (const [name, value] of Object.entries(this.session.run(signature, {}))) sums.set(name, value[0]!);
    }
    return sums;
  }

  restoreState(state: TrainedState): void {
    for (const [number, names] of this.graph.state) {
      const feeds: Record<string, Feeds[string]> = {};
      for (const name of names) {
        const { shape } = this.specs.get(name)!;
        const { p, m, v } = state.get(name)!;
        feeds[`p:${name}`] = { shape, data: p };
        feeds[`m:${name}`] = { shape, data: m };
        feeds[`v:${name}`] = { shape, data: v };
      }
      this.session.run(`restore_${number}`, feeds);
    }
  }

  close(): void {
    this.session.close();
  }

  private feeds({ texts, targets }: MicroBatch, seed: readonly [number, number]): Feeds {
    const { feeds, order } = this.graph.inputs.feeds(texts);
    const width = targets.length / texts.length;
    // Rows that fill up a short batch are fed zeros, and so have no loss.
    const sorted = new Float32Array(order.length * width);
    order.forEach((row, i) => sorted.set(targets.subarray(row * width, (row + 1) * width), i * width));
    return { ...feeds, seed: Int32Array.from(seed), targets: { shape: [order.length, width], data: sorted } };
  }

  /** Feeds every parameter once; the trained ones start with zero moments. */
  private async load(): Promise<void> {
    const { base, plan } = this.options;
    const start: TrainedState = new Map();
    for (const [i, spec] of plan.saved.entries()) {
      const p = await this.initialValue(spec, i, async (name) => start.get(name)?.p ?? base.read(name));
      if (!this.specs.has(spec.name)) this.fixed.set(spec.name, p);
      else start.set(spec.name, { p, m: new Float32Array(p.length), v: new Float32Array(p.length) });
    }
    const read = async (name: string): Promise<Float32Array> => this.fixed.get(name) ?? base.read(name);
    await loadParameters(this.session, this.graph.loading, read);
    this.restoreState(start);
    if (this.options.accumulate) this.session.run('clear', {});
  }

  private async initialValue(
    spec: ParameterSpec,
    number: number,
    read: (name: string) => Promise<Float32Array>,
  ): Promise<Float32Array> {
    const { base, plan, initial, seed } = this.options;
    const given = initial?.get(spec.name);
    if (given) return given;
    const added = plan.method.added.find(({ name }) => name === spec.name);
    if (!added) return base.read(spec.name);
    return plan.method.initialize(added, new Pcg64([seed, 1, number]), read);
  }
}
