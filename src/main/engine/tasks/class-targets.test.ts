import { describe, expect, it } from 'vitest';
import { Graph, type Tensor } from '../graph/graph.ts';
import { gradients } from '../graph/gradients.ts';
import { crossEntropy } from '../graph/ops/loss.ts';
import { Session } from '../graph/session.ts';
import { relativeDifference } from '../graph/test-support.ts';
import { balancedWeights, lossTargets, stepWeight } from './single-label.ts';

const logits = Float32Array.of(0.5, -1, 2, 1.5, 0.25, -0.75, -2, 0, 1, 0.1, 0.2, 0.3);
const labels = [2, 0, 1, 0];
const weights = [0.5, 2, 1.5];

/** torch.nn.CrossEntropyLoss(weight, label_smoothing) on these logits and labels: loss and gradient. */
const torch: [string, number[] | null, number, number, number[]][] = [
  [
    'alone',
    null,
    0,
    0.7807347774505615,
    [
      0.043822597712278366, 0.009778142906725407, -0.0536007434129715, -0.07038991153240204,
      0.05145914852619171, 0.018930764868855476, 0.008779755793511868, -0.18512588739395142,
      0.17634612321853638, -0.17484760284423828, 0.08305624127388, 0.09179134666919708,
    ],
  ],
  [
    'with label smoothing',
    null,
    0.1,
    0.8532347679138184,
    [
      0.035489264875650406, 0.0014448091387748718, -0.036934077739715576, -0.05372324585914612,
      0.04312581568956375, 0.010597431100904942, 0.0004464220255613327, -0.1684592217206955,
      0.16801278293132782, -0.15818093717098236, 0.07472290843725204, 0.08345801383256912,
    ],
  ],
  [
    'with class weights',
    weights,
    0,
    0.8502887487411499,
    [
      0.058430131524801254, 0.013037524186074734, -0.07146766036748886, -0.031284406781196594,
      0.022870732471346855, 0.008413673378527164, 0.015608455054461956, -0.3291126787662506,
      0.3135042190551758, -0.07771004736423492, 0.03691388666629791, 0.040796153247356415,
    ],
  ],
  [
    'with both',
    weights,
    0.2,
    1.0375163555145264,
    [
      0.0497242771089077, -0.016881829127669334, -0.032842446118593216, 0.010139313526451588,
      0.0008646795176900923, -0.011003991588950157, 0.007160482928156853, -0.27754220366477966,
      0.27038171887397766, -0.05176154151558876, 0.019588882103562355, 0.03217265009880066,
    ],
  ],
];

/** The engine's loss and its gradient for given targets. */
async function lossOf(targets: Float32Array): Promise<{ loss: number; slope: Float32Array }> {
  const g = new Graph();
  const inputs = { x: g.placeholder('x', 'float32', [-1, 3]), t: g.placeholder('t', 'float32', [-1, 3]) };
  inputs.x.differentiable = true;
  const loss = crossEntropy(g, inputs.x, inputs.t);
  const [slope] = gradients(g, loss, g.scalar(1), [inputs.x]) as [Tensor];
  g.signature('run', inputs, { loss, slope });
  const session = await Session.open(g);
  const shape = [targets.length / 3, 3];
  const found = session.run('run', {
    x: { shape, data: logits.slice(0, targets.length) },
    t: { shape, data: targets },
  });
  session.close();
  return { loss: found['loss']![0]!, slope: found['slope'] as Float32Array };
}

describe('the loss is that of torch', () => {
  it.each(torch)('%s', async (_, classWeights, smoothing, expected, gradient) => {
    const targets = lossTargets(labels, 3, smoothing, classWeights, stepWeight(labels, classWeights));
    const { loss, slope } = await lossOf(targets);
    expect(loss).toBeCloseTo(expected, 5);
    expect(relativeDifference(slope, gradient)).toBeLessThan(1e-5);
  });

  it('and that of a whole step when it comes in micro-batches', () => {
    for (const classWeights of [null, weights]) {
      const weight = stepWeight(labels, classWeights);
      const whole = lossTargets(labels, 3, 0.1, classWeights, weight);
      const parts = [labels.slice(0, 3), labels.slice(3)].map((part) =>
        lossTargets(part, 3, 0.1, classWeights, weight),
      );
      expect(Float32Array.from(parts.flatMap((part) => Array.from(part)))).toEqual(whole);
    }
  });
});

describe('balanced class weights', () => {
  it("are those of scikit-learn's class_weight='balanced'", () => {
    // compute_class_weight('balanced', classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2])
    expect(balancedWeights([0, 0, 0, 1, 2, 2], 3)).toEqual([6 / 9, 2, 1]);
  });

  it('give a class without rows no weight', () => {
    expect(balancedWeights([0, 2], 3)).toEqual([2 / 3, 0, 2 / 3]);
  });
});
