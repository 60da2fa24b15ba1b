import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf, textOf } from '../formats/test-support.ts';
import { goldenAdapter } from '../peft/test-support.ts';
import { adapterOf, experiment, filesOf, lossesOf, project, run, stars, type Given } from './test-support.ts';

const refusal = async (folder: string, given: Given): Promise<string> =>
  textOf(await faultOf(() => run(folder, given)), folder);

describe('an output folder', () => {
  it('that holds something is refused, and left as it is', async () => {
    const folder = await project();
    await mkdir(path.join(folder, 'out'));
    await writeFile(path.join(folder, 'out/notes.txt'), 'mine');
    expect(await refusal(folder, {})).toBe(
      'out exists and is not empty. Choose another output folder, or pass --overwrite to replace what Graft wrote there.',
    );
    expect(await readdir(path.join(folder, 'out'))).toEqual(['notes.txt']);
  });

  it('loses to --overwrite what an earlier run wrote, and nothing else', async () => {
    const folder = await project();
    const saving = { save_strategy: 'epoch' };
    await run(folder, { training: saving });
    await writeFile(path.join(folder, 'out/notes.txt'), 'mine');
    const before = await adapterOf(folder);
    await run(folder, { training: { seed: 7 }, overwrite: true });
    expect((await readdir(path.join(folder, 'out'))).sort()).toContain('notes.txt');
    expect(await readdir(path.join(folder, 'out'))).not.toContain('checkpoints');
    expect((await adapterOf(folder)).equals(before)).toBe(false);
    expect((await lossesOf(folder)).length).toBe(18);
  });

  it('keeps an earlier run when the one that was to replace it cannot start', async () => {
    const folder = await project();
    await run(folder);
    const before = await filesOf(path.join(folder, 'out'));
    await faultOf(() => run(folder, { data: { text_column: 'nothing' }, overwrite: true }));
    expect(await filesOf(path.join(folder, 'out'))).toEqual(before);
  });
});

describe('a config that cannot be run is refused', () => {
  it('for an adapter that is frozen', async () => {
    const folder = await project();
    expect(await refusal(folder, { adapter: { ...experiment.adapter, inference_mode: true } })).toBe(
      'adapter has inference_mode true, which freezes the adapter: nothing would be trained. ' +
        'Remove inference_mode or set it to false; the saved adapter_config.json gets true by itself.',
    );
    expect(await readdir(folder)).not.toContain('out');
  });

  it('for a module to save that the model does not have', async () => {
    const text = await refusal(await project(), {
      adapter: { ...experiment.adapter, modules_to_save: ['poler'] },
    });
    expect(text).toContain(
      'modules_to_save names "poler", which the model does not have. Name modules that it has: ',
    );
    expect(text).toContain('pooler');
  });

  it('for labels outside the map, by the row', async () => {
    const text = await refusal(
      await project({ 'eval.csv': 'text,label\nfree entry,spam\nhello,eggs\n' }),
      {},
    );
    expect(text).toBe(
      'Row 2 (line 3) of eval.csv has the label "eggs", which the model does not have. It knows "ham", "spam". ' +
        'Correct the label, or train with data that contains it.',
    );
  });

  it('for a class that has no row to learn from', async () => {
    const lonely = 'text,label\none,ham\ntwo,ham\nthree,spam\n';
    const text = await refusal(await project({ 'train.csv': lonely }), {
      data: { train_select: { count: 2 } },
    });
    expect(text).toMatch(/train\.csv/);
    expect(text).toMatch(/ham|spam/);
  });

  it('for a column that is missing, by those that are there', async () => {
    const text = await refusal(await project(), { data: { label_column: 'lable' } });
    expect(text).toMatch(/^train\.csv has no column "lable"/);
    expect(text).toContain('label');
  });

  it('for a file that is missing', async () => {
    expect(await refusal(await project(), { data: { train: 'nothing.csv' } })).toMatch(
      /^nothing\.csv does not exist/,
    );
  });

  it('for class weights that do not fit the labels', async () => {
    expect(await refusal(await project(), { training: { class_weights: [1, 2, 3] } })).toBe(
      'training.class_weights has 3 weights for 2 labels. Give one weight a label, in this order: ham, spam.',
    );
  });

  it('for an adapter to go on from that has other ranks or modules', async () => {
    const folder = await project({ 'train.csv': stars(20), 'eval.csv': stars(5) });
    const config = { init_adapter: goldenAdapter('lora-qv') };
    const text = await refusal(folder, { config });
    expect(text).toMatch(
      /lora-qv does not train what this config trains: .*query\.lora_A\.weight \[4, 32\] is in one/,
    );
    const adapter = { ...experiment.adapter, r: 8, target_modules: ['query'] };
    expect(await refusal(folder, { config, adapter })).toMatch(
      /value\.lora_A\.weight \[8, 32\] is in one of them only/,
    );
  });

  it('for a checkpoint that is not there or comes from another config', async () => {
    const folder = await project();
    expect(await refusal(folder, { resume: true })).toBe(
      'out/checkpoints holds no checkpoint to go on from. Start the run without --resume.',
    );
    await run(folder, { training: { save_strategy: 'epoch' } });
    const before = await adapterOf(folder);
    const other = { save_strategy: 'epoch', learning_rate: 1e-3 };
    expect(await refusal(folder, { resume: true, training: other })).toMatch(
      /^out\/checkpoints\/checkpoint-18 comes from another/,
    );
    expect((await adapterOf(folder)).equals(before)).toBe(true);
  });
});
