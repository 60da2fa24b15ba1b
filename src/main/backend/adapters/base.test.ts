import { mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { workspaceFolder } from '../test-support.ts';
import { openDatabase } from '../../storage/database.ts';
import { hashWeights } from '../models/weights.ts';
import { knownBase } from './base.ts';

vi.mock(import('../models/weights.ts'), { spy: true });
beforeEach(() => void vi.mocked(hashWeights).mockClear());

/** A database, and the folder of a model of which the store knows no hash. */
async function unknownModel() {
  const dir = await workspaceFolder();
  const folder = await mkdtemp(path.join(dir, 'model-'));
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'vocab.txt'])
    await writeFile(path.join(folder, name), '{}');
  return { db: openDatabase(path.join(dir, 'test.sqlite')), folder };
}

it('weights that are asked for again while they are read are read once', async () => {
  const { db, folder } = await unknownModel();
  const [one, other] = await Promise.all([knownBase(db, null, folder), knownBase(db, null, folder)]);
  expect(one.sha256).toMatch(/^44136fa3/);
  expect(other).toEqual(one);
  expect(await knownBase(db, null, folder)).toEqual(one);
  expect(hashWeights).toHaveBeenCalledTimes(1);
});

it('weights that could not be read are read when they are asked for again', async () => {
  const { db, folder } = await unknownModel();
  vi.mocked(hashWeights).mockRejectedValueOnce(new Error('EIO'));
  await expect(knownBase(db, null, folder)).rejects.toThrow('EIO');
  expect((await knownBase(db, null, folder)).sha256).toMatch(/^44136fa3/);
});
