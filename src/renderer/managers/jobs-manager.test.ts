import { describe, expect, it } from 'vitest';
import type { Job } from '../../shared/contract/jobs.ts';
import { fakeBackend } from '../fake-backend.ts';
import { JobsManager } from './jobs-manager.svelte.ts';

const job = (change: Partial<Job> = {}): Job => ({
  id: 'j',
  kind: 'runtime',
  title: 'Installing cuda.zip',
  state: 'running',
  phase: '',
  done: 0,
  total: 0,
  unit: '',
  startedAt: 0,
  rate: null,
  fault: null,
  result: null,
  canPause: false,
  ...change,
});

function backend(...listed: Job[]) {
  const state = { listed };
  const fake = fakeBackend({
    'jobs/list': () => ({ jobs: state.listed }),
    'jobs/dismiss': ({ id }) => {
      state.listed = state.listed.filter((one) => one.id !== id);
      return {};
    },
  });
  return { ...fake, state, manager: new JobsManager(fake.rpc) };
}

describe('a job that has ended', () => {
  it('is there until it is dismissed, then no more', () => {
    const { manager, emit, asked } = backend();
    const off = manager.listen();
    emit('jobs/changed', job());
    emit('jobs/changed', job({ state: 'done' }));
    expect(manager.running).toEqual([]);
    expect(manager.job('j')?.state).toBe('done');
    manager.dismiss('j');
    expect(manager.jobs).toEqual([]);
    expect(asked.at(-1)).toEqual({ method: 'jobs/dismiss', input: { id: 'j' } });
    off();
  });

  it('while it was awaited is told at once', async () => {
    const { manager, emit } = backend(job());
    const finished = manager.finished('j');
    emit('jobs/changed', job({ state: 'failed' }));
    expect((await finished).state).toBe('failed');
  });

  it('while the connection was down is found when it is back', async () => {
    const { manager, emit, state } = backend(job());
    const finished = manager.finished('j');
    state.listed = [job({ state: 'done' })];
    emit('system/restarted', {});
    expect((await finished).state).toBe('done');
  });

  it('with a backend that was started anew is gone', async () => {
    const { manager, emit, state } = backend(job());
    const finished = manager.finished('j');
    state.listed = [];
    emit('system/restarted', {});
    await expect(finished).rejects.toThrow('gone');
  });
});
