import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf, temporaryFolder, textOf } from '../formats/test-support.ts';
import { normalizeRows, readSentenceFolder, writeSentenceFolder } from './sentence-folder.ts';

/** Writes the files of a folder by their names. */
async function folderOf(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, value] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), JSON.stringify(value));
  }
  return folder;
}

const modules = (...types: string[]) =>
  types.map((type, idx) => ({ idx, name: String(idx), path: idx === 0 ? '' : `${idx}_${type}`, type }));

describe('what modules.json says of vectors', () => {
  it('is read in the layout of sentence-transformers up to 5', async () => {
    const folder = await folderOf({
      'modules.json': modules('Transformer', 'Pooling', 'Normalize').map((one) => ({
        ...one,
        type: `sentence_transformers.models.${one.type}`,
      })),
      '1_Pooling/config.json': { word_embedding_dimension: 32, pooling_mode_cls_token: true },
      'sentence_bert_config.json': { max_seq_length: 48, do_lower_case: false },
      'config_sentence_transformers.json': { prompts: { query: 'query: ' }, default_prompt_name: 'query' },
    });
    expect(await readSentenceFolder(folder)).toEqual({
      ...{ pooling: 'cls', normalize: true, maxLength: 48, prompts: { query: 'query: ' } },
      ...{ defaultPrompt: 'query', similarity: null },
    });
  });

  it('and in that of 6', async () => {
    const folder = await folderOf({
      'modules.json': [
        { idx: 0, name: '0', path: '', type: 'sentence_transformers.base.modules.transformer.Transformer' },
        {
          ...{ idx: 1, name: '1', path: '1_Pooling' },
          type: 'sentence_transformers.sentence_transformer.modules.pooling.Pooling',
        },
      ],
      '1_Pooling/config.json': { embedding_dimension: 32, pooling_mode: 'mean', include_prompt: true },
      'sentence_bert_config.json': { transformer_task: 'feature-extraction' },
    });
    expect(await readSentenceFolder(folder)).toMatchObject({
      pooling: 'mean',
      normalize: false,
      maxLength: null,
    });
  });

  it('and in that before 2, where the model has a folder of its own', async () => {
    const [model, ...others] = modules('Transformer', 'Pooling', 'Normalize');
    const folder = await folderOf({
      'modules.json': [{ ...model, path: '0_Transformer' }, ...others],
      '0_Transformer/sentence_bert_config.json': { max_seq_length: 128, do_lower_case: false },
      '1_Pooling/config.json': { word_embedding_dimension: 32, pooling_mode_mean_tokens: true },
    });
    expect(await readSentenceFolder(path.join(folder, '0_Transformer'))).toMatchObject({
      pooling: 'mean',
      normalize: true,
      maxLength: 128,
    });
  });

  it('is nothing where there is none', async () => {
    expect(await readSentenceFolder(await folderOf({}))).toBeNull();
    const beside = await folderOf({ 'modules.json': modules('Transformer'), '1_Other/config.json': {} });
    expect(await readSentenceFolder(path.join(beside, '1_Other'))).toBeNull();
  });

  it.each([
    ['a Dense layer', modules('Transformer', 'Pooling', 'Dense'), {}, 'modules.json: type is Dense'],
    [
      'several poolings in one',
      modules('Transformer', 'Pooling'),
      { pooling_mode_cls_token: true, pooling_mode_max_tokens: true },
      'config.json: pooling is cls + max',
    ],
    [
      'the last token',
      modules('Transformer', 'Pooling'),
      { pooling_mode: 'lasttoken' },
      'pooling is lasttoken',
    ],
    [
      'the largest numbers',
      modules('Transformer', 'Pooling'),
      { pooling_mode_max_tokens: true },
      'pooling is max',
    ],
  ])('is refused by name where it is %s', async (_, given, pooling, text) => {
    const folder = await folderOf({ 'modules.json': given, '1_Pooling/config.json': pooling });
    expect(textOf(await faultOf(() => readSentenceFolder(folder)), folder)).toContain(text);
  });

  it('is the same when it was written and read again, with the modules that it has', async () => {
    const said = {
      ...{ pooling: 'mean' as const, normalize: true, maxLength: 256, prompts: { query: 'q: ' } },
      ...{ defaultPrompt: null, similarity: 'dot' },
    };
    const folder = await temporaryFolder();
    await writeSentenceFolder(folder, said, 384);
    expect(await readSentenceFolder(folder)).toEqual(said);
    const written: unknown = JSON.parse(await readFile(path.join(folder, '1_Pooling/config.json'), 'utf8'));
    expect(written).toMatchObject({ word_embedding_dimension: 384, pooling_mode_mean_tokens: true });
  });
});

it('vectors are scaled to length 1, and one of zeros stays', () => {
  expect([...normalizeRows(Float32Array.of(3, 4, 0, 0), 2)]).toEqual([0.6, 0.8, 0, 0].map(Math.fround));
});
