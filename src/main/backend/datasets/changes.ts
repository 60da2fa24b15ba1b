import type { Handlers } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { VersionRow } from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { keepVersion, withTemporary } from './keep-version.ts';
import { knownVersion, versionOutput } from './library.ts';
import { requirePresent, versionFile } from './presence.ts';
import type { Reports } from './reports.ts';
import type { MadeVersion } from './version/finish.ts';
import type { Progress } from './work/messages.ts';
import { runTask } from './work/run-task.ts';

/** Shares are typed by people: 33.3 % three times is all. */
const SHARE_TOLERANCE = 0.002;

/** What makes a new version out of another one. */
export function changeHandlers(
  context: BackendContext,
  reports: Reports,
  signal: AbortSignal,
): Handlers<'datasets/relabel' | 'datasets/repair' | 'datasets/split'> {
  const present = (versionId: string): VersionRow => {
    const version = knownVersion(context, versionId);
    requirePresent(context, version);
    return version;
  };
  const make = (
    parent: VersionRow,
    work: (target: string) => Promise<MadeVersion & { change: string }>,
  ): Promise<string> =>
    withTemporary(context, async (target) => {
      const made = await work(target);
      return keepVersion(context, made, {
        dataset: { id: parent.datasetId },
        change: made.change,
        parent,
        sameTexts: made.rows === parent.rows,
      });
    });
  const options = (control: JobControl) => ({
    signal: control.signal,
    onProgress: (now: Progress) => control.progress(now),
  });

  return {
    'datasets/relabel': async ({ versionId, changes }) => {
      const parent = present(versionId);
      const file = versionFile(context, parent);
      const id = await make(parent, (target) => runTask('relabel', { file, target, changes }, { signal }));
      return { version: versionOutput(context, knownVersion(context, id)) };
    },
    'datasets/repair': ({ versionId, finding, action }) => {
      const parent = present(versionId);
      const file = versionFile(context, parent);
      const job = context.jobs.start({
        kind: 'repair',
        title: `Repairing ${parent.datasetName}`,
        work: (control) =>
          make(parent, async (target) => {
            const findings = await reports.findings(parent);
            return runTask('repair', { file, findings, target, finding, action }, options(control));
          }),
      });
      return { jobId: job.id };
    },
    'datasets/split': ({ versionId, shares, seed, keepTogether }) => {
      const parent = present(versionId);
      const file = versionFile(context, parent);
      const sum = Object.values(shares).reduce((total, share) => total + share, 0);
      if (Math.abs(sum - 1) > SHARE_TOLERANCE) throw fault('datasets/shares', { sum });
      if (Object.keys(shares).length < 2) throw fault('datasets/too-few-splits', {});
      const job = context.jobs.start({
        kind: 'split',
        title: `Splitting ${parent.datasetName}`,
        work: (control) =>
          make(parent, (target) =>
            runTask('split', { file, target, shares, seed, keepTogether }, options(control)),
          ),
      });
      return { jobId: job.id };
    },
  };
}
