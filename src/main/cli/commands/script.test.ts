import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readScript } from '../../backend/scripts/read-script.ts';
import { errorSchema, golden, graft } from '../test-support.ts';

const base = {
  model: join(golden, 'models/bert'),
  adapter: { peft_type: 'LORA', r: 4, lora_alpha: 8, target_modules: 'all-linear' },
  training: { learning_rate: 1e-3 },
};

async function folderWith(files: Record<string, string>, data: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'graft-script-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'run.json'), JSON.stringify({ ...base, data }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

describe('graft script', { timeout: 30_000 }, () => {
  it('names the files of a config as pandas has to be told to read them', async () => {
    const folder = await folderWith(
      {
        'train.tsv': 'stars\treview\n5\t"good\n1\tbad\n',
        'test.csv': 'stars;review\n5;good\n1;"bad; very"\n',
      },
      { train: 'train.tsv', eval: 'test.csv', text_column: 'review', label_column: 'stars' },
    );
    const { stdout, stderr, status } = await graft(['script', '--config', 'run.json'], '', folder);
    expect(status).toBe(0);
    expect(stderr).toContain('It reads train.tsv and test.csv');
    expect(stdout).toContain(
      '"csv", data_files={"train": "train.tsv"}, sep="\\t", keep_default_na=False, quoting=3',
    );
    expect(stdout).toContain('data_files={"eval": "test.csv"}, sep=";", keep_default_na=False');
    expect(stdout).toContain('LABELS = ["1", "5"]');
    expect(stdout).toContain('LABELS.index(str(label)) for label in rows["stars"]');
    expect(stdout).toContain('target_modules="all-linear"');
    expect(readScript(stdout)).toMatchObject({
      labelColumn: 'stars',
      textColumn: 'review',
      notUnderstood: [],
    });
  });

  it('writes a file from which the data is found', async () => {
    const row = (text: string, label: boolean): string =>
      `${JSON.stringify({ text, text_pair: 'x', label })}\n`;
    const folder = await folderWith({ 'a.jsonl': row('a', true) + row('b', false) }, { train: 'a.jsonl' });
    const output = join(folder, 'run.py');
    const { stdout, status } = await graft([
      'script',
      '--config',
      join(folder, 'run.json'),
      '--output',
      output,
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `Written: ${output}\n` });
    const text = await readFile(output, 'utf8');
    expect(text).toContain('load_dataset("json", data_files={"train": "a.jsonl"})');
    expect(text).toContain('LABELS.index(str(label).lower())');
    expect(text).toContain('tokenizer(rows["text"], rows["text_pair"], truncation=True');
    expect(text).not.toContain('evaluate');
  });

  it('maps labels as the run does, and is read back so', async () => {
    const data = (label_map: object) => ({ train: 'a.csv', label_column: 'stars', label_map });
    const rows = 'text,stars\na,1\nb,2\nc,5\n';
    const folder = await folderWith({ 'a.csv': rows }, data({ 1: 'bad', 2: 'bad' }));
    const { stdout } = await graft(['script', '--config', join(folder, 'run.json')]);
    expect(stdout).toContain('LABELS = ["5", "bad"]\nLABEL_MAP = {"1": "bad", "2": "bad"}');
    expect(stdout).toContain(
      'LABELS.index(LABEL_MAP.get(str(label), str(label))) for label in rows["stars"]',
    );
    expect(readScript(stdout)).toMatchObject({
      labelColumn: 'stars',
      labelMap: { 1: 'bad', 2: 'bad' },
      notUnderstood: [],
    });
    const without = await folderWith({ 'a.csv': rows }, data({ 5: null }));
    const refused = await graft(['script', '--config', join(without, 'run.json')]);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('data.label_map') as string });
  });

  it('refuses rows that are token ids, and says why', async () => {
    const folder = await folderWith({ 'a.jsonl': '{"input_ids":[1,2],"label":0}\n' }, { train: 'a.jsonl' });
    const { stdout, status } = await graft(['script', '--config', join(folder, 'run.json'), '--json']);
    expect(status).toBe(1);
    expect(errorSchema.parse(JSON.parse(stdout)).error.code).toBe('scripts/token-ids');
  });
});
