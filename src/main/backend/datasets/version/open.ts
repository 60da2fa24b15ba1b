import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fault, Fault } from '../../../../shared/faults/index.ts';
import { openReadOnly, type Db } from '../../../storage/database.ts';

/** Opens a version file for reading. Throws `datasets/file-missing` and `datasets/file-damaged`. */
export function openVersionFile(file: string): Db {
  if (!existsSync(file)) throw fault('datasets/file-missing', { file: basename(file) });
  try {
    const db = openReadOnly(file);
    db.pragma('mmap_size = 1073741824');
    db.prepare('SELECT count(*) FROM meta').get();
    return db;
  } catch (error) {
    throw damageOf(file, error);
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
