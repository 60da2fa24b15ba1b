/** The examples of CONTRIBUTING.md do what it says of them. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { methods } from '../../shared/methods/index.ts';
import type { Method } from '../../shared/methods/method.ts';
import { contributingExamples } from './contributing-test-support.ts';
import { writeMerged } from './export/test-support.ts';
import { temporaryFolder } from './formats/test-support.ts';
import { goldenTexts } from './models/test-support.ts';
import type { MethodType } from './peft/method.ts';
import { methodTypes } from './peft/methods.ts';
import { openPredictor } from './predict.ts';
import { experiment, lossesOf, project, run } from './training/test-support.ts';

it('a method is a file a side and a line in each registry: it trains, and merged it answers the same', async () => {
  const found = await contributingExamples();
  (methods as Method[]).push(found['src/shared/methods/gain.ts']!['gain'] as Method);
  (methodTypes as MethodType[]).push(found['src/main/engine/peft/gain.ts']!['gain'] as MethodType);
  try {
    const dir = await project();
    const adapter = { peft_type: 'GAIN', task_type: 'SEQ_CLS', target_modules: ['query', 'output.dense'] };
    const result = await run(dir, { adapter });
    // Three layers of 32 outputs in each of two blocks, and the head.
    expect(result.parameters.trainable).toBe(2 * 3 * 32 + 66);
    const losses = await lossesOf(dir);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);

    const merged = await temporaryFolder();
    await writeMerged(path.join(dir, 'out'), merged);
    const answers = async (model: string, trained?: string): Promise<Float32Array> => {
      const options = { precision: 'fp32', head: 'sequence', folded: false } as const;
      const predictor = await openPredictor({ model, adapter: trained, ...options });
      try {
        return await predictor.logits((await goldenTexts()).texts);
      } finally {
        predictor.close();
      }
    };
    const [beside, folded] = [await answers(experiment.model, path.join(dir, 'out')), await answers(merged)];
    folded.forEach((value, i) => expect(value).toBeCloseTo(beside[i]!, 4));
  } finally {
    (methods as Method[]).pop();
    (methodTypes as MethodType[]).pop();
  }
});
