import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventName, EventOf, Handlers, InputOf, OutputOf } from '../../../shared/contract.ts';
import { methods } from '../../../shared/contract.ts';
import type { datasetMethods, DataSource, Mapping } from '../../../shared/contract/datasets.ts';
import type { Job } from '../../../shared/contract/jobs.ts';
import { Fault } from '../../../shared/faults/index.ts';
import { openDatabase } from '../../storage/database.ts';
import { openWorkspace } from '../../storage/workspace.ts';
import type { BackendContext } from '../context.ts';
import type { Host } from '../host.ts';
import { Jobs } from '../jobs/jobs.ts';
import { datasetHandlers } from './datasets.ts';

type DatasetMethod = keyof typeof datasetMethods;

const host: Host = {
  kind: 'cli',
  startEngine: () => {
    throw new Error('Data sets start no engine.');
  },
  pick: () => Promise.resolve(null),
  reveal: () => Promise.resolve(false),
  secrets: { available: false, read: () => Promise.resolve(null), write: () => Promise.resolve() },
  notify: () => undefined,
  showProgress: () => undefined,
};

/** The data sets area over a workspace of its own, asked as a window asks it: both sides of the contract are checked. */
export class TestArea {
  readonly dir: string;
  readonly context: BackendContext;
  readonly events: { event: string; data: unknown }[] = [];
  private readonly handlers: Handlers<DatasetMethod>;
  private readonly closing: (() => Promise<void>)[] = [];

  static async open(dir?: string): Promise<TestArea> {
    return new TestArea(dir ?? (await mkdtemp(join(tmpdir(), 'graft-datasets-'))));
  }

  private constructor(dir: string) {
    this.dir = dir;
    const workspace = openWorkspace(join(dir, 'workspace'));
    const emit = <Name extends EventName>(event: Name, data: EventOf<Name>) =>
      void this.events.push({ event, data });
    this.context = {
      workspace,
      db: openDatabase(workspace.database),
      host,
      jobs: new Jobs((job) => emit('jobs/changed', job)),
      emit,
      onClose: (work) => void this.closing.push(work),
    };
    this.handlers = datasetHandlers(this.context);
  }

  async ask<Name extends DatasetMethod>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
    const handler = this.handlers[name] as (input: unknown) => unknown;
    const output = (await handler(methods[name].input.parse(input))) ?? {};
    return methods[name].output.parse(output) as OutputOf<Name>;
  }

  /** A file beside the workspace. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const file = join(this.dir, name);
    await writeFile(file, content);
    return file;
  }

  /** Waits for a job; what it failed with is thrown. */
  async result(jobId: string): Promise<string> {
    const job = await this.context.jobs.finished(jobId);
    if (job.fault) throw new Fault(job.fault.code, job.fault);
    if (job.result === null) throw new Error(`${job.title} is ${job.state}.`);
    return job.result;
  }

  /** Imports files; the id of the version. */
  async import(
    files: string | string[],
    mapping: Partial<Mapping> = {},
    more: ImportOptions = {},
  ): Promise<string> {
    const { jobId } = await this.startImport(files, mapping, more);
    return this.result(jobId);
  }

  startImport(files: string | string[], mapping: Partial<Mapping> = {}, more: ImportOptions = {}) {
    const { source, ...rest } = more;
    return this.ask('datasets/import', {
      source: {
        kind: 'files',
        files: [files].flat().map((path) => ({ path, split: null })),
        ...source,
      },
      name: 'test',
      mapping: { text: 'text', textPair: null, label: 'label', split: null, extra: [], ...mapping },
      ...rest,
    });
  }

  /** Every row of a version, 500 at most. */
  async rows(versionId: string, more: Partial<InputOf<'datasets/rows'>> = {}) {
    return this.ask('datasets/rows', { versionId, limit: 500, ...more });
  }

  jobs(): Promise<Job[]> {
    return Promise.resolve(this.context.jobs.handlers['jobs/list']({})).then(({ jobs }) => jobs);
  }

  async close(): Promise<void> {
    await this.context.jobs.close();
    for (const work of this.closing.splice(0)) await work();
    this.context.db.close();
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

type ImportOptions = Partial<Omit<InputOf<'datasets/import'>, 'source' | 'mapping'>> & {
  source?: Partial<Extract<DataSource, { kind: 'files' }>>;
};
