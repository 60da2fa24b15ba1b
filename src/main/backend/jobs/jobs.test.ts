import { describe, expect, it } from 'vitest';
import { fault } from '../../../shared/faults/index.ts';
import type { Job } from '../../../shared/contract/jobs.ts';
import { Jobs, type JobControl } from './jobs.ts';

function watched() {
  const told: Job[] = [];
  return { told, jobs: new Jobs((job) => void told.push(job)) };
}

const untilAborted = ({ signal }: JobControl) =>
  new Promise<null>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('Jobs', () => {
  it('tells the beginning, the progress and the result', async () => {
    const { jobs, told } = watched();
    const { id } = jobs.start({
      kind: 'import',
      title: 'Importing a.csv',
      work: async ({ progress }) => {
        progress({ phase: 'reading', done: 5, total: 10, unit: 'rows' });
        return Promise.resolve('version-1');
      },
    });
    const ended = await jobs.finished(id);
    expect(ended).toMatchObject({ state: 'done', result: 'version-1', done: 5, total: 10, fault: null });
    expect(told.at(0)?.state).toBe('running');
    expect(told.at(-1)?.state).toBe('done');
  });

  it('gives a failure as its fault, and an unforeseen one as a defect', async () => {
    const { jobs } = watched();
    const failing = (error: Error) =>
      jobs.start({ kind: 'import', title: 'x', work: () => Promise.reject(error) }).id;
    expect((await jobs.finished(failing(fault('files/missing', { file: 'a.csv' })))).fault?.code).toBe(
      'files/missing',
    );
    expect((await jobs.finished(failing(new TypeError('boom')))).fault?.code).toBe('backend/defect');
  });

  it('cancels what runs and what is paused, and waits until it has ended', async () => {
    const { jobs } = watched();
    const running = jobs.start({ kind: 'import', title: 'x', work: untilAborted });
    await jobs.handlers['jobs/cancel']({ id: running.id });
    expect((await jobs.finished(running.id)).state).toBe('cancelled');

    const paused = jobs.start({
      kind: 'download',
      title: 'x',
      canPause: true,
      work: async (control) => {
        await new Promise<void>((resolve) => control.onPause(resolve));
        await control.unpaused();
        return null;
      },
    });
    await jobs.handlers['jobs/pause']({ id: paused.id });
    await jobs.handlers['jobs/cancel']({ id: paused.id });
    expect((await jobs.finished(paused.id)).state).toBe('cancelled');
  });

  it('holds a paused job until it is resumed', async () => {
    const { jobs } = watched();
    const { id } = jobs.start({
      kind: 'download',
      title: 'x',
      canPause: true,
      work: async (control) => {
        await new Promise<void>((resolve) => control.onPause(resolve));
        await control.unpaused();
        return 'whole';
      },
    });
    await jobs.handlers['jobs/pause']({ id });
    const { jobs: listed } = await jobs.handlers['jobs/list']({});
    expect(listed[0]?.state).toBe('paused');
    await jobs.handlers['jobs/resume']({ id });
    expect(await jobs.finished(id)).toMatchObject({ state: 'done', result: 'whole' });
  });

  it('does not pause what cannot be paused, and knows no job of another name', async () => {
    const { jobs } = watched();
    const { id } = jobs.start({ kind: 'import', title: 'x', work: untilAborted });
    await jobs.handlers['jobs/pause']({ id });
    const { jobs: listed } = await jobs.handlers['jobs/list']({});
    expect(listed[0]?.state).toBe('running');
    expect(() => jobs.handlers['jobs/pause']({ id: 'none' })).toThrow(/no job none/);
    await jobs.close();
    expect((await jobs.finished(id)).state).toBe('cancelled');
  });
});
