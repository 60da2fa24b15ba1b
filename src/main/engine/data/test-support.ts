import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../../shared/faults/index.ts';
import { openTable, type Table, type TableOptions, type TableRow } from './table.ts';

/** A folder for the files of one test file. */
export class TestFolder {
  #path: string | null = null;

  async path(name: string): Promise<string> {
    this.#path ??= await mkdtemp(join(tmpdir(), 'graft-data-'));
    return join(this.#path, name);
  }

  async write(name: string, content: string | Uint8Array): Promise<string> {
    const file = await this.path(name);
    await writeFile(file, content);
    return file;
  }

  async open(name: string, content: string | Uint8Array, options: TableOptions = {}): Promise<Table> {
    return openTable(await this.write(name, content), options);
  }

  async remove(): Promise<void> {
    if (this.#path !== null) await rm(this.#path, { recursive: true, force: true });
  }
}

export async function allRows(table: Table): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for await (const row of table.rows()) rows.push(row);
  return rows;
}

export async function allValues(table: Table): Promise<Record<string, unknown>[]> {
  return (await allRows(table)).map((row) => row.values);
}

/** The fault that a promise ends in. Anything else fails the test. */
export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('no fault was thrown');
}

export async function consume(table: Table): Promise<number> {
  let count = 0;
  for await (const row of table.rows()) count = row.row;
  return count;
}
