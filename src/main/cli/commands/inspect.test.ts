import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorSchema, graft, tokenizerFolder } from '../test-support.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'graft-cli-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('inspect --data', () => {
  it('says columns, labels and lengths of a file', async () => {
    const file = join(dir, 'rows.csv');
    await writeFile(file, 'stars,text\n5,"good, very"\n1,bad\n5,fine\n');
    const { stdout, status } = await graft(['inspect', '--data', file, '--label-column', 'stars', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 3,
      columns: [
        { name: 'stars', filled: 3, distinct: 2 },
        { name: 'text', filled: 3, distinct: 3 },
      ],
      labels: {
        column: 'stars',
        counts: [
          { label: '1', rows: 1 },
          { label: '5', rows: 2 },
        ],
      },
      characters: { least: 3, median: 4, most: 10 },
      tokens: null,
    });
    const text = await graft([
      'inspect',
      '--data',
      file,
      '--label-column',
      'stars',
      '--model',
      tokenizerFolder,
    ]);
    expect(text.stdout).toContain('3 rows, 2 columns, csv');
    expect(text.stdout).toMatch(/^tokens +\d/m);
  });

  it('counts the tokens of rows that come tokenised, without their padding', async () => {
    const file = join(dir, 'ids.jsonl');
    await writeFile(file, '{"input_ids":[0,0,5,6],"attention_mask":[0,0,1,1]}\n{"input_ids":[5,6,7]}\n');
    const { stdout } = await graft(['inspect', '--data', file, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 2, tokens: { least: 2, most: 3 } });
  });

  it('names a file that is missing', async () => {
    const { stdout, status } = await graft(['inspect', '--data', join(dir, 'none.csv'), '--json']);
    expect(errorSchema.parse(JSON.parse(stdout)).error.message).toContain('none.csv does not exist.');
    expect(status).toBe(1);
  });

  it('counts the sample of 5,574 messages', async () => {
    const sample = resolve(import.meta.dirname, '../../../../resources/sample/sms-spam.tsv');
    const { stdout } = await graft(['inspect', '--data', sample, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 5574,
      labels: {
        counts: [
          { label: 'ham', rows: 4827 },
          { label: 'spam', rows: 747 },
        ],
      },
    });
  });
});
