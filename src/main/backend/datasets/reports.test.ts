import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding, FindingCode } from '../../../shared/contract/datasets.ts';
import { faultOf } from '../../engine/data/test-support.ts';
import { versionRecord } from './library.ts';
import { importSample } from './sample.ts';
import { insertModel } from '../../storage/test-support.ts';
import { TestArea } from './test-support.ts';

let area: TestArea;
let sample: string;
beforeAll(async () => {
  area = await TestArea.open();
  sample = await importSample(area.context);
});
afterAll(() => area.remove());

const report = (versionId: string) => area.ask('datasets/report', { versionId });
async function finding(versionId: string, code: FindingCode): Promise<Finding | undefined> {
  return (await report(versionId)).findings.find((one) => one.code === code);
}
async function repair(versionId: string, code: FindingCode, action: Finding['repairs'][number]['action']) {
  const { jobId } = await area.ask('datasets/repair', { versionId, finding: code, action });
  const id = await area.result(jobId);
  const { versions } = await area.ask('datasets/read', { id: versionRecord(area.context, id).datasetId });
  return versions.find((version) => version.id === id)!;
}
async function fromLines(name: string, lines: object[]): Promise<string> {
  const file = await area.write(name, lines.map((line) => JSON.stringify(line)).join('\n'));
  return area.import(file, 'split' in lines[0]! ? { split: 'split' } : {});
}

