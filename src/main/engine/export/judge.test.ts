import { expect, it } from 'vitest';
import { judge, type JudgeOptions } from './judge.ts';
import { outcomeSchema } from './verification.ts';

const options: JudgeOptions = {
  target: 'onnx',
  precision: 'fp32',
  width: 2,
  expected: null,
  mostPointsLost: 1,
};

it.each([
  ['that are no numbers', Float32Array.of(1, NaN), 'onnx', /Some of its logits are no numbers/],
  ['that are no numbers', Float32Array.of(1, NaN), 'embedding', /Some of its vectors are no numbers/],
  ['that are too few', Float32Array.of(1), 'onnx', /It gave 1 numbers instead of 2/],
] as const)(
  'answers %s fail a proof, which can be written and read all the same',
  (_, found, target, reason) => {
    const outcome = {
      ...judge(Float32Array.of(1, 2), found, { ...options, target }),
      latency_ms: { batch_1: 1, batch_32: 1 },
    };
    expect(outcome).toMatchObject({ passed: false, reason: expect.stringMatching(reason) as string });
    expect(outcomeSchema.parse(JSON.parse(JSON.stringify(outcome)))).toEqual(outcome);
  },
);
