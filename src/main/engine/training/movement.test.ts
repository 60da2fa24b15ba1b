import { describe, expect, it } from 'vitest';
import type { Moved } from '../../../shared/contract/experiments.ts';
import type { JobEvent } from '../jobs.ts';
import { project, run, watched, type Given } from './test-support.ts';
import { Movement } from './movement.ts';

async function movedBy(given: Given): Promise<Extract<JobEvent, { type: 'moved' }>> {
  const { context, events } = watched();
  await run(await project(), { ...given, context });
  const found = events.filter((event) => event.type === 'moved');
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('what the first steps moved', () => {
  it('is with LoRA every added tensor and the head, and no weight of the base', async () => {
    const { moved, unmoved, frozen, unexpected } = await movedBy({});
    expect(moved.filter((name) => name.includes('lora_A'))).not.toEqual([]);
    expect(moved.every((name) => name.includes('lora_') || name.startsWith('classifier.'))).toBe(true);
    expect({ unmoved, unexpected }).toEqual({ unmoved: [], unexpected: [] });
    expect(frozen).toBeGreaterThan(20);
  });

  it('is known in bf16 too, and after a warm-up that begins with a learning rate of 0', async () => {
    const { unmoved, unexpected, frozen } = await movedBy({
      training: { precision: 'bf16', warmup_steps: 3 },
    });
    expect({ unmoved, unexpected }).toEqual({ unmoved: [], unexpected: [] });
    expect(frozen).toBeGreaterThan(20);
  });

  it('names a frozen tensor that changed and a trained one that did not', () => {
    const sums = [
      { a: 1, b: 2, base: 3 },
      { a: 5, b: 2, base: 4 },
    ].map((values) => new Map(Object.entries(values)));
    let found: Moved | undefined;
    const trained = ['a', 'b'].map((name) => ({ name, shape: [1] }));
    const plan = { trained } as unknown as ConstructorParameters<typeof Movement>[1];
    const movement = new Movement({ checksums: () => sums.shift()! }, plan, (moved) => (found = moved));
    for (const rate of [0, 1e-3, 1e-3, 1e-3]) movement.updated(rate);
    expect(found).toEqual({ moved: ['a'], unmoved: ['b'], frozen: 0, unexpected: ['base'] });
  });
});
