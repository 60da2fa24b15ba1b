import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { forkEngine } from '../../web/web-host.ts';
import { testHost } from '../test-support-host.ts';
import { testBackend, workspaceFolder } from '../test-support.ts';
import { endFault, EngineRun, runEngineJob } from '../jobs/engine-run.ts';
import { isAlive } from '../../engine/formats/temporary.ts';
import { waitForEnd } from './other-runs.ts';
import { atStep, inState, longTraining, outcomeOf, seedStore, smallSpec } from './test-support.ts';

const entry = fileURLToPath(new URL('./test-support-process.ts', import.meta.url));

/** A backend in a process of its own that trains `spec`; resolves when it has made so many steps. */
async function startBackend(dir: string, spec: unknown, steps: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [entry, dir, JSON.stringify(spec)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, data } = JSON.parse(line) as { event?: string; data?: { curve: { step: number[] } } };
    if (event === 'experiments/points' && data!.curve.step.at(-1)! >= steps) return child;
  }
  throw new Error('The backend ended.');
}

// Engines start several times here, on whatever machine.
const patient = { timeout: 240_000 };

describe('an engine that is killed', patient, () => {
  it('leaves an interrupted experiment that goes on from its checkpoint and ends with the same bytes', async () => {
    const backend = await testBackend();
    const seeded = await seedStore(backend);
    const training = { num_train_epochs: 20, eval_strategy: 'no' };
    const whole = await backend.call('experiments/create', { spec: smallSpec(seeded, training) });
    await inState(backend, whole.experiment.id, 'finished');
    const { experiment } = await backend.call('experiments/create', { spec: smallSpec(seeded, training) });
    await atStep(backend, experiment.id, 45);
    backend.host.engines.at(-1)!.kill('SIGKILL');
    const interrupted = await inState(backend, experiment.id, 'interrupted');
    expect(interrupted.fault!.message).toMatch(
      /^The training process was ended from outside \(SIGKILL\) at step \d+\.$/,
    );
    expect(interrupted.checkpointStep).toBeGreaterThanOrEqual(40);
    expect(interrupted.checkpointStep! % 20).toBe(0);
    expect(interrupted.fault!.remedy).toContain(`its checkpoint of step ${interrupted.checkpointStep}`);
    await backend.call('experiments/resume', { id: experiment.id });
    const finished = await inState(backend, experiment.id, 'finished');
    expect(finished.fault).toBeNull();
    const [own, other] = await Promise.all(
      [experiment.id, whole.experiment.id].map(async (id) => {
        const { folder } = await backend.call('experiments/read', { id });
        const { curve } = await backend.call('experiments/curve', { id });
        return { ...(await outcomeOf(folder)), loss: curve.loss, step: curve.step };
      }),
    );
    expect(own).toEqual(other);
  });

  it('ends by itself when its backend is killed; the next start says so and goes on to the same bytes', async () => {
    const dir = await workspaceFolder();
    const before = await testBackend(dir);
    const seeded = await seedStore(before);
    await before.close();
    const spec = smallSpec(seeded, { num_train_epochs: 20, eval_strategy: 'no' });
    const child = await startBackend(dir, spec, 21);
    child.kill('SIGKILL');
    await once(child, 'exit');

    const backend = await testBackend(dir);
    const { experiments } = await backend.call('experiments/list', {});
    const [interrupted] = experiments;
    expect(interrupted).toMatchObject({ state: 'interrupted', fault: { code: 'experiments/app-ended' } });
    const { id } = interrupted!;
    const pid = backend.context.db
      .prepare<[string], number>('SELECT runner_pid FROM experiments WHERE id = ?')
      .pluck()
      .get(id)!;
    await waitForEnd(pid);
    expect(isAlive(pid)).toBe(false);
    await backend.call('experiments/resume', { id });
    await inState(backend, id, 'finished');
    const { experiment } = await backend.call('experiments/create', { spec });
    await inState(backend, experiment.id, 'finished');
    const [own, whole] = await Promise.all(
      [id, experiment.id].map(async (one) => {
        const { folder } = await backend.call('experiments/read', { id: one });
        const { curve } = await backend.call('experiments/curve', { id: one });
        return { ...(await outcomeOf(folder)), step: curve.step, loss: curve.loss };
      }),
    );
    expect(own).toEqual(whole);
  });
});

