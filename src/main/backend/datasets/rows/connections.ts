import { z } from 'zod';
import type { Db } from '../../../storage/database.ts';
import { openVersionFile } from '../version/open.ts';

const MOST_OPEN = 4;
const names = z.array(z.string());
const open = new Map<string, OpenVersion>();

/** A version file that stays open, with the names that its rows refer to. */
export class OpenVersion {
  readonly db: Db;
  readonly labels: string[];
  readonly splits: string[];
  readonly rows: number;
  /** The file of findings that is attached as `findings`. */
  attached: string | null = null;
  private shortest: Uint32Array | undefined;
  private longest: Uint32Array | undefined;

  constructor(file: string) {
    this.db = openVersionFile(file);
    const read = (table: string) =>
      names.parse(this.db.prepare(`SELECT name FROM ${table} ORDER BY place`).pluck().all());
    this.labels = read('labels');
    this.splits = read('splits');
    // Rows are numbered from 1 without gaps.
    this.rows = Number(this.db.prepare('SELECT max(row) FROM rows').pluck().get() ?? 0);
  }

  /** The row numbers that a query gives in its column `row`: as one text, which is the quickest way out of SQLite. */
  numbers(sql: string, values: readonly unknown[] = []): Uint32Array {
    const text = this.db.prepare(`SELECT json_group_array(row) FROM (${sql})`).pluck().get(values);
    return Uint32Array.from(JSON.parse(String(text)) as number[]);
  }

  /** All rows by the length of their texts; read once. */
  byLength(order: 'longest' | 'shortest'): Uint32Array {
    this.shortest ??= this.numbers('SELECT row FROM rows ORDER BY characters, label, split, row');
    return order === 'shortest' ? this.shortest : (this.longest ??= this.shortest.toReversed());
  }
}

/** The connection of this thread to a version file. Throws `datasets/file-…`. */
export function connectionTo(file: string): OpenVersion {
  const known = open.get(file);
  open.delete(file);
  const version = known ?? new OpenVersion(file);
  open.set(file, version);
  if (open.size > MOST_OPEN) forget([...open.keys()][0]!);
  return version;
}

/** Closes the connection to a file, if there is one. */
export function forget(file: string): void {
  open.get(file)?.db.close();
  open.delete(file);
}

/** Makes a file of findings readable as `findings`. */
export function attachFindings(version: OpenVersion, findings: string): void {
  if (version.attached === findings) return;
  if (version.attached !== null) version.db.exec('DETACH findings');
  version.db.prepare('ATTACH ? AS findings').run(findings);
  version.attached = findings;
}
