import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { importReadingSchema, type DatasetRow, type FindingCode } from '../../../shared/contract/datasets.ts';
import { fault, Fault } from '../../../shared/faults/index.ts';
import { Recent } from '../../../shared/recent.ts';
import { openReadOnly, type Db } from '../database.ts';
import { column, json, rows, value } from '../query.ts';

const open = new Recent<VersionFile>(4, (version) => version.close());

/** What can be asked for one by one; a thread keeps the last few open. Throws `datasets/file-…`. */
export function versionWork<Result>(file: string, work: (version: VersionFile) => Result): Result {
  const mend = (error: unknown): never => {
    const known = damageOf(file, error);
    if (known !== error) open.drop(file);
    throw known;
  };
  try {
    const result = work(open.get(file, () => new VersionFile(file)));
    return result instanceof Promise ? (result.catch(mend) as Result) : result;
  } catch (error) {
    return mend(error);
  }
}

/** SQLite's words about a version file that is not whole as a fault; anything else as it is. */
export function damageOf(file: string, error: unknown): unknown {
  const known = error instanceof Fault ? error.code === 'store/damaged' : isDamage(error);
  return known ? fault('datasets/file-damaged', { file: basename(file) }, error) : error;
}

function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const code = String(error.code);
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_IOERR') || code === 'SQLITE_NOTADB';
}

const named = z.object({ name: z.string(), rows: z.number().int() });
const counted = z.array(named);

/** What the store keeps of a version beside its hash and size. */
export const versionFactsSchema = z.object({
  labels: counted,
  splits: counted,
  /** Names of the columns that it was made of: text, second text, label, split, extra ones. */
  columns: z.array(z.string()),
  /** Absent in versions of before, and where rows came as they are. */
  reading: importReadingSchema.nullable().default(null),
});
export type VersionFacts = z.infer<typeof versionFactsSchema>;

/** Row, text, second text, label, split, extra columns as JSON; labels and splits by their places. */
type StoredRow = [number, string, string | null, number | null, number | null, string | null];
const STORED = 'row, text, text_pair, label, split, extra';
type Texts = [text: string, textPair: string | null];
const extraSchema = z.record(z.string(), z.string());

/** A data set version's file, opened for reading, with the names that its rows refer to. */
export class VersionFile {
  readonly labels: string[];
  readonly splits: string[];
  /** Rows are numbered from 1 without gaps. */
  readonly rows: number;
  readonly db: Db;
  /** The file of findings that is attached as `findings`. */
  private attached: string | null = null;
  private shortest: Uint32Array | undefined;
  private longest: Uint32Array | undefined;

  /** Throws `datasets/file-missing` and `datasets/file-damaged`. */
  constructor(file: string) {
    if (!existsSync(file)) throw fault('datasets/file-missing', { file: basename(file) });
    try {
      this.db = openReadOnly(file);
      this.db.pragma('mmap_size = 1073741824');
      const names = (table: string) =>
        column(this.db, z.string(), `SELECT name FROM ${table} ORDER BY place`);
      this.labels = names('labels');
      this.splits = names('splits');
      this.rows = value(this.db, z.number().nullable(), 'SELECT max(row) FROM rows') ?? 0;
    } catch (error) {
      throw damageOf(file, error);
    }
  }

