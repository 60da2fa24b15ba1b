import { describe, expect, it } from 'vitest';
import { fault } from './index.ts';
import { systemFault } from './system.ts';

const failed = (code: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { code, ...more });

describe('what the system answers is a fault wherever it comes up', () => {
  it.each([
    ['ENOSPC', 'files/disk-full'],
    ['EDQUOT', 'files/disk-full'],
    ['EROFS', 'files/unwritable'],
    ['EACCES', 'files/denied'],
    ['EPERM', 'files/denied'],
    ['EMFILE', 'files/unreadable'],
    ['EIO', 'files/unreadable'],
  ])('%s of a file', (code, expected) => {
    const found = systemFault(failed(code, `${code}: something`, { path: '/work/a.bin' }));
    expect(found).toMatchObject({
      code: expected,
      message: expect.stringContaining('/work/a.bin') as string,
    });
    expect(found!.remedy).not.toContain('defect');
  });

  it('a full disk also where the file is not named, and under another error', () => {
    const full = failed('ENOSPC', 'ENOSPC: no space left on device, write');
    expect(systemFault(full)?.message).toBe(
      'The disk is full: A file could not be written. What was there before is unchanged.',
    );
    expect(systemFault(new Error('Writing failed', { cause: full }))?.code).toBe('files/disk-full');
  });

  it.each([
    ['SQLITE_BUSY', 'database is locked', 'store/locked'],
    ['SQLITE_BUSY_SNAPSHOT', 'database is locked', 'store/locked'],
    ['SQLITE_FULL', 'database or disk is full', 'store/disk-full'],
    ['SQLITE_READONLY', 'attempt to write a readonly database', 'store/read-only'],
    ['SQLITE_READONLY_DBMOVED', 'attempt to write a readonly database', 'store/read-only'],
    ['SQLITE_CANTOPEN', 'unable to open database file', 'store/read-only'],
    ['SQLITE_CORRUPT', 'database disk image is malformed', 'store/damaged'],
    ['SQLITE_NOTADB', 'file is not a database', 'store/damaged'],
    ['SQLITE_ERROR', 'no such table: experiments', 'store/damaged'],
    ['SQLITE_IOERR_WRITE', 'disk I/O error', 'store/disk-error'],
  ])('%s (%s)', (code, message, expected) => {
    expect(systemFault(failed(code, message), '/w/graft.db')).toMatchObject({
      code: expected,
      message: expect.stringContaining('/w/graft.db') as string,
    });
  });

  it('and nothing else is: a defect stays one, a fault itself', () => {
    const known = fault('store/gone', { dir: '/w' });
    expect(systemFault(known)).toBe(known);
    expect(systemFault(new TypeError('x is not a function'))).toBeNull();
    expect(systemFault(failed('SQLITE_ERROR', 'near "SELEC": syntax error'))).toBeNull();
    expect(systemFault(failed('EPERM', 'kill EPERM'))).toBeNull();
    expect(systemFault('a text')).toBeNull();
  });
});
