import { z } from 'zod';
import {
  count,
  givenName,
  id,
  job,
  method,
  namedRows,
  nothing,
  page,
  range,
  sha256,
  time,
} from './message.ts';

export const columnRoleSchema = z.enum([
  'text',
  'more_text',
  'text_pair',
  'label',
  'split',
  'extra',
  'ignore',
]);
export type ColumnRole = z.infer<typeof columnRoleSchema>;

/** What stands behind a data set: files of the person's own, the sample, or a hub data set. */
export const sourceSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('files'),
    /** `split`: the name its rows get; null: not said. */
    files: z
      .array(z.object({ path: z.string(), split: z.string().nullable().default(null) }))
      .min(1)
      .max(20),
    delimiter: z.string().length(1).optional(),
    encoding: z.string().optional(),
    /** Whether the first line names the columns; left out: found. Without a header they are column_1, column_2, … */
    header: z.boolean().optional(),
    /** Names for the columns of a file without a header line. */
    columnNames: z.array(z.string()).optional(),
  }),
  z.object({
    kind: z.literal('hub'),
    hubId: z.string(),
    config: z.string(),
    splits: z.array(z.string()).min(1),
  }),
  z.object({ kind: z.literal('sample') }),
]);
export type DataSource = z.infer<typeof sourceSchema>;

/** Label values as the file has them, by the class each becomes; null: rows with it have no label. */
export const labelMapSchema = z.record(z.string(), z.string().min(1).nullable());
export type LabelMapping = z.infer<typeof labelMapSchema>;
/** The same as a person writes it in a file: numbers name classes too. */
export const writtenLabelMapSchema = z.record(
  z.string(),
  z.union([z.string().min(1), z.number().transform(String), z.null()]),
);

const labelCount = z.object({ value: z.string(), rows: count });
export type LabelCount = z.infer<typeof labelCount>;

const labelObservationSchema = z.object({
  code: z.enum([
    'no-label',
    'written-numbers',
    'spaces',
    'case',
    'json',
    'several',
    'quantity',
    'each-row',
    'rare',
  ]),
  /** `error`: no classifier can be made of the column as it is. */
  weight: z.enum(['error', 'warning', 'info']),
  /** One sentence, the thing first. */
  message: z.string(),
  /** What Graft would make of the values, or what can be done; one sentence. */
  remedy: z.string(),
  /** Rows with these values. */
  rows: count,
});
export type LabelObservation = z.infer<typeof labelObservationSchema>;

/** What stands out in a label column, and the map that Graft would read it with. Nothing of it is done unasked. */
export const labelReadingSchema = z.object({
  observations: z.array(labelObservationSchema),
  /** Only the values that would become something else. */
  proposed: labelMapSchema,
});
export type LabelReading = z.infer<typeof labelReadingSchema>;

const columnSchema = z.object({
  name: z.string(),
  /** What it was taken for. */
  role: columnRoleSchema,
  /** Of the rows looked at. */
  distinct: count,
  empty: count,
  meanLength: z.number(),
  /** The values that are no text, at most 200, with their rows; empty for a column of more. */
  values: z.array(labelCount),
  /** What stands out where the column is the label. */
  reading: labelReadingSchema,
});

export const previewSchema = z.object({
  name: z.string(),
  format: z.string(),
  encoding: z.string(),
  delimiter: z.string().nullable(),
  header: z.boolean(),
  bytes: count,
  /** Counted, or about (from the bytes read), or not known. */
  rows: count.nullable(),
  rowsExact: z.boolean(),
  columns: z.array(columnSchema),
  /** The first 50 rows, cells as text (cut at 2,000 characters). */
  sample: z.array(z.array(z.string())),
  /** The number of each of them. */
  sampleRows: z.array(count),
  warnings: z.array(z.object({ row: count.nullable(), message: z.string() })),
  /** Rows with too few or too many fields among those looked at, and the numbers of the first ones. */
  ragged: z.object({ rows: count, first: z.array(count) }),
});
export type Preview = z.infer<typeof previewSchema>;

export const mappingSchema = z.object({
  text: z.string(),
  /** Columns whose texts follow that of `text`, in this order, with `separator` between them. */
  moreText: z.array(z.string()).default([]),
  separator: z.string().max(20).default(' '),
  textPair: z.string().nullable(),
  label: z.string(),
  /** Label values by the class that each becomes; null: rows with it are left out. */
  labelMap: labelMapSchema.default({}),
  /** A column whose values name the split of a row. */
  split: z.string().nullable(),
  /** Columns kept for slices. */
  extra: z.array(z.string()),
});
export type Mapping = z.infer<typeof mappingSchema>;

