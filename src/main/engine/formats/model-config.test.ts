import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseModelConfig, readModelConfig } from './model-config.ts';
import { faultOf, golden, temporaryFolder, textOf } from './test-support.ts';

function refusal(fields: object): Promise<string> {
  const parse = () => Promise.resolve(parseModelConfig({ model_type: 'bert', ...fields }, 'config.json'));
  return faultOf(async () => parse()).then((fault) => textOf(fault, 'FOLDER'));
}

describe('config.json', () => {
  it('gives what transformers wrote, and all of it verbatim', async () => {
    const config = await readModelConfig(join(golden, 'seed1/models/bert'));
    expect(config).toMatchObject({
      model_type: 'bert',
      architectures: ['BertForSequenceClassification'],
      num_labels: 5,
      id2label: ['1 star', '2 stars', '3 stars', '4 stars', '5 stars'],
      label2id: { '1 star': 0, '2 stars': 1, '3 stars': 2, '4 stars': 3, '5 stars': 4 },
      problem_type: null,
    });
    expect(config.raw).toMatchObject({ transformers_version: '5.17.0', use_cache: true, dtype: 'float32' });
  });

  it("gives transformers' defaults where the file says nothing", () => {
    expect(parseModelConfig({ model_type: 'bert' }, 'config.json')).toEqual({
      model_type: 'bert',
      architectures: [],
      problem_type: null,
      num_labels: 2,
      id2label: ['LABEL_0', 'LABEL_1'],
      label2id: { LABEL_0: 0, LABEL_1: 1 },
      raw: { model_type: 'bert' },
    });
  });

  it('takes the number of classes from num_labels where there is no id2label', () => {
    const config = parseModelConfig({ model_type: 'bert', num_labels: 3 }, 'config.json');
    expect(config.id2label).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
  });

  it('takes id2label where num_labels says otherwise, in the order of the numbers', () => {
    const id2label = {
      10: 'k',
      2: 'c',
      0: 'a',
      1: 'b',
      3: 'd',
      4: 'e',
      5: 'f',
      6: 'g',
      7: 'h',
      8: 'i',
      9: 'j',
    };
    const config = parseModelConfig({ model_type: 'bert', num_labels: 2, id2label }, 'config.json');
    expect(config.id2label.join('')).toBe('abcdefghijk');
  });

  it('takes a hundred thousand classes, and names the one that is missing', () => {
    const names = Array.from({ length: 100_000 }, (_, id) => [String(id), `class ${id}`]);
    const parse = (labels: string[][]) =>
      parseModelConfig(
        { model_type: 'bert', id2label: Object.fromEntries(labels) as unknown },
        'config.json',
      );
    expect(parse(names).num_labels).toBe(100_000);
    expect(() => parse(names.filter(([id]) => id !== '77'))).toThrow('none of them is number 77');
  });

  it('keeps a quantization_config for others to judge', () => {
    const quantization_config = { load_in_4bit: true };
    expect(parseModelConfig({ model_type: 'bert', quantization_config }, 'config.json')).toMatchObject({
      quantization_config,
    });
  });

  it.each<[object, string]>([
    [{ model_type: 5 }, 'model_type cannot be used: it is 5, and text is needed'],
    [{ id2label: {} }, 'id2label cannot be used: it names no class'],
    [
      { id2label: { 1: 'a', 2: 'b' } },
      'id2label cannot be used: it has 2 classes, and none of them is number 0',
    ],
    [{ id2label: { spam: 'a' } }, 'id2label.spam cannot be used: '],
    [
      { problem_type: 'ranking' },
      'problem_type cannot be used: it is "ranking", and one of "regression", "single_label_classification", ',
    ],
  ])('is refused for %j by its key', async (fields, text) => {
    expect(await refusal(fields)).toContain(`config.json: ${text}`);
  });

  it('is refused when it is a list, a web page or cut', async () => {
    const folder = await temporaryFolder();
    const refusalOf = async (text: string) => {
      await writeFile(join(folder, 'config.json'), text);
      return textOf(await faultOf(() => readModelConfig(folder)), folder);
    };
    expect(await refusalOf('[]')).toMatch(
      /^config.json: the whole text cannot be used: it is a list, and an object is needed/,
    );
    expect(await refusalOf('<!DOCTYPE html>')).toMatch(/^config.json holds a web page/);
    expect(await refusalOf('{"model_type": "be')).toMatch(/^config.json is not valid JSON: /);
    expect(await refusalOf('['.repeat(100_000))).toMatch(/nested more than 64 levels deep/);
  });
});
