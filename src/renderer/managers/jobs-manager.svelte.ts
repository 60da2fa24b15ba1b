import type { Job } from '../../shared/contract/jobs.ts';
import { rpc } from '../rpc.ts';

/** Long work that is not an experiment: downloads, imports, reports. */
class JobsManager {
  #jobs = $state.raw<ReadonlyMap<string, Job>>(new Map());

  get jobs(): readonly Job[] {
    return [...this.#jobs.values()];
  }
  get running(): readonly Job[] {
    return this.jobs.filter(({ state }) => state === 'running' || state === 'paused');
  }
  job(id: string | null): Job | undefined {
    return id === null ? undefined : this.#jobs.get(id);
  }

  /** Resolves when the job has ended, however it did. */
  finished(id: string): Promise<Job> {
    return new Promise((resolve) => {
      const look = (job: Job | undefined): boolean => {
        if (!job || job.id !== id || job.state === 'running' || job.state === 'paused') return false;
        off();
        resolve(job);
        return true;
      };
      const off = rpc.on('jobs/changed', look);
      void rpc.call('jobs/list', {}).then(({ jobs }) => look(jobs.find((job) => job.id === id)));
    });
  }

  listen(): () => void {
    const read = (): void =>
      void rpc
        .call('jobs/list', {})
        .then(({ jobs }) => (this.#jobs = new Map(jobs.map((job) => [job.id, job]))))
        .catch(() => undefined);
    read();
    const off = [
      rpc.on('jobs/changed', (job) => (this.#jobs = new Map(this.#jobs).set(job.id, job))),
      rpc.onConnection((connected) => connected && read()),
    ];
    return () => off.forEach((stop) => stop());
  }
}

export const jobsManager = new JobsManager();