/** What an import made of its files that is not in them as it stands. */
export const importReadingSchema = z.object({
  labelMap: labelMapSchema,
  /** Columns that are the text together; empty: one column is. */
  textColumns: z.array(z.string()),
  separator: z.string(),
  /** Rows left out, by why, with the numbers of the first ones in each file. */
  leftOut: z.array(
    z.object({
      file: z.string(),
      reason: z.enum(['no-label', 'ragged']),
      rows: count,
      first: z.array(count),
    }),
  ),
});
export type ImportReading = z.infer<typeof importReadingSchema>;

export const versionSchema = z.object({
  id,
  datasetId: id,
  number: z.number().int().positive(),
  sha256,
  present: z.boolean(),
  rows: count,
  bytes: count,
  labels: z.array(namedRows),
  splits: z.array(namedRows),
  columns: z.array(z.string()),
  /** One sentence: what made it ("3 labels corrected"). */
  change: z.string(),
  /** How its rows were read from files, where it was imported and not all was taken as it is. */
  reading: importReadingSchema.nullable(),
  parentId: id.nullable(),
  createdAt: time,
  experiments: count,
  /** Corrected labels in its draft that no version holds yet. */
  unsaved: count,
});
export type DatasetVersion = z.infer<typeof versionSchema>;

export const datasetSchema = z.object({
  id,
  name: z.string(),
  createdAt: time,
  source: z.string(),
  latest: versionSchema,
  versions: count,
});
export type Dataset = z.infer<typeof datasetSchema>;

export const findingCodeSchema = z.enum([
  'duplicates',
  'near-duplicates',
  'conflicting-labels',
  'empty-texts',
  'odd-rows',
  'leaks',
  'labels',
  'rare-classes',
  'imbalance',
  'truncation',
]);
export type FindingCode = z.infer<typeof findingCodeSchema>;

const repairSchema = z.object({
  action: z.enum([
    'keep-one',
    'split-together',
    'remove-rows',
    'remove-leaks',
    'remove-class',
    'majority-label',
  ]),
  /** The button's words. */
  label: z.string(),
});

export const findingSchema = z.object({
  code: findingCodeSchema,
  weight: z.enum(['error', 'warning', 'info', 'good']),
  /** One sentence, the thing first. */
  message: z.string(),
  detail: z.string().nullable(),
  /** How many rows it is about; they are read with `datasets/rows` and this finding. */
  rows: count,
  repairs: z.array(repairSchema),
});
export type Finding = z.infer<typeof findingSchema>;

/** How long the texts of a version are in a model's tokens. */
const tokenLengthsSchema = z.object({
  modelId: id,
  modelName: z.string(),
  maxLength: count,
  /** Bins of equal width from 0. */
  binWidth: z.number(),
  bins: z.array(count),
  median: z.number(),
  p95: z.number(),
  longest: count,
  cutRows: count,
  cutShare: z.number(),
});
export type TokenLengths = z.infer<typeof tokenLengthsSchema>;

export const reportSchema = z.object({
  versionId: id,
  rows: count,
  distinctTexts: count,
  labels: z.array(namedRows),
  splits: z.array(namedRows.extend({ labels: z.array(namedRows) })),
  /** Null until a tokenizer is chosen. */
  lengths: tokenLengthsSchema.nullable(),
  findings: z.array(findingSchema),
});
export type DatasetReport = z.infer<typeof reportSchema>;

export const rowSchema = z.object({
  /** From 1, the place in the version. */
  row: count,
  text: z.string(),
  textPair: z.string().nullable(),
  label: z.string(),
  split: z.string().nullable(),
  tokens: count.nullable(),
  extra: z.record(z.string(), z.string()),
});
export type DatasetRow = z.infer<typeof rowSchema>;

const MOST_CHANGES = 100_000;
const changedLabel = z.object({ row: count, label: z.string().min(1) });
/** The version that holds exactly the corrections of a draft; null: none does. */
const savedAs = z.object({ id, number: versionSchema.shape.number }).nullable();
/** A row whose label is null is as it is stored. */
const draftEdit = z.object({
  versionId: id,
  changes: z.array(changedLabel.extend({ label: changedLabel.shape.label.nullable() })).max(MOST_CHANGES),
});
export type LabelEdit = z.infer<typeof draftEdit>['changes'][number];

const versionChange = z.enum(['added', 'removed', 'relabelled', 'text-changed', 'moved']);
export const versionComparisonSchema = z.object({
  /** Rows of each kind. `moved`: to another split. */
  counts: z.record(versionChange, count),
  unchanged: count,
  classes: z.array(z.object({ name: z.string(), from: count, to: count })),
  /** The first rows of each kind. */
  rows: z.array(z.object({ change: versionChange, from: rowSchema.nullable(), to: rowSchema.nullable() })),
});
export type VersionComparison = z.infer<typeof versionComparisonSchema>;

