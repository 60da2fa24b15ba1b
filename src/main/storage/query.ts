import { z } from 'zod';
import type { Db } from './database.ts';

/** A column that holds JSON. */
export const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((text): z.output<Schema> => schema.parse(JSON.parse(text)));

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (name: string): string =>
  name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const named = (row: unknown): object =>
  Object.fromEntries(Object.entries(row as object).map(([name, value]) => [camelCase(name), value]));

/** The columns that a schema reads, for a query. */
export const columnsOf = ({ shape }: z.ZodObject): string => Object.keys(shape).map(snakeCase).join(', ');

/** The rows of a query as `schema` reads them; a column `created_at` is `createdAt` there. */
export const rows = <Schema extends z.ZodType>(db: Db, schema: Schema, sql: string, ...values: unknown[]) =>
  db
    .prepare(sql)
    .all(...values)
    .map((row) => schema.parse(named(row)));

/** The first row; undefined: there is none. */
export function row<Schema extends z.ZodType>(db: Db, schema: Schema, sql: string, ...values: unknown[]) {
  const found = db.prepare(sql).get(...values);
  return found === undefined ? undefined : schema.parse(named(found));
}

/** Of queries for one column: every value of it, and the first one. */
export const column = <Schema extends z.ZodType>(db: Db, schema: Schema, sql: string, ...values: unknown[]) =>
  z.array(schema).parse(
    db
      .prepare(sql)
      .pluck()
      .all(...values),
  );
export const value = <Schema extends z.ZodType>(db: Db, schema: Schema, sql: string, ...values: unknown[]) =>
  schema.parse(
    db
      .prepare(sql)
      .pluck()
      .get(...values),
  );

export const run = (db: Db, sql: string, ...values: unknown[]): void => void db.prepare(sql).run(...values);

/** As SQLite takes it: objects as JSON, truth values as numbers. */
function stored(field: unknown): unknown {
  if (typeof field === 'boolean') return Number(field);
  return typeof field === 'object' && field !== null && !Buffer.isBuffer(field)
    ? JSON.stringify(field)
    : field;
}

/** Adds a row; fields are named as their columns, in camel case. */
export function add(db: Db, table: string, fields: object): void {
  const names = Object.keys(fields);
  const places = names.map(() => '?').join(', ');
  const sql = `INSERT INTO ${table} (${names.map(snakeCase).join(', ')}) VALUES (${places})`;
  run(db, sql, ...Object.values(fields).map(stored));
}

/**
 * Changes fields of the row with these keys (its `id` alone as a text); those of `merged` are objects of which only what
 * is given changes.
 */
export function change(
  db: Db,
  table: string,
  keys: string | Record<string, unknown>,
  fields: object,
  merged: readonly string[] = [],
): void {
  const sets = Object.keys(fields).map((name) => {
    const column = snakeCase(name);
    return merged.includes(name) ? `${column} = json_patch(${column}, ?)` : `${column} = ?`;
  });
  const found = typeof keys === 'string' ? { id: keys } : keys;
  const where = Object.keys(found).map((name) => `${snakeCase(name)} = ?`);
  const sql = `UPDATE ${table} SET ${sets.join(', ')} WHERE ${where.join(' AND ')}`;
  run(db, sql, ...Object.values(fields).map(stored), ...Object.values(found));
}

/** What stores have in common. */
export class Store {
  readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }
}
