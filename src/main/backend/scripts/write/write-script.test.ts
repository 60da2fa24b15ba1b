import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { InputOf } from '../../../../shared/contract.ts';
import { lora } from '../../../../shared/methods/lora.ts';
import { parseAdapterConfig } from '../../../engine/formats/adapter-config.ts';
import { inState, seedStore, smallSpec } from '../../experiments/test-support.ts';
import { testBackend, type TestBackend } from '../../test-support.ts';
import { readScript } from '../read-script.ts';

const tinyModel = path.resolve(import.meta.dirname, '../../../../../fixtures/golden/seed1/models/bert');

type Change = Partial<InputOf<'experiments/create'>['spec']>;

async function trained(backend: TestBackend, change: Change = {}): Promise<string> {
  const { versionId } = await seedStore(backend);
  // The seed's model has no facts; the library reads them.
  backend.context.db.exec('DELETE FROM models');
  const { model } = await backend.call('models/add-folder', { folder: tinyModel });
  const spec = smallSpec({ modelId: model.id, versionId }, { max_steps: 1, eval_strategy: 'no' }, change);
  const { experiment } = await backend.call('experiments/create', { spec });
  await inState(backend, experiment.id, 'finished', 'failed');
  return experiment.id;
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'graft-script-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('the script of an experiment', { timeout: 120_000 }, () => {
  it('gives the settings of the run back and takes the same rows of all that are saved beside it', async () => {
    const backend = await testBackend();
    const data = { trainSplit: 'train', evalSplit: 'test', trainSelect: { shuffle_seed: 7, count: 40 } };
    const adapter = {
      peft_type: 'LORA',
      task_type: 'SEQ_CLS',
      r: 4,
      target_modules: 'all-linear',
      bias: 'all',
    };
    const id = await trained(backend, { data, adapter, modelOverrides: { hidden_dropout_prob: 0 } });
    const { text, notes } = await backend.call('scripts/write', { experimentId: id });
    const { config } = await backend.call('experiments/read', { id });
    const recipe = readScript(text);
    expect(recipe).toMatchObject({
      textColumn: 'text',
      labelColumn: 'label',
      numLabels: 2,
      trainSelect: { shuffle_seed: 7, count: 40 },
      evalSelect: null,
      evalSplit: 'eval',
      modelOverrides: { hidden_dropout_prob: 0 },
      notUnderstood: [],
    });
    expect(recipe.training).toMatchObject({ max_steps: 1, learning_rate: 5e-3, seed: 42, save_steps: 20 });
    expect(parseAdapterConfig(lora, recipe.adapter, 'script')).toEqual(
      parseAdapterConfig(lora, config['adapter'], 'run'),
    );
    expect(text).toContain('LABELS = ["ham", "spam"]');
    expect(text).toContain('modules_to_save=["classifier"]');
    expect(text).toMatch(/# In Graft: accuracy \d/);
    expect(notes[0]).toBe('It reads train.jsonl and eval.jsonl: start it in the folder where they stand.');

    const into = await emptyFolder();
    const { folder } = await backend.call('scripts/save', { experimentId: id, into });
    expect(path.basename(folder)).toBe('Messages-LoRA-r-4-script');
    expect((await readdir(folder)).sort()).toEqual(['eval.jsonl', 'script.py', 'train.jsonl']);
    expect(await readFile(path.join(folder, 'script.py'), 'utf8')).toBe(text);
    const rows = (await readFile(path.join(folder, 'train.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(rows).toHaveLength(62);
    const again = await backend.call('scripts/save', { experimentId: id, into });
    expect(path.basename(again.folder)).toBe('Messages-LoRA-r-4-script-2');

    const inside = path.join(folder, 'script.py', 'deeper');
    const refused = { fault: { code: 'files/unwritable' } };
    await expect(backend.call('scripts/save', { experimentId: id, into: inside })).rejects.toMatchObject(
      refused,
    );
    const unknown = { fault: { code: 'store/unknown' } };
    await expect(backend.call('scripts/write', { experimentId: 'none' })).rejects.toMatchObject(unknown);
  });

  it('sets rows aside, trains the head alone, and keeps quiet about what is not so', async () => {
    const backend = await testBackend();
    const id = await trained(backend, {
      data: { trainSplit: 'train', evalSplit: null, split: { test_size: 0.25, seed: 3 } },
      adapter: { peft_type: 'HEAD_ONLY' },
    });
    const into = await emptyFolder();
    const { folder } = await backend.call('scripts/save', { experimentId: id, into });
    const text = await readFile(path.join(folder, 'script.py'), 'utf8');
    const recipe = readScript(text);
    expect(recipe).toMatchObject({ adapter: { peft_type: 'HEAD_ONLY' }, notUnderstood: [] });
    expect(recipe.adapter).toEqual({ peft_type: 'HEAD_ONLY' });
    expect(text).not.toContain('peft');
    expect(text).not.toContain('train_test_split');
    const lines = async (name: string) =>
      (await readFile(path.join(folder, name), 'utf8')).trimEnd().split('\n');
    const [train, evaluated] = [await lines('train.jsonl'), await lines('eval.jsonl')];
    const { total } = await backend.call('experiments/predictions', { id });
    expect(evaluated).toHaveLength(total);
    expect(train.filter((line) => evaluated.includes(line))).toEqual([]);
  });

  it('loads a data set of the hub from there, and saves no rows', async () => {
    const backend = await testBackend();
    const id = await trained(backend);
    // As an import from the hub leaves it.
    const { db } = backend.context;
    db.exec(`UPDATE datasets SET source = 'org/mails (plain)'`);
    db.exec(`UPDATE dataset_versions SET hub = '{"hubId":"org/mails","config":"plain"}'`);
    const { text } = await backend.call('scripts/write', { experimentId: id });
    const recipe = readScript(text);
    expect(recipe).toMatchObject({
      dataset: { hubId: 'org/mails', config: 'plain', files: [] },
      trainSplit: 'train',
      evalSplit: 'test',
      labelColumn: 'label',
      notUnderstood: [],
    });
    const { folder } = await backend.call('scripts/save', { experimentId: id, into: await emptyFolder() });
    expect(await readdir(folder)).toEqual(['script.py']);
  });
});
