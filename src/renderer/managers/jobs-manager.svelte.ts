import type { Job } from '../../shared/contract.ts';
import { RefusedError } from '../../shared/rpc-client.ts';
import { Resource, withChanged } from '../resource.svelte.ts';
import { rpc as connection, type Rpc } from '../rpc.ts';

/** Long work that is not an experiment, by age: what is under way, and what ended and was not dismissed. */
export class JobsManager extends Resource<readonly Job[]> {
  constructor(rpc: Rpc) {
    super(rpc, async () => (await rpc.call('jobs/list', {})).jobs, {
      'jobs/changed': (job, jobs) => withChanged(jobs ?? [], job, true),
    });
  }

  get jobs(): readonly Job[] {
    return this.value ?? [];
  }
  get running(): readonly Job[] {
    return this.jobs.filter(isOpen);
  }
  job(id: string | null): Job | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  /** Forgets a job that has ended, here and in the backend. */
  dismiss(id: string): void {
    this.patch((jobs) => jobs.filter((job) => job.id !== id));
    // Where the connection was lost it is listed once more.
    this.rpc.call('jobs/dismiss', { id }).catch(() => undefined);
  }

  /** Resolves when the job has ended, however it did. Rejects with a RefusedError where it cannot be read or is gone. */
  finished(id: string): Promise<Job> {
    let stops: (() => void)[] = [];
    const ended = new Promise<Job>((resolve, reject) => {
      const look = (job: Job): void => {
        if (job.id === id && !isOpen(job)) resolve(job);
      };
      const ask = (): void =>
        void this.rpc
          .call('jobs/list', {})
          .then(({ jobs }) => {
            const job = jobs.find((listed) => listed.id === id);
            if (!job) throw new RefusedError(goneJob);
            look(job);
          })
          .catch(reject);
      // It may have ended while the connection was down.
      stops = [this.rpc.on('jobs/changed', look), this.rpc.on('system/restarted', ask)];
      ask();
    });
    return ended.finally(() => stops.forEach((stop) => stop()));
  }
}

const isOpen = ({ state }: Job): boolean => state === 'running' || state === 'paused';

const goneJob = {
  code: 'jobs/gone',
  message: 'This work is gone: Graft was started anew meanwhile.',
  remedy: 'Start it again.',
};

export const jobsManager = new JobsManager(connection);
