import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, expect, it, vi } from 'vitest';
import { faultOf } from '../../engine/data/test-support.ts';
import { startHub } from '../../engine/hub/test-hub.ts';
import { readVersion } from '../../storage/datasets.ts';
import { TestArea } from './test-support.ts';

afterEach(() => vi.unstubAllEnvs());

const part = (rows: [string, number][]) =>
  Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'text', data: rows.map(([text]) => text), type: 'STRING' },
        { name: 'label', data: rows.map(([, label]) => BigInt(label)), type: 'INT64' },
      ],
    }),
  );

it('a hub data set is looked at, fetched and stored with its splits', async () => {
  const parquet = {
    default: {
      train: [
        part([
          ['one', 0],
          ['two', 1],
        ]),
        part([['three', 0]]),
      ],
      test: [part([['four', 1]])],
    },
  };
  const hub = await startHub({ datasets: { 'org/reviews': { parquet, info: { tags: [] } } } });
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  const area = await TestArea.open();
  try {
    const info = await area.ask('datasets/hub-info', { hubId: 'org/reviews' });
    expect(info.configs[0]!.splits.map(({ name }) => name).sort()).toEqual(['test', 'train']);
    const source = {
      kind: 'hub' as const,
      hubId: 'org/reviews',
      config: 'default',
      splits: ['train', 'test'],
    };
    const preview = await area.ask('datasets/preview', { source });
    expect(preview).toMatchObject({ name: 'org/reviews', format: 'parquet', rows: 1 });
    const mapping = { text: 'text', textPair: null, label: 'label', split: null, extra: [] };
    const { jobId } = await area.ask('datasets/import', { source, name: 'reviews', mapping });
    const id = await area.result(jobId);
    expect((await area.rows(id)).items.map(({ text, split }) => [text, split])).toEqual([
      ['one', 'train'],
      ['two', 'train'],
      ['three', 'train'],
      ['four', 'test'],
    ]);
    expect((await area.ask('datasets/list', {})).datasets[0]!.source).toBe('org/reviews (default)');
    expect(readVersion(area.context.db, id)?.hub).toEqual({ hubId: 'org/reviews', config: 'default' });
    const fetched = join(area.context.workspace.temporary, 'hub');
    const left = existsSync(fetched) ? await readdir(fetched, { recursive: true }) : [];
    expect(left.filter((name) => name.endsWith('.parquet'))).toEqual([]);
    const unknown = area.ask('datasets/preview', { source: { ...source, splits: ['dev'] } });
    expect(await faultOf(unknown)).toMatchObject({ code: 'hub/no-split' });
  } finally {
    await area.remove();
  }
});
