import { chmod, mkdir, symlink } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { openTable } from './table.ts';
import { faultOf, TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

describe('a file that is not read', () => {
  it.each([
    ['words.conll', 'EU B-ORG\nrejects O\n\n', 'is a file of words with a tag each (CoNLL)'],
    ['words.tags', 'EU B-ORG\nrejects O\n\n', 'is a file of words with a tag each (CoNLL)'],
    ['rows.csv.gz', Uint8Array.of(0x1f, 0x8b, 8, 0), 'is compressed by gzip'],
    ['old.xls', Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0), 'is an old Excel or Word file'],
    ['list', '[{"text":"a"}]', 'is a JSON list, by its beginning'],
    ['rows.log', '{"text":"a"}\n{"text":"b"}\n', 'is JSON Lines, by its beginning'],
    ['table.dat', 'text;label\na;b\n', 'is a table, by its beginning'],
    ['data', Buffer.from('PAR1....PAR1'), 'is a Parquet file'],
    ['notes.docx', 'x', 'is in no format that is read here'],
  ])('is named by what it is: %s', async (name, content, message) => {
    const fault = await faultOf(folder.open(name, content));
    expect(fault).toMatchObject({ code: 'data/format' });
    expect(fault.message).toContain(`${name} ${message}`);
  });

  it('is named by why it is not read', async () => {
    const link = await folder.path('link.csv');
    await symlink(await folder.path('gone.csv'), link);
    expect((await faultOf(openTable(link))).message).toBe(
      `${link} cannot be read: it is a link to a file that is not there.`,
    );
    expect((await faultOf(openTable('gone.csv'))).message).toBe(
      `gone.csv (in ${process.cwd()}) does not exist.`,
    );
  });

  it('is not called missing where a folder denies access', async () => {
    const closed = await folder.path('closed');
    await mkdir(closed, { mode: 0o000 });
    // Nothing is denied to root: for the reading this process is somebody else.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65534);
    const fault = await faultOf(openTable(`${closed}/big.csv`)).finally(() => root && process.seteuid?.(0));
    await chmod(closed, 0o700);
    expect(fault.message).toContain('cannot be read: access is denied');
  });
});
