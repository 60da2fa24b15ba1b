import { describe, expect, it } from 'vitest';
import { fakeBackend } from '../../fake-backend.ts';
import { BatchManager, outputFor } from './batch-manager.svelte.ts';
import { choice } from './test-support.ts';

const run = choice({ kind: 'experiment', id: 'e' });

describe('a file', () => {
  const column = (name: string, role: 'text' | 'label') => ({
    name,
    role,
    distinct: 2,
    empty: 0,
    meanLength: 5,
    values: [],
    reading: { observations: [], proposed: {} },
  });
  const batch = (refuse = false) => {
    const backend = fakeBackend({
      'datasets/preview': () => ({
        name: 'in',
        format: 'csv',
        encoding: 'utf-8',
        delimiter: ',',
        header: true,
        bytes: 10,
        rows: 2,
        rowsExact: true,
        columns: [column('stars', 'label'), column('review', 'text')],
        sample: [],
        sampleRows: [],
        ragged: { rows: 0, first: [] },
        warnings: [],
      }),
      'playground/batch': ({ overwrite }) => {
        if (refuse && !overwrite) throw new Error('it exists');
        return { jobId: 'j' };
      },
    });
    return { ...backend, manager: new BatchManager(backend.rpc) };
  };

  it('is looked at first: its text column is chosen, the answers go beside it in the format chosen', async () => {
    const { manager } = batch();
    await manager.choose('/data/in.v2.csv');
    expect(manager.textColumn).toBe('review');
    expect(manager.output).toBe('/data/in.v2-answers.csv');
    manager.setFormat('parquet');
    manager.setFolder('/elsewhere/');
    expect(manager.output).toBe('/elsewhere/in.v2-answers.parquet');
    expect(outputFor('C:\\data\\in.csv', 'jsonl')).toBe('C:\\data\\in-answers.jsonl');
    expect(manager.isReady).toBe(true);
  });

  it('that exists is replaced only when asked to', async () => {
    const { manager, asked } = batch(true);
    await manager.choose('/data/in.csv');
    expect(await manager.start(run.answerer, false)).toBeNull();
    expect(manager.refused?.message).toBe('it exists');
    expect(await manager.start(run.answerer, true)).toBe('j');
    expect(manager.refused).toBeNull();
    expect(asked.at(-1)?.input).toMatchObject({
      textColumn: 'review',
      textPairColumn: null,
      overwrite: true,
    });
  });
});
