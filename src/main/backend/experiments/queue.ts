import { answering } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { ResultStore } from '../../storage/experiment-results.ts';
import type { ExperimentRecord, ExperimentStore } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { isLive } from './other-runs.ts';
import { lastCheckpoint } from './run-folder.ts';
import type { Supervisor } from './supervisor.ts';
import type { Teller } from './teller.ts';

interface Parts {
  store: ExperimentStore;
  results: ResultStore;
  teller: Teller;
  supervisor: Supervisor;
  emit: BackendContext['emit'];
}

const running = new Set(['starting', 'running']);
const resumable = new Set(['paused', 'interrupted', 'failed', 'stopped']);

/** What a person does with experiments that wait, run, or have ended. */
export function queueHandlers({ store, results, teller, supervisor, emit }: Parts) {
  const wrong = ({ name, state }: ExperimentRecord, verb: string) =>
    fault('experiments/wrong-state', { name, state, verb });

  /** A run that ends with what it was asked to keep. Resolves when it has ended, or another program was told. */
  const end = async (record: ExperimentRecord, asked: 'pause' | 'stop', verb: string): Promise<void> => {
    if (supervisor.isCurrent(record.id)) return supervisor.ask(asked);
    if (!isLive(record)) throw wrong(record, verb);
    // As Ctrl-C does: the command line keeps a checkpoint and says so in the store.
    process.kill(record.runnerPid!, 'SIGINT');
  };
  const leaveQueue = (id: string, state: 'paused' | 'stopped'): void => {
    store.update(id, { state, queue_place: null, details: { finishing: false } });
    teller.changed(id);
  };
  const enqueue = (id: string, place: number, finishing: boolean): void => {
    store.update(id, { state: 'queued', queue_place: place, details: { finishing } });
    teller.changed(id);
    supervisor.wake();
  };

  return answering({
    'experiments/pause': async ({ id }) => {
      const record = store.record(id);
      if (record.state === 'queued' && !supervisor.isCurrent(id)) leaveQueue(id, 'paused');
      else await end(record, 'pause', 'pause');
    },
    'experiments/resume': async ({ id }) => {
      const record = store.record(id);
      const { state, name, folder, facts } = record;
      if (!resumable.has(state)) throw wrong(record, 'resume');
      const step = facts.checkpointStep;
      if (step !== null && (await lastCheckpoint(folder)) === null)
        throw fault('experiments/checkpoint-gone', { name, step });
      enqueue(id, store.lastPlace() + 1, false);
    },
    'experiments/stop': async ({ id }) => {
      const record = store.record(id);
      const waits = !supervisor.isCurrent(id) && !isLive(record);
      if (!waits) await end(record, 'stop', 'stop');
      else if (record.state === 'stopped' || !(record.state === 'queued' || resumable.has(record.state)))
        throw wrong(record, 'stop');
      // What a checkpoint holds becomes an adapter as soon as the device is free.
      else if ((await lastCheckpoint(record.folder)) !== null) enqueue(id, 0, true);
      else leaveQueue(id, 'stopped');
    },
    'experiments/move': ({ id, place }) => {
      const record = store.record(id);
      const order = store.queue();
      if (!order.includes(id)) throw wrong(record, 'move');
      const others = order.filter((other) => other !== id);
      store.reorder(others.toSpliced(place - 1, 0, id));
      for (const queued of order) teller.changed(queued);
    },
    'experiments/remove': ({ ids }) => {
      for (const record of ids.map((id) => store.record(id)))
        if (running.has(record.state) || supervisor.isCurrent(record.id))
          throw fault('experiments/is-running', { name: record.name });
      for (const id of ids) {
        store.update(id, { removed_at: Date.now() });
        results.setAdapterRemoved(id, Date.now());
      }
      emit('experiments/removed', { ids });
    },
    'experiments/restore': ({ ids }) => {
      for (const id of ids) {
        store.record(id);
        store.update(id, { removed_at: null });
        results.setAdapterRemoved(id, null);
        teller.changed(id);
      }
      supervisor.wake();
    },
  });
}
