import { basename } from 'node:path';
import { mappingSchema } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { selectRows } from '../../../engine/data/selection.ts';
import { writeVersion, type MadeVersion } from '../version/make-version.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import { openTable } from '../../../engine/data/table.ts';
import { readRows, type SourceRow } from './read-rows.ts';

const SHUFFLE_SEED = 42;
const ROWS_EACH = 1000;
const SPLITS = ['train', 'eval', 'rest'] as const;
const LABELS = ['ham', 'spam'];

/**
 * The sample in the order that `datasets` shuffles it with seed 42: the first 1,000 rows are what the demo trains on, the
 * next 1,000 what it evaluates.
 */
export async function sampleTask(
  { tsv, file }: { tsv: string; file: string },
  tell: Tell,
): Promise<MadeVersion> {
  const table = await openTable(tsv);
  const mapping = mappingSchema.parse({
    text: 'text',
    textPair: null,
    label: 'label',
    split: null,
    extra: [],
  });
  const rows: SourceRow[] = [];
  for await (const row of readRows(table, mapping, null)) rows.push(row);
  return writeVersion(
    file,
    (writer) => {
      for (const [i, place] of selectRows(rows.length, { shuffle_seed: SHUFFLE_SEED }).entries()) {
        const { row, text, label } = rows[place]!;
        const known = LABELS.indexOf(String(label));
        if (known === -1) {
          const value = String(label);
          throw fault('data/unknown-label', { file: basename(tsv), row, value, known: LABELS });
        }
        const split = Math.min(SPLITS.length - 1, Math.floor(i / ROWS_EACH));
        writer.add({ text, textPair: null, label: known, split, extra: null });
      }
      return { labels: LABELS, splits: SPLITS, columns: ['text', 'label'] };
    },
    tell,
  );
}
