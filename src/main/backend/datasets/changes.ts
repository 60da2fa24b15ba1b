import { answering } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import { runTask } from '../../engine/threads/threads.ts';
import {
  editLabelDraft,
  readLabelDraft,
  setLabelDraftSaved,
  type LabelChange,
  type VersionRow,
} from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';
import { told } from '../jobs/jobs.ts';
import { keepVersion, withTemporary } from './keep-version.ts';
import { factsOf, knownVersion, presentVersion, versionOutput } from './library.ts';
import { versionFile } from './presence.ts';
import type { Reports } from './reports.ts';
import type { MadeVersion } from './version/make-version.ts';
import { datasetTasks } from './tasks.ts';

/** Shares are typed by people: 33.3 % three times is all. */
const SHARE_TOLERANCE = 0.002;

/** What makes a new version out of another one. */
export function changeHandlers(context: BackendContext, reports: Reports, signal: AbortSignal) {
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

  const draftOf = (versionId: string) => {
    const { changes, savedAs } = readLabelDraft(context.db, versionId);
    const saved = savedAs === null ? null : knownVersion(context, savedAs);
    return { changes, savedAs: saved && { id: saved.id, number: saved.number } };
  };
  /** Windows follow the draft by its edits; lists only ask whether there is one. */
  const tellDraft = (versionId: string, changes: readonly LabelChange[], had: number): void => {
    const { savedAs } = draftOf(versionId);
    const { datasetId, unsaved } = knownVersion(context, versionId);
    context.emit('datasets/draft-changed', { versionId, changes: [...changes], savedAs });
    if (had > 0 !== unsaved > 0) context.emit('datasets/changed', { id: datasetId });
  };

  return answering({
    'datasets/relabel': async ({ versionId, changes }) => {
      const parent = presentVersion(context, versionId);
      const file = versionFile(context, parent);
      const id = await make(parent, (target) =>
        runTask(datasetTasks, 'relabel', { file, target, changes }, { signal }),
      );
      const version = versionOutput(context, knownVersion(context, id));
      const draft = readLabelDraft(context.db, versionId).changes;
      // Somebody may have corrected more while the version was made: then it holds less than the draft.
      const given = new Map(changes.map(({ row, label }) => [row, label]));
      if (draft.length === given.size && draft.every(({ row, label }) => given.get(row) === label)) {
        const had = knownVersion(context, versionId).unsaved;
        setLabelDraftSaved(context.db, versionId, id);
        tellDraft(versionId, [], had);
      }
      return { version };
    },
    'datasets/draft': ({ versionId }) => {
      knownVersion(context, versionId);
      return draftOf(versionId);
    },
    'datasets/edit-draft': ({ versionId, changes }) => {
      const version = knownVersion(context, versionId);
      const labels = factsOf(version).labels.map(({ name }) => name);
      const known = new Set(labels);
      for (const { row, label } of changes) {
        if (row < 1 || row > version.rows) throw fault('datasets/unknown-row', { row, rows: version.rows });
        if (label !== null && !known.has(label)) throw fault('datasets/unknown-label', { label, labels });
      }
      editLabelDraft(context.db, versionId, changes);
      tellDraft(versionId, changes, version.unsaved);
    },
    'datasets/repair': ({ versionId, finding, action }) => {
      const parent = presentVersion(context, versionId);
      const file = versionFile(context, parent);
      return context.jobs.begin({
        kind: 'repair',
        title: `Repairing ${parent.datasetName}`,
        work: (control) =>
          make(parent, async (target) => {
            const findings = await reports.findings(parent);
            return runTask(
              datasetTasks,
              'repair',
              { file, findings, target, finding, action },
              told(control),
            );
          }),
      });
    },
    'datasets/split': ({ versionId, shares, seed, keepTogether }) => {
      const parent = presentVersion(context, versionId);
      const file = versionFile(context, parent);
      const sum = Object.values(shares).reduce((total, share) => total + share, 0);
      if (Math.abs(sum - 1) > SHARE_TOLERANCE) throw fault('datasets/shares', { sum });
      if (Object.keys(shares).length < 2) throw fault('datasets/too-few-splits', {});
      return context.jobs.begin({
        kind: 'split',
        title: `Splitting ${parent.datasetName}`,
        work: (control) =>
          make(parent, (target) =>
            runTask(datasetTasks, 'split', { file, target, shares, seed, keepTogether }, told(control)),
          ),
      });
    },
  });
}
