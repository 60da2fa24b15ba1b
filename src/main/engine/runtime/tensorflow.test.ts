import { describe, expect, it } from 'vitest';
import { precisions } from '../../../shared/settings/training.ts';
import { precisionOf } from '../jobs/index.ts';
import { roundsToTf32 } from './matmul-speed.ts';
import { computeEnvironment, loadTensorFlow } from './tensorflow.ts';

describe('TensorFlow is loaded', () => {
  it('with TF32 where a run asks for it and nowhere else, and deterministic always', () => {
    const found = precisions.map((precision) => {
      const { NVIDIA_TF32_OVERRIDE, TF_DETERMINISTIC_OPS } = computeEnvironment(precision);
      return [precision, NVIDIA_TF32_OVERRIDE, TF_DETERMINISTIC_OPS];
    });
    expect(found).toEqual([
      ['fp32', '0', '1'],
      ['tf32', undefined, '1'],
      ['bf16', '0', '1'],
    ]);
  });

  it('by the engine for the precision of the run that it is started for', () => {
    const input = { config: { training: { precision: 'tf32' } } };
    expect(['train', 'time', 'baselines', 'export'].map((job) => precisionOf(job, input))).toEqual([
      'tf32',
      'tf32',
      'fp32',
      'fp32',
    ]);
    expect(precisionOf('train', { config: {} })).toBe('fp32');
  });

  it('so that it reads those variables, whatever stood in them before', () => {
    Object.assign(process.env, { NVIDIA_TF32_OVERRIDE: '1', TF_DETERMINISTIC_OPS: '0' });
    const tf = loadTensorFlow('fp32');
    expect(process.env).toMatchObject({ NVIDIA_TF32_OVERRIDE: '0', TF_DETERMINISTIC_OPS: '1' });
    // What a deterministic TensorFlow refuses: random numbers that start from the clock.
    const { binding } = tf.backend() as unknown as { binding: Drawing };
    const attribute = (name: string, type: number, value: number) => ({ name, type, value });
    const draw = (): unknown =>
      binding.executeOp(
        'RandomUniform',
        [
          attribute('dtype', binding.TF_ATTR_TYPE, binding.TF_FLOAT),
          attribute('T', binding.TF_ATTR_TYPE, binding.TF_INT32),
          attribute('seed', binding.TF_ATTR_INT, 0),
          attribute('seed2', binding.TF_ATTR_INT, 0),
        ],
        [binding.createTensor([1], binding.TF_INT32, new Int32Array([4]))],
        1,
      );
    expect(draw).toThrow('When determinism is enabled, random ops must have a seed specified');
    expect(roundsToTf32(tf)).toBe(false);
  });
});

interface Drawing {
  executeOp(name: string, attributes: object[], inputs: number[], outputs: number): unknown;
  createTensor(shape: number[], dtype: number, values: Int32Array): number;
  TF_ATTR_TYPE: number;
  TF_ATTR_INT: number;
  TF_FLOAT: number;
  TF_INT32: number;
}