describe('a store that cannot be written while a run ends', patient, () => {
  it('leaves no experiment that runs for ever: it is interrupted, and written down when there is room again', async () => {
    const backend = await testBackend();
    const seeded = await seedStore(backend);
    const { experiment } = await backend.call('experiments/create', {
      spec: smallSpec(seeded, longTraining),
    });
    const { id } = experiment;
    const waiting = await backend.call('experiments/create', { spec: smallSpec(seeded) });
    await atStep(backend, id, 4);
    const { db } = backend.context;
    const state = (): unknown => db.prepare('SELECT state FROM experiments WHERE id = ?').pluck().get(id);
    db.pragma('query_only = ON');
    backend.host.engines.at(-1)!.kill('SIGKILL');
    const ended = await inState(backend, id, 'interrupted');
    expect(ended.fault?.code).toBe('store/read-only');
    expect(state()).toBe('running');
    // Nothing else begins, and what a person asks for is refused with the reason instead of "is running".
    const refusal = backend.call('experiments/remove', { ids: [id] });
    await expect(refusal).rejects.toMatchObject({ fault: { code: 'store/read-only' } });
    expect((await backend.call('experiments/read', { id: waiting.experiment.id })).experiment.state).toBe(
      'queued',
    );

    db.pragma('query_only = OFF');
    await inState(backend, waiting.experiment.id, 'finished');
    expect(state()).toBe('interrupted');
    await backend.call('experiments/remove', { ids: [id] });
  });
});

describe('a backend that is closed', patient, () => {
  it('keeps a checkpoint of what runs, and the next one goes on from it', async () => {
    const first = await testBackend();
    const { experiment } = await first.call('experiments/create', {
      spec: smallSpec(await seedStore(first), longTraining),
    });
    await atStep(first, experiment.id, 4);
    await first.close();
    const backend = await testBackend(first.dir);
    const found = await inState(backend, experiment.id, 'interrupted');
    expect(found.fault).toMatchObject({ code: 'experiments/app-closed' });
    expect(found.checkpointStep).toBe(found.step);
    await backend.call('experiments/resume', { id: experiment.id });
    await atStep(backend, experiment.id, found.step + 1);
    await backend.call('experiments/pause', { id: experiment.id });
  });
});

describe('an engine process', patient, () => {
  it('that gives no sign of life is ended, and that is said', async () => {
    const engine = forkEngine();
    const run = new EngineRun({
      host: { ...testHost(), startEngine: () => engine },
      job: 'train',
      input: {},
      patience: { floorMs: 300, times: 1 },
    });
    process.kill(engine.pid!, 'SIGSTOP');
    const end = await run.ended;
    expect(end.kind).toBe('hung');
    if (end.kind === 'hung')
      expect(endFault(end, 7, 5).toJSON()).toMatchObject({
        code: 'experiments/hung',
        message: expect.stringMatching(/no sign of life for \d+ s at step 7/) as string,
        remedy: expect.stringContaining('checkpoint of step 5') as string,
      });
  });

  it('that aborts has run out of memory, and one that exits has crashed', async () => {
    const host = testHost();
    const aborted = new EngineRun({ host, job: 'train', input: {} });
    process.kill(host.engines[0]!.pid!, 'SIGABRT');
    expect(await aborted.ended).toEqual({ kind: 'memory' });
    const crashed = new EngineRun({ host, job: 'train', input: {} });
    process.kill(host.engines[1]!.pid!, 'SIGSEGV');
    expect(await crashed.ended).toEqual({ kind: 'crashed', code: 'SIGSEGV' });
  });

  it('gives a fault for a job that it does not have, and ends', async () => {
    await expect(runEngineJob({ host: testHost(), job: 'nothing', input: {} })).rejects.toMatchObject({
      code: 'backend/defect',
      message: expect.stringContaining('The engine has no job nothing') as string,
    });
  });
});
