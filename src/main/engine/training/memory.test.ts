import { expect, it } from 'vitest';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { openBaseModel } from '../models/base-model.ts';
import { goldenBert } from '../models/test-support.ts';
import { planAdapter } from '../peft/adapter.ts';
import { loraFields } from '../peft/test-support.ts';
import { Stepper } from './stepper.ts';
import { lossTargets, singleLabel } from '../tasks/single-label.ts';

it('resident memory does not grow with the number of steps, whatever the lengths of the texts', async () => {
  const base = await openBaseModel(goldenBert('seed1'), { head: 'sequence' });
  const stepper = await Stepper.open({
    task: singleLabel,
    base,
    plan: planAdapter(base, loraFields, 'adapter'),
    seed: 1,
    precision: 'fp32',
    attention: { kind: 'grouped', groups: 4 },
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1, weightDecay: 0 },
    accumulate: false,
  });
  const random = new Pcg64(3);
  const drawn = (): { inputIds: Int32Array } => ({
    inputIds: Int32Array.from({ length: 2 + random.integers(60) }, () => 5 + random.integers(500)),
  });
  let early = 0;
  for (let step = 1; step <= 800; step++) {
    const targets = lossTargets(
      Array.from({ length: 8 }, () => step % 5),
      5,
      0,
      null,
      8,
    );
    stepper.step([{ texts: Array.from({ length: 8 }, drawn), targets }], 1e-4, step);
    if (step === 50) early = process.memoryUsage.rss();
    if (step % 50 === 0) await new Promise(setImmediate);
  }
  // Unrounded lengths made it grow by a quarter: a kernel for each new shape.
  expect(process.memoryUsage.rss() / early).toBeLessThan(1.1);
  stepper.close();
  await base.close();
});
