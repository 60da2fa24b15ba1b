import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { goldenBert } from '../../engine/models/test-support.ts';
import { addDataset, addVersion } from '../../storage/datasets.ts';
import { insertModel } from '../../storage/test-support.ts';
import type { BackendContext } from '../context.ts';
import { TABLES } from '../../storage/versions/schema.ts';

export interface TestRow {
  text: string;
  label: string;
  split?: string;
}

/** A data set version with these rows in the store; gives its id. */
export function storeRows({ db, workspace }: BackendContext, rows: readonly TestRow[]): string {
  const made = path.join(workspace.temporary, `${randomUUID()}.db`);
  const file = new Database(made);
  file.exec(TABLES);
  const labels = [...new Set(rows.map(({ label }) => label))].sort();
  const splits = [...new Set(rows.flatMap(({ split }) => split ?? []))];
  labels.forEach((name, place) => file.prepare('INSERT INTO labels VALUES (?, ?)').run(place, name));
  splits.forEach((name, place) => file.prepare('INSERT INTO splits VALUES (?, ?)').run(place, name));
  const insert = file.prepare('INSERT INTO rows VALUES (?, ?, NULL, ?, ?, ?, ?, NULL)');
  rows.forEach(({ text, label, split }, i) => {
    const hash = createHash('sha256').update(text).digest().readBigInt64LE();
    const place = split === undefined ? null : splits.indexOf(split);
    insert.run(i + 1, text, labels.indexOf(label), place, text.length, hash);
  });
  file.close();
  const bytes = readFileSync(made);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  renameSync(made, path.join(workspace.datasets, `${sha256}.db`));
  const [datasetId, id] = [randomUUID(), randomUUID()];
  addDataset(db, { id: datasetId, name: 'Messages', source: 'files', createdAt: 0 });
  addVersion(db, {
    id,
    datasetId,
    sha256,
    file: `${sha256}.db`,
    rows: rows.length,
    bytes: bytes.length,
    facts: JSON.stringify({ labels: [], splits: [], columns: ['text', 'label'] }),
    change: 'Imported',
    parentId: null,
    hub: null,
    createdAt: 0,
  });
  return id;
}

/** A model's folder in the store, the golden bert's unless another is given; gives its id. */
export function storeModel({ db }: BackendContext, folder = goldenBert()): string {
  const id = randomUUID();
  insertModel(db, { id, name: 'golden', folder, sha256: 'a'.repeat(64) });
  return id;
}

const words = 'food great service slow loved come back again free entry text win prize claim call now'.split(
  ' ',
);

/** So many different texts, whose labels take turns. */
export function texts(count: number, labels: readonly string[], split?: string, from = 0): TestRow[] {
  return Array.from({ length: count }, (_, i) => ({
    text: `${words[i % words.length]!} ${words[(i * 7) % words.length]!} number ${from + i}`,
    label: labels[i % labels.length]!,
    ...(split === undefined ? {} : { split }),
  }));
}
