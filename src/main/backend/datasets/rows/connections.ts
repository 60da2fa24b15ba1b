import { z } from 'zod';
import type { Db } from '../../../storage/database.ts';
import { openVersionFile } from '../version/open.ts';

/** A version file that stays open, with the names that its rows refer to. */
export interface OpenVersion {
  db: Db;
  labels: string[];
  splits: string[];
  /** The file of findings that is attached as `findings`. */
  attached: string | null;
}

const MOST_OPEN = 4;
const names = z.array(z.string());
const open = new Map<string, OpenVersion>();

/** The connection of this thread to a version file. Throws `datasets/file-…`. */
export function connectionTo(file: string): OpenVersion {
  const known = open.get(file);
  open.delete(file);
  const version = known ?? connect(file);
  open.set(file, version);
  if (open.size > MOST_OPEN) forget([...open.keys()][0]!);
  return version;
}

/** Closes the connection to a file, if there is one. */
export function forget(file: string): void {
  open.get(file)?.db.close();
  open.delete(file);
}

function connect(file: string): OpenVersion {
  const db = openVersionFile(file);
  const read = (table: string) =>
    names.parse(db.prepare(`SELECT name FROM ${table} ORDER BY place`).pluck().all());
  return { db, labels: read('labels'), splits: read('splits'), attached: null };
}

/** Makes a file of findings readable as `findings`. */
export function attachFindings(version: OpenVersion, findings: string): void {
  if (version.attached === findings) return;
  if (version.attached !== null) version.db.exec('DETACH findings');
  version.db.prepare('ATTACH ? AS findings').run(findings);
  version.attached = findings;
}
