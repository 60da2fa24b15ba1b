import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lora } from '../../../shared/methods/lora.ts';
import {
  configSchema,
  parseAdapterConfig,
  readAdapterConfig,
  unsupportedFields,
  writeAdapterConfig,
} from './adapter-config.ts';
import { faultOf, golden, goldenFiles, temporaryFolder, textOf } from './test-support.ts';

async function folderWith(text: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'adapter_config.json'), text);
  return folder;
}

async function refusal(fields: object): Promise<string> {
  const folder = await folderWith(JSON.stringify({ peft_type: 'LORA', ...fields }));
  return textOf(await faultOf(() => readAdapterConfig(folder)), folder);
}

describe('reading', () => {
  it("gives PEFT's defaults where the file says nothing", () => {
    expect(configSchema(lora).parse({ peft_type: 'LORA' })).toEqual({
      peft_type: 'LORA',
      peft_version: null,
      task_type: null,
      auto_mapping: null,
      base_model_name_or_path: null,
      revision: null,
      inference_mode: false,
      r: 8,
      lora_alpha: 8,
      lora_dropout: 0,
      target_modules: null,
      exclude_modules: null,
      modules_to_save: null,
      layers_to_transform: null,
      layers_pattern: null,
      rank_pattern: {},
      alpha_pattern: {},
      bias: 'none',
      use_rslora: false,
      use_dora: false,
      lora_bias: false,
      trainable_token_indices: null,
      init_lora_weights: true,
    });
  });

  it('gives what PEFT wrote', async () => {
    expect(await readAdapterConfig(join(golden, 'seed1/adapters/rank-pattern'))).toMatchObject({
      peft_type: 'LORA',
      r: 4,
      target_modules: ['query', 'value'],
      rank_pattern: { 'layer.0.attention.self.query': 2 },
      alpha_pattern: { 'layer.1.attention.self.value': 32 },
      inference_mode: true,
    });
  });

  it('keeps the fields of another method as they are', async () => {
    const folder = await folderWith('{"peft_type":"IA3","feedforward_modules":["dense"],"r":"no rank"}');
    expect(await readAdapterConfig(folder)).toMatchObject({
      peft_type: 'IA3',
      feedforward_modules: ['dense'],
      r: 'no rank',
    });
  });

  it.each<[object, string]>([
    [{ r: 0 }, 'r cannot be used: it is 0, and 1 or more is needed'],
    [{ r: 1e12 }, 'r cannot be used: it is 1000000000000, and 65536 or less is needed'],
    [{ lora_dropout: 1.5 }, 'lora_dropout cannot be used: it is 1.5, and 1 or less is needed'],
    [{ bias: 'some' }, 'bias cannot be used: it is "some", and one of "none", "all", "lora_only" is needed'],
    [{ target_modules: [1] }, 'target_modules cannot be used: '],
    [
      { rank_pattern: { query: 'two' } },
      'rank_pattern.query cannot be used: it is "two", and a number is needed',
    ],
    [
      { target_modules: '.*query', layers_to_transform: [0] },
      'layers_to_transform cannot be used: it needs target_modules as a list, and here that is a pattern',
    ],
    [
      { target_modules: ['query'], layers_pattern: 'layer' },
      'layers_pattern cannot be used: it needs layers_to_transform',
    ],
  ])('refuses %j by its key', async (fields, text) => {
    expect(await refusal(fields)).toContain(`adapter_config.json: ${text}`);
  });

  it('names the file and the remedy', async () => {
    expect(await refusal({ r: '16' })).toBe(
      'adapter_config.json: r cannot be used: it is "16", and a number is needed. ' +
        'Correct r in that file, or take the file from where it came from again.',
    );
    const folder = await folderWith('{"peft_type":');
    expect(textOf(await faultOf(() => readAdapterConfig(folder)), folder)).toMatch(
      /^adapter_config.json is not valid JSON: .*\. Mend the file at that place, or download it again\.$/,
    );
    expect((await faultOf(() => readAdapterConfig(join(folder, 'gone')))).code).toBe('files/missing');
  });
});

describe('writing', () => {
  it("gives PEFT's own bytes for every golden adapter", async () => {
    const folder = await temporaryFolder();
    const files = await goldenFiles('adapter_config.json');
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      await writeAdapterConfig(folder, await readAdapterConfig(dirname(file)));
      expect(await readFile(join(folder, 'adapter_config.json'), 'utf8'), file).toBe(
        await readFile(file, 'utf8'),
      );
    }
  });

  it('adds the fields of PEFT that were left out, and keeps those it does not know', async () => {
    const folder = await temporaryFolder();
    const config = parseAdapterConfig(
      lora,
      { peft_type: 'LORA', target_modules: 'all-linear', näw: 'ö' },
      'test',
    );
    await writeAdapterConfig(folder, config);
    const text = await readFile(join(folder, 'adapter_config.json'), 'utf8');
    const written = JSON.parse(text) as Record<string, unknown>;
    const peft = JSON.parse(
      await readFile(join(golden, 'seed1/adapters/lora-qv/adapter_config.json'), 'utf8'),
    ) as Record<string, unknown>;
    expect(Object.keys(written).filter((key) => key !== 'näw')).toEqual(Object.keys(peft));
    expect(written).toMatchObject({
      peft_version: '0.21.0',
      target_modules: 'all-linear',
      use_dora: false,
      näw: 'ö',
    });
    expect(text).toContain('"n\\u00e4w": "\\u00f6"');
    expect(text).toContain('"lora_dropout": 0.0,');
  });
});

describe('fields that are not supported', () => {
  it('are none in what PEFT writes for plain LoRA', async () => {
    for (const file of await goldenFiles('adapter_config.json')) {
      expect(unsupportedFields(await readAdapterConfig(dirname(file)), lora)).toEqual([]);
    }
  });

  it('are listed by name, sorted, when they ask for something', () => {
    expect(
      unsupportedFields(
        {
          peft_type: 'LORA',
          use_qalora: true,
          eva_config: { rho: 2 },
          qalora_group_size: 8,
          a_new_one: 1,
        },
        lora,
      ),
    ).toEqual(['a_new_one', 'eva_config', 'qalora_group_size', 'use_qalora']);
  });

  it('are not those that are null, false, empty or at their default', () => {
    expect(
      unsupportedFields(
        {
          a: null,
          b: false,
          c: '',
          d: [],
          e: {},
          qalora_group_size: 16,
          megatron_core: 'megatron.core',
        },
        lora,
      ),
    ).toEqual([]);
  });
});
