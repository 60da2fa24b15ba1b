import type { AdapterDetail } from '../../shared/contract.ts';
import { methodText as methodAndRank } from '../../shared/methods/index.ts';
import { ago, bytes, counted, decimal, percent } from '../format.ts';

export interface LineageEntry {
  name: string;
  note: string;
  /** Its page; null: it has none, or it is the page that is looked at. */
  path: string | null;
}
/** A card of the line: one thing, or several that stand side by side. */
export interface LineageStep {
  what: string;
  entries: readonly LineageEntry[];
  here?: boolean;
}

/** Where an adapter came from: data set version → experiment → adapter; of a combined one its parts → adapter. */
export function lineageSteps({ adapter, lineage }: AdapterDetail): LineageStep[] {
  const { data, experiment, parts } = lineage;
  const steps: LineageStep[] = [];
  if (parts.length > 0) {
    const entries = parts.map(({ id, name, weight }) => ({
      name,
      note: `weight ${decimal(weight)}`,
      path: `/adapters/${id}`,
    }));
    steps.push({ what: 'Combined from', entries });
  }
  if (data)
    steps.push({
      what: 'Data set',
      entries: [
        {
          name: `${data.name} v${data.number}`,
          note: counted(data.rows, 'row'),
          path: `/data/${data.datasetId}`,
        },
      ],
    });
  if (experiment) {
    const note = [
      ...(experiment.accuracy === null ? [] : [`accuracy ${percent(experiment.accuracy)}`]),
      ...(experiment.finishedAt === null ? [] : [ago(experiment.finishedAt)]),
    ].join(' · ');
    steps.push({
      what: 'Experiment',
      entries: [{ name: experiment.name, note, path: `/experiments/${experiment.id}` }],
    });
  }
  if (adapter.origin === 'imported')
    steps.push({
      what: 'Imported',
      entries: [{ name: 'PEFT folder', note: ago(adapter.createdAt), path: null }],
    });
  steps.push({
    what: 'Adapter',
    entries: [
      {
        name: adapter.name,
        note: [methodText(adapter), bytes(adapter.bytes)].join(' · '),
        path: `/adapters/${adapter.id}`,
      },
    ],
  });
  return steps;
}

/** The exports that were made of an adapter, as the last card of its line. */
export function exportStep({ exports }: AdapterDetail['lineage']): LineageStep {
  const proof = (passed: boolean | null) => (passed === null ? '' : passed ? 'proved · ' : 'proof failed · ');
  return {
    what: exports.length > 1 ? counted(exports.length, 'export') : 'Exports',
    entries: exports.map(({ id, name, passed, createdAt }) => ({
      name,
      note: `${proof(passed)}${ago(createdAt)}`,
      path: `/exports/${id}`,
    })),
  };
}

/** "LoRA r=16" */
export const methodText = ({ peftType, rank }: { peftType: string; rank: number | null }): string =>
  methodAndRank(peftType, rank);
