import { z } from 'zod';
import type { Db } from '../../../storage/database.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import { finishVersion, type MadeVersion } from './finish.ts';
import { VersionWriter } from './writer.ts';

const names = z.array(z.string());
const extra = z.record(z.string(), z.string()).nullable();
const TELL_ROWS = 1000;

type StoredRow = [number, string, string | null, number | null, number | null, string | null];

/** A version without some rows, numbered anew; without some classes where all their rows go. Throws `store/disk-full`. */
export async function filterVersion(
  db: Db,
  target: string,
  { drop, dropLabels }: { drop: ReadonlySet<number>; dropLabels: ReadonlySet<number> },
  tell: Tell,
): Promise<MadeVersion> {
  const read = (table: string) =>
    names.parse(db.prepare(`SELECT name FROM ${table} ORDER BY place`).pluck().all());
  const [labels, splits] = [read('labels'), read('splits')];
  const left = [...labels.keys()].filter((place) => !dropLabels.has(place));
  const places = new Map(left.map((old, place) => [old, place]));
  const columns = names.parse(
    JSON.parse(z.string().parse(db.prepare("SELECT value FROM meta WHERE key = 'columns'").pluck().get())),
  );
  const total = db.prepare<[], number>('SELECT count(*) FROM rows').pluck().get() ?? 0;
  const writer = new VersionWriter(target);
  try {
    const all = db
      .prepare<[], StoredRow>('SELECT row, text, text_pair, label, split, extra FROM rows ORDER BY row')
      .raw()
      .iterate();
    for (const [row, text, textPair, label, split, more] of all) {
      if (row % TELL_ROWS === 0) tell('Copying the rows', row, total);
      if (drop.has(row)) continue;
      writer.add({
        text,
        textPair,
        label: label === null ? null : (places.get(label) ?? null),
        split,
        extra: more === null ? null : extra.parse(JSON.parse(more)),
      });
    }
    const kept = { labels: left.map((place) => labels[place]!), splits, columns };
    return await finishVersion(writer, target, kept, tell);
  } catch (error) {
    writer.abandon();
    throw error;
  }
}
