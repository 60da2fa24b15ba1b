import { basename } from 'node:path';
import { writeFileAtomic } from '../../../engine/formats/atomic.ts';
import type { OutputRow } from '../../../engine/serving/output-table.ts';
import { tableBytes, type TableFormat } from '../../../engine/serving/table-bytes.ts';
import { versionWork, type VersionFile } from '../../../storage/versions/version-file.ts';
import type { Tell } from '../../../engine/threads/threads.ts';

const ROWS_AT_ONCE = 1000;

/**
 * Writes the rows of a version to a file, in their order: `text`, `text_pair` and `split` where it has them, `label`, and
 * the columns kept for slices. Throws `datasets/file-…`, `files/…`.
 */
export function exportTask(
  { file, path, format }: { file: string; path: string; format: TableFormat },
  tell: Tell,
): Promise<null> {
  return versionWork(file, async (version) => {
    const own = ['text', ...(version.hasPairs() ? ['text_pair'] : []), 'label'];
    const split = version.splits.length > 0 ? ['split'] : [];
    const columns = [...own, ...split, ...version.extraColumns().map(extraName)];
    const rows = rowsOf(version, columns, tell);
    await writeFileAtomic(path, tableBytes(format, { source: basename(file), columns, rows }));
    return null;
  });
}

/** A column that was kept under a name of ours. */
const extraName = (name: string): string =>
  ['text', 'text_pair', 'label', 'split'].includes(name) ? `kept_${name}` : name;

async function* rowsOf(
  version: VersionFile,
  columns: readonly string[],
  tell: Tell,
): AsyncGenerator<OutputRow[]> {
  const total = version.rows;
  for (let from = 1; from <= total; from += ROWS_AT_ONCE) {
    const places = Array.from({ length: Math.min(ROWS_AT_ONCE, total - from + 1) }, (_, i) => from + i);
    yield await Promise.resolve(
      version.read(places).map(({ row, text, textPair, label, split, extra }) => {
        const all: Record<string, string> = { text, text_pair: textPair ?? '', label, split: split ?? '' };
        for (const [name, value] of Object.entries(extra)) all[extraName(name)] = value;
        return { row, values: Object.fromEntries(columns.map((name) => [name, all[name] ?? ''])) };
      }),
    );
    tell('Writing rows', Math.min(total, from + ROWS_AT_ONCE - 1), total);
  }
}
