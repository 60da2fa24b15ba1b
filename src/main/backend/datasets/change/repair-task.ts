import type { FindingCode } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { readFacets, type Facets } from '../../../storage/versions/facets.ts';
import { readFinding } from '../../../storage/versions/findings.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';
import { many } from '../report/phrases.ts';
import { editVersion, filterVersion, type MadeVersion } from '../version/make-version.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import {
  planKeepOne,
  planMajorityLabel,
  planRemoveClasses,
  planRemoveLeaks,
  planRemoveRows,
  planSplitTogether,
  type Plan,
} from './plan.ts';

export interface RepairInput {
  file: string;
  findings: string;
  target: string;
  finding: FindingCode;
  action: RepairAction;
}
export type RepairAction = keyof typeof repairs;
type Groups = readonly (readonly number[])[];

interface Repair {
  plan(groups: Groups, facets: Facets): Plan;
  /** What it did, in words. */
  change(plan: Plan, finding: FindingCode): string;
}

/** What the rows of a finding are called, one and many. */
const rowNames: Partial<Record<FindingCode, [string, string]>> = {
  'empty-texts': ['empty row', 'empty rows'],
  'odd-rows': ['odd row', 'odd rows'],
  'conflicting-labels': ['row with conflicting labels', 'rows with conflicting labels'],
};

const repairs = {
  'keep-one': {
    plan: planKeepOne,
    change: ({ drop }, finding) =>
      finding === 'near-duplicates'
        ? `${many(drop.size, 'near-duplicate')} removed`
        : `${many(drop.size, 'repeated row')} removed`,
  },
  'remove-rows': {
    plan: planRemoveRows,
    change: ({ drop }, finding) => `${many(drop.size, ...(rowNames[finding] ?? ['row', 'rows']))} removed`,
  },
  'remove-leaks': {
    plan: planRemoveLeaks,
    change: ({ drop }) => `${many(drop.size, 'row')} removed whose text is in another split`,
  },
  'split-together': {
    plan: planSplitTogether,
    change: ({ splits }) => `${many(splits.size, 'row')} moved so that equal texts share a split`,
  },
  'majority-label': {
    plan: planMajorityLabel,
    change: ({ labels }) => `${many(labels.size, 'label')} set to the most frequent one of the text`,
  },
  'remove-class': {
    plan: planRemoveClasses,
    change: ({ drop, dropLabels }) =>
      `${many(dropLabels.size, 'rare class', 'rare classes')} removed with ${many(drop.size, 'row')}`,
  },
} satisfies Record<string, Repair>;

/** A version in which a finding is mended. Throws `datasets/no-repair` and `datasets/nothing-left`. */
export function repairTask(
  { file, findings, target, finding, action }: RepairInput,
  tell: Tell,
): Promise<MadeVersion & { change: string }> {
  const repair: Repair = repairs[action];
  const groups = readFinding(findings, finding);
  return versionWork(file, async (version) => {
    const plan = repair.plan(groups, readFacets(version));
    const { drop, labels, splits } = plan;
    if (drop.size + labels.size + splits.size === 0) throw fault('datasets/no-repair', { finding, action });
    if (drop.size === version.rows) throw fault('datasets/nothing-left', {});
    const made =
      drop.size > 0
        ? await filterVersion(version, target, plan, tell)
        : await editVersion(file, target, { labels, splits }, tell);
    return { ...made, change: repair.change(plan, finding) };
  });
}
