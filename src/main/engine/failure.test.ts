import { describe, expect, it } from 'vitest';
import { fault } from '../../shared/faults/index.ts';
import { faultOf } from './failure.ts';

describe('a failure of an engine job', () => {
  it('that TensorFlow words as exhausted memory is said to be that', () => {
    const texts = [
      'OOM when allocating tensor with shape[512,3072]',
      'RESOURCE_EXHAUSTED: failed to allocate memory',
      'std::bad_alloc',
    ];
    for (const text of texts)
      expect(faultOf('train', new Error(text)).code).toBe('experiments/out-of-memory');
  });

  it('that comes of a full disk names the file', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      path: '/runs/1/events.jsonl',
    });
    expect(faultOf('train', error)).toMatchObject({
      code: 'files/disk-full',
      message: expect.stringContaining('/runs/1/events.jsonl') as string,
    });
  });

  it('that is a fault stays what it is, and anything else is a defect without a stack trace', () => {
    const known = fault('experiments/engine-start', { detail: 'no file' });
    expect(faultOf('train', known)).toEqual(known.toJSON());
    expect(faultOf('train', new TypeError('x is not a function.\n    at y'))).toMatchObject({
      code: 'backend/defect',
      message: 'train failed in an unforeseen way: x is not a function.',
    });
  });
});
