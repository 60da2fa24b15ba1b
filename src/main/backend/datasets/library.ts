import type { Dataset, DatasetVersion } from '../../../shared/contract/datasets.ts';
import { fault } from '../../../shared/faults/index.ts';
import {
  listVersions,
  readDataset,
  readVersion,
  type DatasetRecord,
  type VersionRow,
} from '../../storage/datasets.ts';
import { versionFactsSchema } from '../../storage/versions/version-file.ts';
import type { BackendContext } from '../context.ts';
import { requirePresent, stateOf, versionFile } from './presence.ts';

/** "Messages", "Messages v2". */
export const versionTitle = ({ name, number }: Pick<VersionRecord, 'name' | 'number'>): string =>
  number === 1 ? name : `${name} v${number}`;

/** A data set version whose rows are there. `file`: SQLite, as storage/versions/schema.ts says; `name`: of the data set. */
export type VersionRecord = ReturnType<typeof versionRecord>;

/** Throws `store/unknown`, `datasets/missing` where the file vanished, `datasets/changed` where it is another one. */
export function versionRecord(context: BackendContext, versionId: string) {
  const version = presentVersion(context, versionId);
  const { id, datasetId, datasetName: name, number, sha256, rows } = version;
  const { labels, splits, columns } = factsOf(version);
  return {
    ...{ id, datasetId, name, number, sha256, rows, columns, file: versionFile(context, version) },
    /** In the order of their ids. */
    labels: labels.map((label) => label.name),
    splits: splits.map((split) => split.name),
  };
}

/** Throws `store/unknown`. */
export function knownVersion({ db }: BackendContext, id: string): VersionRow {
  const version = readVersion(db, id);
  if (!version) throw fault('store/unknown', { kind: 'data set version', id });
  return version;
}

/** A version whose file is there. Throws `store/unknown`, `datasets/missing`, `datasets/changed`. */
export function presentVersion(context: BackendContext, id: string): VersionRow {
  const version = knownVersion(context, id);
  requirePresent(context, version);
  return version;
}

/** Throws `store/unknown`. */
export function knownDataset({ db }: BackendContext, id: string): DatasetRecord {
  const dataset = readDataset(db, id);
  if (!dataset) throw fault('store/unknown', { kind: 'data set', id });
  return dataset;
}

export const factsOf = ({ facts }: VersionRow) => versionFactsSchema.parse(JSON.parse(facts));

/** As windows see it. */
export function versionOutput(context: BackendContext, version: VersionRow): DatasetVersion {
  const { datasetName: _, file: __, facts: ___, hub: ____, ...shown } = version;
  return { ...shown, ...factsOf(version), present: stateOf(context, version) === 'present' };
}

/** As windows see it; `versions` the newest first. */
export function datasetOutput(
  context: BackendContext,
  { id, name, createdAt, source }: DatasetRecord,
  versions: readonly VersionRow[] = listVersions(context.db, id),
): Dataset {
  const latest = versionOutput(context, versions[0]!);
  return { id, name, createdAt, source, latest, versions: versions.length };
}
