import { execFile } from 'node:child_process';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { faultOf, temporaryFolder, textOf } from '../formats/test-support.ts';
import { Checkpoints, initialProgress, type Progress } from './checkpoint.ts';
import type { TrainedState } from '../peft/method.ts';

const specs = [
  { name: 'layer.lora_A.weight', shape: [4, 50] },
  { name: 'classifier.bias', shape: [3] },
];

const rows = { count: 1, read: 'r', encoded: 'e' };
const inputs = { train: rows, eval: null, model: 'm' };

/** A state in which every value says where it belongs. */
function stateOf(step: number, sized = specs): TrainedState {
  return new Map(
    sized.map(({ name, shape }, i) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const values = (kind: number): Float32Array =>
        Float32Array.from({ length }, (_, j) => step + kind + i + j / 7);
      return [name, { p: values(1), m: values(2), v: values(3) }];
    }),
  );
}
const progressOf = (step: number): Progress => ({
  ...initialProgress(),
  step,
  totalLoss: step / 3,
  best: { step: 2, value: 0.1 },
});

async function written(steps: readonly number[]): Promise<{ dir: string; checkpoints: Checkpoints }> {
  const dir = await temporaryFolder();
  const checkpoints = new Checkpoints(dir, specs, 'config one', inputs);
  for (const step of steps) await checkpoints.write(progressOf(step), stateOf(step));
  return { dir, checkpoints };
}

describe('a checkpoint', () => {
  it('gives back what was written, bit for bit', async () => {
    const { checkpoints } = await written([7]);
    expect(await checkpoints.read(7)).toEqual({ progress: progressOf(7), state: stateOf(7), inputs });
  });

  it('is found among others by its number, and folders of other names are let be', async () => {
    const { dir, checkpoints } = await written([10, 9, 100]);
    await writeFile(path.join(dir, 'checkpoints/notes.txt'), 'mine');
    expect(await checkpoints.steps()).toEqual([9, 10, 100]);
    expect(await new Checkpoints(await temporaryFolder(), specs, '', inputs).steps()).toEqual([]);
  });

  it('takes the place of an earlier one of the same step', async () => {
    const { checkpoints } = await written([7]);
    await checkpoints.write(progressOf(7), stateOf(8));
    expect((await checkpoints.read(7)).state).toEqual(stateOf(8));
  });
});

describe('checkpoints beyond a limit', () => {
  it.each([
    [null, undefined, [1, 2, 3, 4]],
    [2, undefined, [3, 4]],
    [2, 1, [1, 4]],
    [1, 2, [2, 4]],
    [1, 4, [4]],
    [9, 1, [1, 2, 3, 4]],
  ])('go, oldest first: limit %s, best %s', async (limit, best, kept) => {
    const { checkpoints } = await written([1, 2, 3, 4]);
    await checkpoints.prune(limit, best);
    expect(await checkpoints.steps()).toEqual(kept);
  });
});

describe('a checkpoint that cannot be used is refused by name', () => {
  const refusal = async (dir: string, checkpoints: Checkpoints): Promise<string> =>
    textOf(await faultOf(() => checkpoints.read(7)), dir);

  it('because it comes from another configuration', async () => {
    const { dir } = await written([7]);
    expect(await refusal(dir, new Checkpoints(dir, specs, 'config two', inputs))).toBe(
      'checkpoints/checkpoint-7 comes from another configuration, so the run cannot go on from it. ' +
        'Resume with the config that the run was started with, or start anew with --overwrite.',
    );
  });

  it('because its state is cut', async () => {
    const { dir, checkpoints } = await written([7]);
    await truncate(path.join(dir, 'checkpoints/checkpoint-7/state.safetensors'), 1000);
    expect(await refusal(dir, checkpoints)).toMatch(/^checkpoints\/checkpoint-7\/state\.safetensors /);
  });

  it('because its progress is cut, or is none', async () => {
    const { dir, checkpoints } = await written([7]);
    const file = path.join(dir, 'checkpoints/checkpoint-7/progress.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.slice(0, 20));
    expect(await refusal(dir, checkpoints)).toMatch(
      /^checkpoints\/checkpoint-7\/progress\.json is not valid JSON/,
    );
    await writeFile(file, '{"step": 3}');
    expect(await refusal(dir, checkpoints)).toBe(
      'checkpoints/checkpoint-7/progress.json is not the progress of a run. ' +
        'Delete this checkpoint folder; the run then goes on from the one before.',
    );
  });
});

it('a disk that fills up while a checkpoint is written leaves the one before whole, and nothing half written', async () => {
  const disk = await temporaryFolder();
  const run = promisify(execFile);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  } catch {
    console.warn(
      'No small disk can be mounted here: what a full disk does to a checkpoint is not tested in this run.',
    );
    return;
  }
  onTestFinished(() => run('umount', [disk]).then(() => undefined));
  // Three values of 200 KB each: one checkpoint fits, two do not.
  const large = [{ name: 'weight', shape: [50, 1000] }];
  const checkpoints = new Checkpoints(disk, large, '', inputs);
  await checkpoints.write(progressOf(1), stateOf(1, large));
  const found = await faultOf(() => checkpoints.write(progressOf(2), stateOf(2, large)));
  expect(textOf(found, disk)).toMatch(
    /^The disk is full: .* could not be written\. What was there before is unchanged\. Free some space and go on/,
  );
  expect(await readdir(path.join(disk, 'checkpoints'))).toEqual(['checkpoint-1']);
  expect(await checkpoints.read(1)).toMatchObject({ progress: progressOf(1), state: stateOf(1, large) });
});
