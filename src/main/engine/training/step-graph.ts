import { Graph, type Node, type Tensor, type Variable } from '../graph/graph.ts';
import { gradients } from '../graph/gradients.ts';
import { DropoutSource } from '../graph/ops/dropout.ts';
import { binary, unary } from '../graph/ops/raw.ts';
import { reachable } from '../graph/saved-model.ts';
import type { BaseModel } from '../models/base-model.ts';
import { Layers } from '../models/layers.ts';
import { elements, groupBySize, Parameters } from '../models/parameters.ts';
import { tokenInputs, type Attention, type TokenInputs } from '../models/token-inputs.ts';
import type { PeftMethod } from '../peft/method.ts';
import type { EngineTask } from '../tasks/task.ts';
import { addChecksums } from './checksums.ts';
import { adamW, loraPlusRate, type AdamWInputs, type AdamWSettings, type Trained } from './optimizer.ts';

export interface StepGraphOptions {
  task: EngineTask;
  base: Pick<BaseModel, 'encoder' | 'head' | 'parameters'>;
  method: PeftMethod;
  trainable: ReadonlySet<string>;
  compute: 'float32' | 'bfloat16';
  attention: Attention;
  optimizer: AdamWSettings;
  /** Gradients of several micro-batches are summed before an update. */
  accumulate: boolean;
  /** Kernels that exist on the CPU only. */
  fused: boolean;
}

export interface StepGraph {
  graph: Graph;
  inputs: TokenInputs;
  /** Parameter names by loading signature. */
  loading: ReadonlyMap<string, string[]>;
  /** Names by signature, for the optimizer state's `read_…` and `restore_…`. */
  state: ReadonlyMap<string, string[]>;
  /** Signatures whose outputs are the checksums of all parameters, by name. */
  checksums: readonly string[];
}

/**
 * The whole training step as one graph. Signatures: `train` (forward, backward, update), or `accumulate` and `apply`;
 * `load_…` takes parameters in; `read_…` and `restore_…` carry parameters and both moments out and in; `checksum_…`.
 */
export function buildStepGraph(options: StepGraphOptions): StepGraph {
  const { method, trainable } = options;
  const { loraPlus } = options.optimizer;
  const { encoder } = options.base;
  const g = new Graph();
  const parameters = new Parameters(g, [...options.base.parameters, ...method.added], trainable);
  const inputs = tokenInputs(g, 'train', options.attention, encoder.config.heads);
  const seed = g.placeholder('train/seed', 'int32', [2]);
  const targets = g.placeholder('train/targets', 'float32', [-1, -1]);
  const layers = new Layers({
    graph: g,
    parameters,
    compute: options.compute,
    dropout: new DropoutSource(seed),
    hooks: method.hooks,
    fused: options.fused,
  });
  const logits = encoder.output(layers, inputs.batch);
  const loss = options.task.loss(g, logits, targets);
  const rates = new Map(method.added.map((added) => [added.name, added.rate]));
  const trained = [...parameters.trainable].map(([name, { variable, value }]): Trained => {
    const moment = (kind: string): Variable =>
      g.variable(`${name}.moment_${kind}`, 'float32', variable.shape);
    const plus = loraPlus ? loraPlusRate(name, variable.shape, loraPlus) : 1;
    const rate = plus * (rates.get(name) ?? 1);
    return { name, variable, value, firstMoment: moment('m'), secondMoment: moment('v'), rate };
  });
  const slopes = gradients(
    g,
    loss,
    g.scalar(1),
    trained.map(({ value }) => value),
  );
  const scalar = (key: string): Tensor => g.placeholder(`update/${key}`, 'float32', []);
  const hyper: AdamWInputs = { rate: scalar('rate'), epsilon: scalar('epsilon'), keep: scalar('keep') };
  const batch = { ...inputs.placeholders, seed, targets };
  if (options.accumulate) addAccumulation(g, trained, slopes, hyper, options.optimizer, batch, loss);
  else {
    const { norm, updates } = adamW(g, trained, slopes, hyper, options.optimizer);
    g.signature(
      'train',
      { ...batch, ...hyper },
      { loss: g.after(loss, updates), norm: g.after(norm, updates) },
    );
  }
  const state = addState(g, trained);
  const used = reachable(g);
  const loading = parameters.addLoading(used);
  const held = new Map(trained.map(({ name, variable }) => [name, [variable]]));
  for (const [name, variants] of parameters.frozenUsed(used))
    held.set(
      name,
      variants.map(({ variable }) => variable),
    );
  return { graph: g, inputs, loading, state, checksums: addChecksums(g, held) };
}

function addAccumulation(
  g: Graph,
  trained: readonly Trained[],
  slopes: readonly Tensor[],
  hyper: AdamWInputs,
  settings: AdamWSettings,
  batch: Record<string, Tensor>,
  loss: Tensor,
): void {
  const sums = trained.map(({ name, variable }) => g.variable(`${name}.sum`, 'float32', variable.shape));
  const attributes = { dtype: { type: 'float32' } } as const;
  const added = sums.map(
    (sum, i) => g.node('AssignAddVariableOp', [sum.handle, slopes[i]!], attributes, [])[0]!.node,
  );
  g.signature('accumulate', batch, { loss: g.after(loss, added) });
  const totals = sums.map((sum) => g.read(sum));
  const { norm, updates } = adamW(g, trained, totals, hyper, settings);
  const cleared = sums.map((sum, i) => g.assign(sum, unary(g, 'ZerosLike', totals[i]!), updates));
  g.signature('apply', { ...hyper }, { norm: g.after(norm, cleared) });
  const zeroed = sums.map((sum, i) => g.assign(sum, unary(g, 'ZerosLike', trained[i]!.value)));
  g.signature('clear', {}, { done: g.after(g.scalar(1), zeroed) });
}

function addState(g: Graph, trained: readonly Trained[]): Map<string, string[]> {
  const signatures = new Map<string, string[]>();
  for (const group of groupBySize(trained, ({ variable }) => 12 * elements(variable.shape))) {
    const number = String(signatures.size);
    const outputs: Record<string, Tensor> = {};
    const inputs: Record<string, Tensor> = {};
    const assigned: Node[] = [];
    for (const { name, variable, firstMoment, secondMoment } of group) {
      for (const [kind, held] of Object.entries({ p: variable, m: firstMoment, v: secondMoment })) {
        outputs[`${kind}:${name}`] = binary(g, 'AddV2', g.read(held), g.scalar(0));
        const fed = g.placeholder(`restore_${number}/${kind}/${name}`, 'float32', held.shape);
        inputs[`${kind}:${name}`] = fed;
        assigned.push(g.assign(held, unary(g, 'DeepCopy', fed)));
      }
    }
    g.signature(`read_${number}`, {}, outputs);
    g.signature(`restore_${number}`, inputs, { done: g.after(g.scalar(1), assigned) });
    signatures.set(
      number,
      group.map(({ name }) => name),
    );
  }
  return signatures;
}
