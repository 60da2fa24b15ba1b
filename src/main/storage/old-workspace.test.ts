import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { testBackend, workspaceFolder, type TestBackend } from '../backend/test-support.ts';
import { migrations } from './migrations/index.ts';

/**
 * A workspace of schema 4 with three runs of the tiny model, one from the command line, a comparison, an export and a
 * draft of labels; and what the release that wrote it answered about them.
 */
const fixture = path.resolve(import.meta.dirname, '../../../fixtures/workspace-4');
const known = z
  .looseObject({
    ids: z.array(z.string()),
    versionId: z.string(),
    pages: z.array(
      z.object({ query: z.looseObject({ id: z.string() }), total: z.number(), items: z.unknown() }),
    ),
    disagreements: z.array(z.looseObject({ filter: z.string() })),
  })
  .parse(JSON.parse(readFileSync(path.join(fixture, 'answers.json'), 'utf8')));

async function oldWorkspace(): Promise<TestBackend> {
  const dir = await workspaceFolder();
  cpSync(path.join(fixture, 'datasets'), path.join(dir, 'datasets'), { recursive: true });
  const db = new Database(path.join(dir, 'graft.db'));
  for (const { sql } of migrations.slice(0, 4)) db.exec(sql);
  db.pragma('user_version = 4');
  db.pragma('foreign_keys = OFF');
  db.exec(readFileSync(path.join(fixture, 'graft.sql'), 'utf8').replaceAll('/old/workspace', dir));
  db.close();
  // The run of the command line was evaluated on a file of its own.
  const rows = Array.from({ length: 9 }, (_, i) => `text number ${i},${i % 3 === 0 ? 'good' : 'bad'}`);
  const cli = path.join(dir, 'cli');
  cpSync(path.join(fixture, 'datasets'), cli, { recursive: true });
  writeFileSync(path.join(cli, 'eval.csv'), ['text,label', ...rows, ''].join('\n'));
  return testBackend(dir);
}

it('a workspace of before answers are kept by their task opens with everything in it, and says the same of it', async () => {
  const { call, context } = await oldWorkspace();
  const { ids, versionId } = known;
  const three = ids.slice(0, 3);

  const { experiments } = await call('experiments/list', { archived: true });
  expect(experiments).toMatchObject(z.array(z.object({}).loose()).parse(known['runs']));
  expect(experiments.map(({ task }) => task)).toEqual(ids.map(() => 'single_label_classification'));
  const ofEach = <Result>(read: (id: string) => Promise<Result>) => Promise.all(ids.map(read));
  expect(await ofEach((id) => call('experiments/curve', { id }))).toEqual(known['curves']);
  expect(await ofEach(async (id) => (await call('experiments/evaluation', { id })).evaluation)).toEqual(
    known['evaluations'],
  );
  expect(await ofEach(async (id) => (await call('compare/calibration', { id })).calibration)).toEqual(
    known['calibrations'],
  );
  for (const { query, total, items } of known.pages) {
    const page = await call('experiments/predictions', query);
    const found = page.items.map(({ row, expected, predicted, score, expectedScore }) => [
      ...[row.row, query['order'] === 'row' ? row.text : '', expected, predicted, score, expectedScore],
    ]);
    expect({ query, total: page.total, items: found }).toEqual({ query, total, items });
  }

  const compared = async (key: string, some: string[]) =>
    expect(await call('compare/read', { ids: some, baselineId: ids[0]! })).toMatchObject(
      z.looseObject({}).parse(known[key]),
    );
  await compared('compared', ids);
  await compared('comparedThree', three);
  // Counted anew from the answers, the figures are those that were kept.
  context.db.exec('DELETE FROM run_counts; DELETE FROM run_figures');
  await compared('comparedThree', three);
  const pair = await call('compare/pair', { baselineId: ids[0]!, otherId: ids[2]! });
  expect(pair).toMatchObject(z.looseObject({}).parse(known['pair']));
  for (const { filter, ...expected } of known.disagreements) {
    const found = await call('compare/disagreements', {
      ids: three,
      filter: filter as 'all',
      offset: 0,
      limit: 50,
    });
    const items = found.items.map((item) => ({ ...item, row: item.row.row }));
    expect({ ...found, items }).toMatchObject(expected);
  }
  expect((await call('compare/slices', { ids: three })).slices).toEqual(known['slices']);

  expect((await call('compare/list-saved', {})).saved).toEqual(known['saved']);
  expect((await call('exports/list', {})).exports).toMatchObject(
    z.array(z.looseObject({})).parse(known['exports']),
  );
  expect((await call('adapters/list', {})).adapters).toMatchObject(
    z.array(z.looseObject({})).parse(known['adapters']),
  );
  expect(await call('datasets/draft', { versionId })).toEqual(known['draft']);
});
