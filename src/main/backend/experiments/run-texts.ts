import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DatasetRow } from '../../../shared/contract/datasets.ts';
import { schemaOf } from '../../../shared/settings/setting.ts';
import { dataSettings } from '../../../shared/settings/train-config.ts';
import { exampleOptions, readNumberedExamples, type ExampleOptions } from '../../engine/data/examples.ts';
import { readVersion } from '../../storage/datasets.ts';
import type { ExperimentRecord } from '../../storage/experiments.ts';
import { versionWork } from '../../storage/versions/version-file.ts';
import type { BackendContext } from '../context.ts';
import { versionFile } from '../datasets/presence.ts';

/** Where the texts of a run's rows are: a data set version, or the file that a run from the command line was evaluated on. */
export type TextSource =
  { kind: 'version'; file: string } | { kind: 'file'; file: string; options: ExampleOptions };

export const emptyRow = (row: number, label: string): DatasetRow => ({
  row,
  text: '',
  textPair: null,
  label,
  split: null,
  tokens: null,
  extra: {},
});

/** Rows by their places, with their texts; those that are no longer there are left out. */
export async function foundTexts(
  texts: TextSource | null,
  rows: readonly number[],
): Promise<Map<number, DatasetRow>> {
  if (!texts || !existsSync(texts.file)) return new Map();
  if (texts.kind === 'file') return (await fileTexts(texts, rows).catch(() => null))?.found ?? new Map();
  return versionWork(texts.file, (version) => {
    const there = rows.filter((row) => row >= 1 && row <= version.rows);
    return new Map(version.read(there).map((found) => [found.row, found]));
  });
}

/** Rows from 1 of a data file as the engine reads it, and how many it has: one that changed since may have fewer. */
export async function fileTexts(
  { file, options }: Extract<TextSource, { kind: 'file' }>,
  numbers: readonly number[],
): Promise<{ found: Map<number, DatasetRow>; rows: number }> {
  const { examples, rows } = await readNumberedExamples(file, options, numbers);
  const found = Array.from(examples, ([row, { text, textPair = null }]) => {
    return [row, { ...emptyRow(row, ''), text, textPair }] as const;
  });
  return { found: new Map(found), rows };
}

/** Where the texts of a run's rows are; null: nothing says it. */
export function textsOfRun(
  context: BackendContext,
  { versionId, config, details }: ExperimentRecord,
): TextSource | null {
  const version = versionId === null ? undefined : readVersion(context.db, versionId);
  return version
    ? { kind: 'version', file: versionFile(context, version) }
    : textsOfConfig(config, details.baseDir);
}

/** Where the texts of a run from the command line are. */
export function textsOfConfig(config: Record<string, unknown>, baseDir: string): TextSource | null {
  // Runs of before lack the settings that came since.
  const parsed = schemaOf(dataSettings).safeParse(config['data']);
  if (!parsed.success) return null;
  const { data } = parsed;
  return {
    kind: 'file',
    file: path.resolve(baseDir, data.eval ?? data.train),
    options: exampleOptions(data),
  };
}
