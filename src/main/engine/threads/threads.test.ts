import { describe, expect, it, onTestFinished } from 'vitest';
import { fault, Fault } from '../../../shared/faults/index.ts';
import type { tasks } from './test-support.ts';
import {
  endText,
  runTask,
  taskModule,
  Threads,
  type AskOptions,
  type Progress,
  type ThreadOptions,
} from './threads.ts';

const testTasks = taskModule<typeof tasks>(import.meta.url, './test-support');

function open(options: ThreadOptions<typeof tasks> = {}) {
  const threads = new Threads(testTasks, options);
  onTestFinished(() => threads.close());
  return threads;
}

const reasons = async (asked: Promise<unknown>[]) =>
  (await Promise.allSettled(asked)).map((each) =>
    each.status === 'rejected' ? (each.reason as Error).message : each.value,
  );

describe('threads that stay', () => {
  it('answer one after the other what is more than they are, and remember', async () => {
    const threads = open();
    const answers = await Promise.all([1, 2, 3].map(() => threads.ask('count', undefined)));
    expect(answers).toEqual([1, 2, 3]);
    expect(await threads.ask('double', 21)).toBe(42);
  });

  it('end what takes longer than its deadline with its thread, and go on with the next in line', async () => {
    // No thread even starts in a millisecond.
    const ended: ThreadOptions<typeof tasks>['ended'] = (end, input) =>
      new Error(`${endText(end)}: ${String(input)}`);
    const threads = open({ deadlineMs: 1, ended });
    expect(await reasons([1, 2].map((n) => threads.ask('double', n)))).toEqual([
      'it takes longer than 1 s: 1',
      'it takes longer than 1 s: 2',
    ]);
  });

  it('end what is given up with its thread, or take it out of the line, and go on with the others', async () => {
    const threads = open();
    const [first, second] = [new AbortController(), new AbortController()];
    const given = [first, second].map(({ signal }) => threads.ask('wait', undefined, { signal }));
    const kept = threads.ask('double', 2);
    second.abort(new Error('second'));
    first.abort(new Error('first'));
    expect(await reasons([...given, kept])).toEqual(['first', 'second', 4]);
    const { signal } = first;
    await expect(threads.ask('double', 2, { signal })).rejects.toThrow('first');
  });

  it('refuse what waits when they are closed', async () => {
    const threads = open();
    const asked = reasons([threads.ask('wait', undefined), threads.ask('double', 2)]);
    await threads.close();
    expect(await asked).toEqual(['"wait" has no answer: Graft ends.', '"double" has no answer: Graft ends.']);
  });

  it('that end by themselves say so, and the next question starts another', async () => {
    const threads = open();
    expect(await reasons([threads.ask('exit', undefined), threads.ask('count', undefined)])).toEqual([
      '"exit" has no answer: its thread ended early.',
      1,
    ]);
  });

  it('that fill their memory end with what was asked, and nothing else', async () => {
    const ended = () => fault('files/missing', { file: 'a' });
    const threads = open({
      limits: { maxOldGenerationSizeMb: 32 },
      ended: (end) => (end.kind === 'memory' ? ended() : new Error(end.kind)),
    });
    await expect(threads.ask('fill', undefined)).rejects.toMatchObject({ code: 'files/missing' });
    expect(await threads.ask('double', 1)).toBe(2);
  });
});

describe('one task', () => {
  const run = (options: AskOptions) => runTask(testTasks, 'wait', undefined, options);

  it('tells how far it is', async () => {
    const told: Progress[] = [];
    await runTask(testTasks, 'progress', 2, { onProgress: (now) => void told.push(now) });
    expect(told).toEqual([
      { phase: 'Reading', done: 1, total: 2, unit: 'rows' },
      { phase: 'Reading', done: 2, total: 2, unit: 'rows' },
      { phase: 'Writing', done: 1, total: 1, unit: 'files' },
    ]);
  });

  it('throws its fault as the same fault, and a defect by its message', async () => {
    const refused = await runTask(testTasks, 'refuse', 'a.csv').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Fault);
    expect((refused as Fault).toJSON()).toEqual(fault('files/missing', { file: 'a.csv' }).toJSON());
    await expect(runTask(testTasks, 'fail', 'boom')).rejects.toThrow(/^boom$/);
  });

  it('ends when it is given up, before or in the middle', async () => {
    const abort = new AbortController();
    const running = run({ signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect(run({ signal: abort.signal })).rejects.toThrow('enough');
  });

  it('leaves its thread to the next task of its module; two at a time and what is bounded have their own', async () => {
    const count = (options = {}) => runTask(testTasks, 'count', undefined, options);
    const first = await count();
    expect(await count()).toBe(first + 1);
    expect(await count({ limits: { maxOldGenerationSizeMb: 512 } })).toBe(1);
    expect((await Promise.all([count(), count()])).sort()).toEqual([1, first + 2]);
  });
});
