import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { workspaceFolder } from '../../test-support.ts';
import { readTexts } from './texts.ts';

it('a file that lost rows says so, however many are asked for', async () => {
  const file = path.join(await workspaceFolder(), 'short.csv');
  await writeFile(file, 'text,label\none,a\ntwo,b\n');
  const rows = Array.from({ length: 200_000 }, (_, i) => i + 1);
  const source = { kind: 'file', file, options: {} } as const;
  await expect(readTexts(source, rows)).rejects.toMatchObject({ code: 'compare/file-changed' });
});
