import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  reportSchema,
  type DatasetReport,
  type Finding,
  type TokenLengths,
} from '../../../shared/contract/datasets.ts';
import { fault, Fault } from '../../../shared/faults/index.ts';
import { runTask } from '../../engine/threads/threads.ts';
import { keepReport, readReport, type VersionRow } from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';
import type { Job } from '../../../shared/contract/jobs.ts';
import { told, type JobControl } from '../jobs/jobs.ts';
import { knownModel } from '../models/presence.ts';
import { withTemporary } from './keep-version.ts';
import { presentVersion } from './library.ts';
import { versionFile } from './presence.ts';
import { truncationFinding } from './report/findings.ts';
import type { BaseReport } from './report/report-task.ts';
import { datasetTasks } from './tasks.ts';

/** With so many rows a report is a job that windows can watch. */
const JOB_ROWS = 5000;
const NEAR_DUPLICATES_MS = 90_000;
/** Goes up when reports change. */
const REPORT_KEY = 'report-1';
const lengthsSchema = z.object({ file: z.string(), maxLength: z.number() });
const baseSchema = reportSchema.omit({ versionId: true, lengths: true });
const weights: Finding['weight'][] = ['error', 'warning', 'info', 'good'];

/** The reports of an area's versions: made once, then read. */
export class Reports {
  private readonly context: BackendContext;
  private readonly signal: AbortSignal;
  private readonly making = new Map<string, Promise<unknown>>();

  constructor(context: BackendContext, signal: AbortSignal) {
    this.context = context;
    this.signal = signal;
  }

  /** With a model also its token lengths. Throws `store/unknown`, `datasets/…`, `tokenizer/…`. */
  async read(versionId: string, modelId: string | null, maxLength: number | null): Promise<DatasetReport> {
    const version = presentVersion(this.context, versionId);
    const [base, lengths] = await Promise.all([
      this.base(version),
      modelId === null ? null : this.lengths(versionId, modelId, maxLength),
    ]);
    const findings = lengths === null ? base.findings : [truncationFinding(lengths), ...base.findings];
    findings.sort((a, b) => weights.indexOf(a.weight) - weights.indexOf(b.weight));
    return { ...base, versionId, lengths, findings };
  }

  /** The file of findings of a version, made where it is missing. */
  async findings(version: VersionRow): Promise<string> {
    await this.base(version);
    return this.findingsFile(version);
  }

  /** The file of token lengths for a model (null: the one read last), and where it cuts. */
  lengthsIfMade(
    version: VersionRow,
    modelId: string | null,
    maxLength: number | null,
  ): { file: string; maxLength: number } | null {
    const kept = readReport(this.context.db, version.id, lengthsKey(modelId), lengthsSchema);
    return kept && existsSync(kept.file) ? { ...kept, maxLength: maxLength ?? kept.maxLength } : null;
  }

  private findingsFile({ sha256 }: VersionRow): string {
    return join(this.context.workspace.datasets, `${sha256}.findings`);
  }

  private async base(version: VersionRow): Promise<BaseReport> {
    // One of before that is not understood is made anew.
    const kept = readReport(this.context.db, version.id, REPORT_KEY, baseSchema.nullable().catch(null));
    if (kept && existsSync(this.findingsFile(version))) return kept;
    return this.once(`${version.id} ${REPORT_KEY}`, async () => {
      const title = `Looking at the rows of ${version.datasetName}`;
      const report = await this.work(version, title, (control) =>
        withTemporary(this.context, async (findings) => {
          const file = versionFile(this.context, version);
          const made = await runTask(
            datasetTasks,
            'report',
            { file, findings, patience: NEAR_DUPLICATES_MS },
            told(control),
          );
          await rename(findings, this.findingsFile(version));
          return made;
        }),
      );
      keepReport(this.context.db, version.id, REPORT_KEY, report);
      return report;
    });
  }

  /** How long the texts are in a model's tokens. Throws `store/unknown`, `datasets/…`, `tokenizer/…`. */
  async lengths(versionId: string, modelId: string, maxLength: number | null): Promise<TokenLengths> {
    const version = presentVersion(this.context, versionId);
    const model = knownModel(this.context, modelId);
    const { figures, lengthsFile } = await this.once(`${version.id} ${modelId} ${maxLength ?? ''}`, () =>
      this.work(version, `Counting the tokens of ${version.datasetName}`, (control) => {
        const input = { file: versionFile(this.context, version), modelFolder: model.folder, maxLength };
        return runTask(datasetTasks, 'lengths', input, told(control));
      }),
    );
    const kept = { file: lengthsFile, maxLength: figures.maxLength };
    for (const key of [lengthsKey(modelId), lengthsKey(null)])
      keepReport(this.context.db, version.id, key, kept);
    return { modelId, modelName: model.name, ...figures };
  }

  /** Two windows that ask for the same wait for the same. */
  private once<Result>(key: string, make: () => Promise<Result>): Promise<Result> {
    const waiting = this.making.get(key) as Promise<Result> | undefined;
    if (waiting) return waiting;
    const made = make().finally(() => this.making.delete(key));
    this.making.set(key, made);
    return made;
  }

  /** Small work is done at once, long work as a job. */
  private async work<Result>(
    version: VersionRow,
    title: string,
    work: (control: Pick<JobControl, 'signal' | 'progress'>) => Promise<Result>,
  ): Promise<Result> {
    if (version.rows < JOB_ROWS) return work({ signal: this.signal, progress: () => undefined });
    let result: { value: Result } | undefined;
    const { jobs } = this.context;
    const job = jobs.start({
      kind: 'report',
      title,
      work: async (control) => {
        result = { value: await work(control) };
        return version.id;
      },
    });
    const ended = await jobs.finished(job.id);
    if (result && ended.state === 'done') {
      void jobs.handlers['jobs/dismiss']({ id: job.id });
      return result.value;
    }
    throw jobFailure(ended);
  }
}

/** Why a job gave nothing. */
function jobFailure({ fault: found, title }: Job): Error {
  return found ? new Fault(found.code, found) : fault('datasets/cancelled', { what: title });
}

const lengthsKey = (modelId: string | null): string =>
  `lengths-${modelId === null ? 'last' : createHash('sha256').update(modelId).digest('hex').slice(0, 16)}`;
