import { fault, Fault } from './index.ts';

/**
 * The fault for what the operating system or SQLite answered, wherever it came up: a full or read-only disk, a file that
 * may not be touched, a database that is locked, damaged or incomplete. Null for anything else, which is a defect of ours.
 * `database`: the file that SQLite's errors are about; they do not say it themselves.
 */
export function systemFault(error: unknown, database = 'A database of the workspace'): Fault | null {
  const seen = new Set<unknown>();
  for (let current = error; current instanceof Error && !seen.has(current); current = current.cause) {
    seen.add(current);
    if (current instanceof Fault) return current;
    const code = 'code' in current ? current.code : undefined;
    if (typeof code !== 'string') continue;
    const found = code.startsWith('SQLITE_') ? ofDatabase(code, database, current) : ofFile(code, current);
    if (found) return found;
  }
  return null;
}

function ofDatabase(code: string, file: string, error: Error): Fault | null {
  const { message: detail } = error;
  if (code === 'SQLITE_FULL') return fault('store/disk-full', { file }, error);
  if (/^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(code)) return fault('store/locked', { file }, error);
  if (/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/.test(code)) return fault('store/read-only', { file }, error);
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return fault('store/damaged', { file, detail }, error);
  if (code.startsWith('SQLITE_IOERR')) return fault('store/disk-error', { file, detail }, error);
  // Every statement of ours names what the migrations make: what is not there was taken out of the file.
  if (code === 'SQLITE_ERROR' && /no such (table|column|index)|has no column/.test(detail))
    return fault('store/damaged', { file, detail }, error);
  return null;
}

function ofFile(code: string, error: Error): Fault | null {
  const named = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  const file = named ?? 'A file';
  if (code === 'ENOSPC' || code === 'EDQUOT') return fault('files/disk-full', { file }, error);
  if (code === 'EROFS') return fault('files/unwritable', { file, reason: 'the disk is read-only' }, error);
  if (code === 'EMFILE' || code === 'ENFILE')
    return fault('files/unreadable', { file, reason: 'too many files are open' }, error);
  // Processes and ports are denied with the same codes, and name no file.
  if (named === undefined) return null;
  if (code === 'EACCES' || code === 'EPERM') return fault('files/denied', { file }, error);
  if (code === 'EIO')
    return fault('files/unreadable', { file, reason: 'the disk answered with an error' }, error);
  return null;
}
