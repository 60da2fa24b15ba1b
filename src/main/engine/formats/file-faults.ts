import { lstatSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { Fault, fault } from '../../../shared/faults/index.ts';

/** The system's code of an error, "ENOENT"; empty where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const readReasons: Record<string, string> = {
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
  ELOOP: 'its links form a circle',
};

/** The fault for what the system answered to reading `file`; what is no system error is returned as it is. */
export function readFault(file: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof Fault || code === '') return error;
  if (code === 'ENOENT' || code === 'ENOTDIR') return missingFault(file, error);
  if (code === 'EIO' || code === 'ESTALE') return fault('files/vanished', { file }, error);
  return fault('files/unreadable', { file, reason: readReasons[code] ?? code }, error);
}

function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    return false;
  }
}

/** What is not there: the target of a link, a folder on the way, or the file, whose relative path starts here. */
function missingFault(file: string, error: unknown): Fault {
  if (isLink(file)) {
    return fault('files/unreadable', { file, reason: 'it is a link to a file that is not there' }, error);
  }
  return fault('files/missing', { file: isAbsolute(file) ? file : `${file} (in ${process.cwd()})` }, error);
}

const writeReasons: Record<string, string> = {
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EROFS: 'the disk is read-only',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'there is a folder of that name',
  EFBIG: 'the disk does not take files of that size',
};

/** The fault for what the system answered to writing `file`; what is no system error is returned as it is. */
export function writeFault(file: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof Fault || code === '') return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fault('files/disk-full', { file }, error);
  return fault('files/unwritable', { file, reason: writeReasons[code] ?? code }, error);
}