  close(): void {
    this.db.close();
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

  /** Rows that have a label, of one split (null: of all), in their order. Throws where there is no such split. */
  labelled(split: string | null): Uint32Array {
    const place = split === null ? null : this.splits.indexOf(split);
    const where = place === null ? '' : `AND split = ${place}`;
    return this.numbers(`SELECT row FROM rows WHERE label IS NOT NULL ${where} ORDER BY row`);
  }

  /** Rows of a finding, those that belong together next to each other. `findings`: as `writeFindings` made it. */
  ofFinding(findings: string, code: FindingCode): Uint32Array {
    if (this.attached !== findings) {
      if (this.attached !== null) this.db.exec('DETACH findings');
      this.db.prepare('ATTACH ? AS findings').run(findings);
      this.attached = findings;
    }
    return this.numbers('SELECT row FROM findings.finding_rows WHERE code = ? ORDER BY place', [code]);
  }

  /** Rows by their numbers, in the order asked for, with their lengths in tokens where those are known. */
  read(rows: ArrayLike<number>, tokens: readonly number[] | null = null): DatasetRow[] {
    const find = this.prepare<StoredRow>(`SELECT ${STORED} FROM rows WHERE row = ?`);
    return Array.from(rows, (row, i) => {
      const [, text, textPair, label, split, extra] = find.get(row)!;
      return {
        row,
        text,
        textPair,
        label: label === null ? '' : (this.labels[label] ?? ''),
        split: split === null ? null : (this.splits[split] ?? null),
        tokens: tokens?.[i] ?? null,
        extra: parseExtra(extra) ?? {},
      };
    });
  }

  private prepare<Row>(sql: string) {
    return this.db.prepare<unknown[], Row>(sql).raw();
  }

  /** Every row as it is stored, in their order. */
  stored(): IterableIterator<StoredRow> {
    return this.prepare<StoredRow>(`SELECT ${STORED} FROM rows ORDER BY row`).iterate();
  }

  /** Text and second text of every row, in their order. */
  texts(): IterableIterator<Texts> {
    return this.prepare<Texts>('SELECT text, text_pair FROM rows ORDER BY row').iterate();
  }

  /** Text and second text of a row. */
  textOf(): (row: number) => Texts {
    const find = this.prepare<Texts>('SELECT text, text_pair FROM rows WHERE row = ?');
    return (row) => find.get(row)!;
  }

  /** By row - 1; equal for texts that differ in no more than case and spaces. */
  textHashes(): BigInt64Array {
    const all = this.db.prepare<[], bigint>('SELECT text_hash FROM rows ORDER BY row').pluck().safeIntegers();
    return BigInt64Array.from(all.iterate());
  }

  /** Whether rows have second texts. */
  hasPairs(): boolean {
    const sql = 'SELECT EXISTS (SELECT 1 FROM rows WHERE text_pair IS NOT NULL)';
    return value(this.db, z.number(), sql) === 1;
  }

  /** Names of the columns that were kept beside, of the first so many rows that have any. */
  extraColumns(lookedAt = -1): string[] {
    const some = 'SELECT extra FROM rows WHERE extra IS NOT NULL LIMIT ?';
    return column(this.db, z.string(), `SELECT DISTINCT key FROM (${some}), json_each(extra)`, lookedAt);
  }

  /** Row and value of a column that was kept beside, where there is one. */
  extraValues(column: string): IterableIterator<[row: number, value: string]> {
    const sql = 'SELECT row, value FROM rows, json_each(rows.extra) WHERE key = ?';
    return this.prepare<[row: number, value: string]>(sql).iterate(column);
  }

  /** By row - 1: the characters of both texts. */
  lengths(): Uint32Array {
    return Uint32Array.from(
      this.db.prepare<[], number>('SELECT characters FROM rows ORDER BY row').pluck().iterate(),
    );
  }

  facts(): VersionFacts {
    const counts = (column: 'label' | 'split') => {
      const counted = `SELECT ${column} AS place, count(*) AS n FROM rows GROUP BY 1`;
      const sql = `SELECT name, coalesce(n, 0) AS rows FROM ${column}s LEFT JOIN (${counted}) USING (place) ORDER BY place`;
      return rows(this.db, named, sql);
    };
    const meta = <Schema extends z.ZodType>(key: string, schema: Schema) =>
      value(this.db, json(schema).optional(), 'SELECT value FROM meta WHERE key = ?', key);
    return {
      reading: meta('reading', importReadingSchema) ?? null,
      columns: meta('columns', z.array(z.string()))!,
      labels: counts('label'),
      splits: counts('split'),
    };
  }
}

export const parseExtra = (text: string | null): Record<string, string> | null =>
  text === null ? null : extraSchema.parse(JSON.parse(text));