export const datasetMethods = {
  'datasets/list': method(nothing, { datasets: z.array(datasetSchema) }),
  'datasets/read': method({ id }, { dataset: datasetSchema, versions: z.array(versionSchema) }),
  /** Looks at files before anything is stored. */
  'datasets/preview': method({ source: sourceSchema, ticket: id.optional() }, previewSchema),
  /** Gives up the preview that was asked for with this ticket, if it is still being made. */
  'datasets/cancel-preview': method({ ticket: id }, nothing),
  /** Starts a job whose result is the id of a data set version. Adds a version where `datasetId` is given. */
  'datasets/import': method(
    {
      source: sourceSchema,
      name: givenName,
      mapping: mappingSchema,
      /** What becomes of rows whose label is empty. Refused: the fault names the first ones. */
      emptyLabels: z.enum(['refuse', 'leave-out']).default('refuse'),
      /** What becomes of rows with too few or too many fields. */
      raggedRows: z.enum(['refuse', 'leave-out']).default('refuse'),
      datasetId: id.optional(),
    },
    job,
  ),
  'datasets/hub-info': method(
    { hubId: z.string() },
    {
      hubId: z.string(),
      licence: z.string().nullable(),
      gated: z.boolean(),
      configs: z.array(
        z.object({
          name: z.string(),
          splits: z.array(z.object({ name: z.string(), bytes: count, files: count, rows: count.nullable() })),
        }),
      ),
    },
  ),
  /** The report of a version; with a model also its token lengths. Kept once made. */
  'datasets/report': method(
    {
      versionId: id,
      modelId: id.nullable().default(null),
      maxLength: z.number().int().min(3).nullable().default(null),
    },
    reportSchema,
  ),
  /** The token lengths alone: counted while a report may still be made. Kept once counted. */
  'datasets/lengths': method(
    { versionId: id, modelId: id, maxLength: z.number().int().min(3).nullable().default(null) },
    tokenLengthsSchema,
  ),
  'datasets/rows': method(
    {
      versionId: id,
      /** Full-text search; a person's words, not a query language. */
      query: z.string().max(500).default(''),
      label: z.string().nullable().default(null),
      split: z.string().nullable().default(null),
      finding: findingCodeSchema.nullable().default(null),
      order: z.enum(['row', 'longest', 'shortest']).default('row'),
      /** Whose tokens `tokens` and the finding `truncation` count; null: as in the report read last. */
      modelId: id.nullable().default(null),
      maxLength: z.number().int().min(3).nullable().default(null),
      ...range,
    },
    page(rowSchema),
  ),
  /** Corrected labels make a new version; a small one, so without a job. */
  'datasets/relabel': method(
    {
      versionId: id,
      changes: z.array(changedLabel).min(1).max(MOST_CHANGES),
    },
    { version: versionSchema },
  ),
  /** The labels corrected in a version, in whichever window, that were not discarded since. */
  'datasets/draft': method({ versionId: id }, { changes: z.array(changedLabel), savedAs }),
  /** Corrects labels in the draft of a version, or takes corrections back. */
  'datasets/edit-draft': method(draftEdit, nothing),
  'datasets/repair': method(
    { versionId: id, finding: findingCodeSchema, action: repairSchema.shape.action },
    job,
  ),
  /** A stratified split with equal texts kept on one side. Shares by split name; they add up to 1. */
  'datasets/split': method(
    {
      versionId: id,
      shares: z.record(z.string(), z.number().positive()),
      seed: z.number().int().min(0).max(4294967295).default(42),
      keepTogether: z.boolean().default(true),
    },
    job,
  ),
  /** What another version has that this one has not: rows by their texts, in order. */
  'datasets/compare-versions': method({ fromId: id, toId: id }, versionComparisonSchema),
  /** Starts a job that writes the rows of a version to a file; its result is the path. */
  'datasets/export-version': method(
    {
      versionId: id,
      path: z.string().min(1),
      format: z.enum(['csv', 'jsonl', 'parquet']),
      overwrite: z.boolean().default(false),
    },
    job,
  ),
  /** Not the only one that is left. Can be undone with `restore-version` until storage is cleaned. */
  'datasets/remove-version': method({ versionId: id }, nothing),
  'datasets/restore-version': method({ versionId: id }, nothing),
  'datasets/rename': method({ id, name: givenName }, nothing),
  /** Can be undone with `restore` until storage is cleaned. */
  'datasets/remove': method({ id }, nothing),
  'datasets/restore': method({ id }, nothing),
};

export const datasetEvents = {
  'datasets/changed': z.object({ id: id.nullable() }),
  /** What changed in the draft of a version, and what it is saved as now. */
  'datasets/draft-changed': draftEdit.extend({ savedAs }),
};