describe('the report of SMS Spam', () => {
  it('finds 5,574 rows and 5,171 different texts', async () => {
    const { rows, distinctTexts, findings } = await report(sample);
    expect([rows, distinctTexts]).toEqual([5574, 5171]);
    expect(findings.find(({ code }) => code === 'duplicates')).toMatchObject({
      weight: 'warning',
      message: '5,574 rows hold 5,171 different texts: 403 rows repeat another.',
      rows: 705,
    });
  });

  it('says what guessing gives, overall and by split', async () => {
    const { labels, splits, findings } = await report(sample);
    expect(labels).toEqual([
      { name: 'ham', rows: 4827 },
      { name: 'spam', rows: 747 },
    ]);
    expect(splits.map(({ name, rows, labels: [ham] }) => [name, rows, ham!.rows])).toEqual([
      ['train', 1000, 876],
      ['eval', 1000, 836],
      ['rest', 3574, 3115],
    ]);
    expect(findings.find(({ code }) => code === 'imbalance')!.message).toBe(
      'The majority class "ham" is 86.6 % of the rows.',
    );
  });

  it('names the rows of each finding, those that belong together next to each other', async () => {
    for (const { code, rows } of (await report(sample)).findings) {
      if (code !== 'imbalance') expect((await area.rows(sample, { finding: code })).total, code).toBe(rows);
    }
    const { items } = await area.rows(sample, { finding: 'leaks', limit: 2 });
    expect(items[1]!.text.trim().toLowerCase()).toBe(items[0]!.text.trim().toLowerCase());
    expect(items[1]!.split).not.toBe(items[0]!.split);
    const both = await area.rows(sample, { finding: 'duplicates', query: 'free', label: 'spam' });
    expect(both.total).toBeGreaterThan(0);
    expect(both.items.every(({ text, label }) => /free/i.test(text) && label === 'spam')).toBe(true);
  });

  it('is kept, and made again where its file was lost', async () => {
    const first = await report(sample);
    const { datasets } = area.context.workspace;
    const file = (await readdir(datasets)).find((name) => name.endsWith('.findings'))!;
    await rm(join(datasets, file));
    expect(await report(sample)).toEqual(first);
    expect(await readdir(datasets)).toContain(file);
  });

  it('is repaired by new versions in a chain', async () => {
    const once = await repair(sample, 'duplicates', 'keep-one');
    expect(once).toMatchObject({ rows: 5159, parentId: sample, change: '415 repeated rows removed' });
    expect(await finding(once.id, 'duplicates')).toMatchObject({ weight: 'good', rows: 0 });
    const apart = await repair(sample, 'leaks', 'remove-leaks');
    expect(await finding(apart.id, 'leaks')).toMatchObject({ weight: 'good' });
    expect(apart.splits.find(({ name }) => name === 'eval')!.rows).toBe(1000);
    const together = await repair(sample, 'leaks', 'split-together');
    expect(together.rows).toBe(5574);
    expect(await finding(together.id, 'leaks')).toMatchObject({ weight: 'good' });
    const wrong = repair(sample, 'duplicates', 'majority-label');
    expect(await faultOf(wrong)).toMatchObject({ code: 'datasets/no-repair' });
  });

  it('is split anew, with equal texts on one side', async () => {
    const shares = { train: 0.8, test: 0.2 };
    const { jobId } = await area.ask('datasets/split', { versionId: sample, shares });
    const id = await area.result(jobId);
    const { splits, findings } = await report(id);
    expect(splits.map(({ name, rows }) => [name, rows])).toEqual([
      ['train', 4459],
      ['test', 1115],
    ]);
    expect(splits[1]!.labels).toEqual([
      { name: 'ham', rows: 965 },
      { name: 'spam', rows: 150 },
    ]);
    expect(findings.find(({ code }) => code === 'leaks')!.weight).toBe('good');
    const wrong = area.ask('datasets/split', { versionId: sample, shares: { a: 0.8, b: 0.1 } });
    expect((await faultOf(wrong)).message).toBe('The shares of the splits add up to 90.0 %.');
  });

  it('counts tokens once for a tokenizer and says what is cut', async () => {
    const folder = resolve(import.meta.dirname, '../../../../fixtures/golden/seed1/tokenizer');
    insertModel(area.context.db, { id: 'm', name: 'tiny', folder });
    const read = (versionId: string) =>
      area.ask('datasets/report', { versionId, modelId: 'm', maxLength: 64 });
    area.context.db.prepare('DELETE FROM dataset_reports').run();
    const both = read(sample);
    // Neither waits for the other.
    expect((await area.jobs()).filter(({ kind }) => kind === 'report').map(({ title }) => title)).toEqual([
      'Looking at the rows of SMS Spam',
      'Counting the tokens of SMS Spam',
    ]);
    const { lengths, findings } = await both;
    expect(await area.ask('datasets/lengths', { versionId: sample, modelId: 'm', maxLength: 64 })).toEqual(
      lengths,
    );
    expect(lengths).toMatchObject({ modelId: 'm', modelName: 'tiny', maxLength: 64 });
    expect(lengths!.bins.reduce((sum, bin) => sum + bin, 0)).toBe(5574);
    const cut = findings.find(({ code }) => code === 'truncation')!;
    expect(cut.rows).toBe(lengths!.cutRows);
    const rows = await area.rows(sample, { finding: 'truncation' });
    expect(rows.total).toBe(lengths!.cutRows);
    expect(rows.items.every(({ tokens }) => tokens! > 64)).toBe(true);
    const changes = [{ row: 1, label: 'ham' }];
    const { version } = await area.ask('datasets/relabel', { versionId: sample, changes });
    const kept = (await readdir(area.context.workspace.datasets)).filter((name) =>
      name.startsWith(`${version.sha256}.lengths-`),
    );
    expect(kept).toHaveLength(1);
    expect((await read(version.id)).lengths).toEqual(lengths);
    const unknown = area.ask('datasets/report', { versionId: sample, modelId: 'x' });
    expect(await faultOf(unknown)).toMatchObject({ code: 'store/unknown' });
  });
});

