import type { Graph, Node, Shape, Tensor, Variable } from '../graph/graph.ts';
import { binary, unary } from '../graph/ops/raw.ts';

export interface AdamWSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** 0: gradients are not clipped. */
  maxGradNorm: number;
  weightDecay: number;
  /** Absent: every parameter learns at the run's rate, but for what its method says. */
  loraPlus?: LoraPlus | undefined;
}

/** LoRA+ (Hayou et al. 2024). */
export interface LoraPlus {
  /** What B learns at, as a multiple of the run's rate. */
  ratio: number;
  /** What A and B of embeddings learn at, as a multiple of the run's rate. */
  embedding: number;
}

/** The multiple at which a parameter learns, as PEFT 0.21 groups them: vectors, biases among them, learn as B does. */
export function loraPlusRate(name: string, { length }: Shape, { ratio, embedding }: LoraPlus): number {
  if (/\.lora_embedding_[AB]$/.test(name)) return embedding;
  return name.includes('.lora_B.') || length === 1 ? ratio : 1;
}

/** A parameter with the optimizer's state; all float32 and of one shape. */
export interface Trained {
  name: string;
  variable: Variable;
  value: Tensor;
  firstMoment: Variable;
  secondMoment: Variable;
  /** Its learning rate as a multiple of the run's. */
  rate: number;
}

/** What a step feeds besides its batch; scalars. */
export interface AdamWInputs {
  rate: Tensor;
  epsilon: Tensor;
  keep: Tensor;
}

/**
 * torch.optim.AdamW after torch.nn.utils.clip_grad_norm_ (Loshchilov, Hutter 2017), in TensorFlow's fused kernel:
 * θ ← θ·keep, then θ ← θ - rate·m/(√v + ε), where `hyperparameters` puts the bias corrections into rate and ε.
 * @returns the norm before clipping, and the nodes that must run.
 */
export function adamW(
  g: Graph,
  trained: readonly Trained[],
  gradients: readonly Tensor[],
  inputs: AdamWInputs,
  settings: AdamWSettings,
): { norm: Tensor; updates: Node[] } {
  const norm = globalNorm(g, gradients);
  const clip =
    settings.maxGradNorm > 0
      ? binary(
          g,
          'Minimum',
          g.scalar(1),
          binary(g, 'RealDiv', g.scalar(settings.maxGradNorm), binary(g, 'AddV2', norm, g.scalar(1e-6))),
        )
      : undefined;
  const scaled = new Map([[1, inputs]]);
  const inputsAt = (rate: number): AdamWInputs => {
    const known = scaled.get(rate);
    if (known) return known;
    const lost = binary(g, 'Mul', binary(g, 'Sub', g.scalar(1), inputs.keep), g.scalar(rate));
    const keep = binary(g, 'Sub', g.scalar(1), lost);
    const own = { ...inputs, rate: binary(g, 'Mul', inputs.rate, g.scalar(rate)), keep };
    scaled.set(rate, own);
    return own;
  };
  const updates = trained.map((parameter, i) => {
    const own = inputsAt(parameter.rate);
    const gradient = clip ? binary(g, 'Mul', gradients[i]!, clip) : gradients[i]!;
    const decays = settings.weightDecay > 0 && isDecayed(parameter.name);
    const decayed = decays
      ? [g.assign(parameter.variable, binary(g, 'Mul', parameter.value, own.keep), [gradient.node])]
      : [];
    return applyAdam(g, parameter, gradient, own, settings, decayed);
  });
  return { norm, updates };
}

function applyAdam(
  g: Graph,
  { variable, firstMoment, secondMoment }: Trained,
  gradient: Tensor,
  { rate, epsilon }: AdamWInputs,
  { beta1, beta2 }: AdamWSettings,
  after: readonly Node[],
): Node {
  // With both powers 0 the kernel's own bias correction is 1; ours is in rate and epsilon.
  const inputs = [
    variable.handle,
    firstMoment.handle,
    secondMoment.handle,
    g.scalar(0),
    g.scalar(0),
    rate,
    g.scalar(beta1),
    g.scalar(beta2),
    epsilon,
    gradient,
  ];
  const attributes = {
    T: { type: 'float32' },
    use_locking: { bool: false },
    use_nesterov: { bool: false },
  } as const;
  return g.node('ResourceApplyAdam', inputs, attributes, [], after)[0]!.node;
}

/** √Σ g² over all gradients. */
function globalNorm(g: Graph, gradients: readonly Tensor[]): Tensor {
  const halves = gradients.map((gradient) =>
    g.op('L2Loss', [gradient], { T: { type: 'float32' } }, { dtype: 'float32', shape: [] }),
  );
  const attributes = { N: { int: halves.length }, T: { type: 'float32' } } as const;
  const sum = g.op('AddN', halves, attributes, { dtype: 'float32', shape: [] });
  return unary(g, 'Sqrt', binary(g, 'Mul', sum, g.scalar(2)));
}

/** transformers' rule (`get_decay_parameter_names`): no decay for biases and norms. */
export function isDecayed(name: string): boolean {
  return !/bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)/i.test(name);
}

/** The scalars of step t (from 1): the bias corrections 1 - β^t of Adam moved out of the kernel. */
export function hyperparameters(
  settings: AdamWSettings,
  learningRate: number,
  step: number,
): { rate: number; epsilon: number; keep: number } {
  const first = 1 - settings.beta1 ** step;
  const second = Math.sqrt(1 - settings.beta2 ** step);
  return {
    rate: (learningRate * second) / first,
    epsilon: settings.epsilon * second,
    keep: 1 - learningRate * settings.weightDecay,
  };
}