describe('a report', () => {
  it('finds one text under two labels, and gives it the more frequent one', async () => {
    const id = await fromLines('conflicts.jsonl', [
      { text: 'Fine  phone', label: 'good' },
      { text: 'fine phone ', label: 'good' },
      { text: 'Fine phone', label: 'bad' },
      { text: 'A tie', label: 'good' },
      { text: 'a tie', label: 'bad' },
      { text: 'Other', label: 'bad' },
    ]);
    expect(await finding(id, 'conflicting-labels')).toMatchObject({
      weight: 'warning',
      message: '2 texts stand under more than one label (5 rows).',
      rows: 5,
    });
    const mended = await repair(id, 'conflicting-labels', 'majority-label');
    expect(mended.change).toBe('1 label set to the most frequent one of the text');
    expect((await area.rows(mended.id)).items[2]!.label).toBe('good');
    const fewer = await repair(id, 'conflicting-labels', 'remove-rows');
    expect(fewer).toMatchObject({ rows: 1, change: '5 rows with conflicting labels removed' });
  });

  it('finds empty and odd texts, and removes them', async () => {
    const id = await fromLines('odd.jsonl', [
      { text: '', label: 1 },
      { text: ' \n ', label: 2 },
      { text: 'bell \u0007', label: 1 },
      { text: 'lost \ufffd', label: 2 },
      { text: 'CafÃ©', label: 1 },
      { text: 'é'.repeat(60_000), label: 2 },
      { text: 'fine', label: 1 },
    ]);
    expect(await finding(id, 'empty-texts')).toMatchObject({ message: '2 rows have no text.', rows: 2 });
    const odd = (await finding(id, 'odd-rows'))!;
    expect(odd.message).toBe('4 rows look odd.');
    expect(odd.detail).toContain('1 over 100 kB');
    const left = await repair(id, 'odd-rows', 'remove-rows');
    expect(left).toMatchObject({ rows: 3, change: '4 odd rows removed' });
    expect((await area.rows(left.id)).items.map(({ row, text }) => [row, text])).toEqual([
      [1, ''],
      [2, ' \n '],
      [3, 'fine'],
    ]);
  });

  it('finds rare classes, and removes them with their rows', async () => {
    const lines = Array.from({ length: 33 }, (_, i) => ({
      text: `text ${i}`,
      label: i < 3 ? 'rare' : i % 2 ? 'a' : 'z',
    }));
    const id = await fromLines('rare.jsonl', lines);
    expect(await finding(id, 'rare-classes')).toMatchObject({
      message: '1 class has fewer than 10 rows (3 rows in all).',
      detail: '"rare" (3).',
      rows: 3,
    });
    const left = await repair(id, 'rare-classes', 'remove-class');
    expect(left.labels).toEqual([
      { name: 'a', rows: 15 },
      { name: 'z', rows: 15 },
    ]);
    expect((await area.rows(left.id, { label: 'z' })).total).toBe(15);
  });

  it('says when there is one class only', async () => {
    const id = await fromLines('one.jsonl', [{ text: 'a', label: 'x' }]);
    expect(await finding(id, 'imbalance')).toMatchObject({
      weight: 'error',
      message: 'Every row has the label "x".',
    });
  });

  it('finds texts of other scripts', async () => {
    const id = await fromLines('scripts.jsonl', [
      { text: '今日は良い天気です', label: 'a' },
      { text: 'مرحبا بالعالم', label: 'b' },
      { text: 'Ein Café in Köln', label: 'a' },
    ]);
    for (const [query, row] of [
      ['天気', 1],
      ['بالعالم', 2],
      ['koln cafe', 3],
      ['CAF', 3],
    ] as const) {
      expect((await area.rows(id, { query })).items.map((one) => one.row)).toEqual([row]);
    }
    expect((await area.rows(id, { order: 'longest' })).items[0]!.row).toBe(3);
    expect((await area.rows(id, { order: 'shortest', label: 'a' })).items[0]!.row).toBe(1);
    expect(await faultOf(area.rows(id, { label: 'x' }))).toMatchObject({ code: 'datasets/unknown-label' });
    expect(await faultOf(area.rows(id, { split: 'x' }))).toMatchObject({ code: 'datasets/unknown-split' });
  });
});
