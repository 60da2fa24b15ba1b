import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonFile } from '../formats/json.ts';
import { faultOf, golden } from '../formats/test-support.ts';
import { changedModel, goldenArchitectures, openedModel } from '../models/test-support.ts';
import { planAdapter, type AdapterPlan } from './adapter.ts';
import type { LowRank } from './method.ts';
import { patternValues } from './targets.ts';
import { loraFields } from './test-support.ts';

/** What PEFT 0.21 makes of a configuration on the golden bert. */
const cases = z
  .array(
    z.object({
      name: z.string(),
      fields: z.record(z.string(), z.unknown()),
      trainable: z.number(),
      all: z.number(),
      modules: z.record(z.string(), z.object({ rank: z.number(), scaling: z.number() })),
      modules_to_save: z.array(z.string()).nullable(),
      other_tensors: z.array(z.string()),
    }),
  )
  .parse(JSON.parse(await readFile(path.join(import.meta.dirname, 'fixtures/peft-cases.json'), 'utf8')));

const plan = async (fields: Record<string, unknown>): Promise<AdapterPlan> =>
  planAdapter(await openedModel(), { ...loraFields, ...fields }, 'adapter');

const refusal = async (fields: Record<string, unknown>): Promise<string> => {
  const { message, remedy } = await faultOf(() => plan(fields));
  return `${message} ${remedy}`;
};

function loraLayers({ method }: AdapterPlan): LowRank['layers'] {
  return method.lowRank!.layers;
}

describe('a LoRA configuration chooses the modules, ranks, scalings and counts of PEFT', () => {
  it.each(cases)(
    '$name: $fields',
    async ({ fields, trainable, all, modules, modules_to_save: saved, other_tensors: others }) => {
      const made = await plan(fields);
      const { method, counts, config, trained } = made;
      const layers = [...loraLayers(made)].map(([place, { rank, scaling }]) => [place, { rank, scaling }]);
      expect(Object.fromEntries(layers)).toEqual(modules);
      expect(counts).toEqual({ trainable, all, trainable_percent: (100 * trainable) / all });
      expect(config['modules_to_save']).toEqual(saved ?? []);
      const keys = trained.map(({ name }) => method.fileKey(name)).filter((key) => !key.includes('lora_'));
      expect(keys.sort()).toEqual(others);
    },
  );

  it('and takes query and value where it names none', async () => {
    const [made, named] = [
      await plan({ target_modules: null }),
      await plan({ target_modules: ['query', 'value'] }),
    ];
    expect(loraLayers(made)).toEqual(loraLayers(named));
    expect(made.config['target_modules']).toEqual(['query', 'value']);
  });

  it('and saves all-linear as the list it stood for', async () => {
    const made = await plan({ target_modules: 'all-linear' });
    expect(made.config['target_modules']).toEqual([...loraLayers(made).keys()]);
  });
});

describe('a pattern that goes back and forth', () => {
  const hostile = '([a-z.]+[0-9]*)+!';
  it.each([
    ['target_modules', { target_modules: hostile }],
    ['exclude_modules', { exclude_modules: hostile }],
    ['modules_to_save', { modules_to_save: [`classifier|${hostile}`] }],
    ['rank_pattern', { rank_pattern: { [hostile]: 3 } }],
    ['alpha_pattern', { alpha_pattern: { [hostile]: 3 } }],
    ['layers_pattern', { layers_to_transform: [0], layers_pattern: [hostile] }],
  ])('in %s is ended and named', async (field, fields) => {
    const text = await refusal(fields);
    expect(text).toContain(hostile);
    expect(text).toMatch(new RegExp(`${field}: .* takes more than 1 s`));
  });

  it('unlike one that looks ahead or behind, which counts as in Python', async () => {
    const made = await plan({ target_modules: '^(?!.*layer\\.0\\.).*(?<!x)(?P<end>query)' });
    expect([...loraLayers(made).keys()].every((name) => name.endsWith('.query'))).toBe(true);
    expect([...loraLayers(made).keys()].some((name) => name.includes('layer.0.'))).toBe(false);
  });
});

it.each(goldenArchitectures)(
  'all-linear of %s is every linear layer but those of the head, as in PEFT',
  async (name) => {
    const base = await openedModel(path.join(golden, 'seed1/models', name));
    const { method } = planAdapter(base, { ...loraFields, target_modules: 'all-linear' }, 'adapter');
    const file = path.join(golden, `seed1/arch-adapters/${name}-all-linear.json`);
    const { targets } = z.object({ targets: z.array(z.string()) }).parse(await readJsonFile(file));
    const ours = [...method.targets.keys()].map((target) => `base_model.model.${target}`);
    expect(ours.sort()).toEqual(targets.sort());
  },
);

describe('a pattern of ranks', () => {
  it('is matched at the end of the path, the first that fits wins, and others keep the common value', () => {
    const patterns = { 'layer.1.attention.self.value': 3, value: 2, 'layer\\.\\d+\\.output': 5, ue: 9 };
    expect(patternValues('rank_pattern', patterns, ['bert.encoder.layer.1.attention.self.value'], 8)).toEqual(
      [3],
    );
    expect(patternValues('rank_pattern', patterns, ['bert.encoder.layer.0.attention.self.value'], 8)).toEqual(
      [2],
    );
    expect(patternValues('rank_pattern', patterns, ['bert.encoder.layer.0.output.dense'], 8)).toEqual([8]);
    expect(patternValues('rank_pattern', patterns, ['value'], 8)).toEqual([2]);
    expect(patternValues('alpha_pattern', {}, ['value'], 8)).toEqual([8]);
  });
});

describe('a configuration that cannot be followed is refused', () => {
  it('by the modules that exist, where none matches', async () => {
    expect(await refusal({ target_modules: ['q_proj', 'v_proj'] })).toBe(
      'target_modules ["q_proj","v_proj"] matches no linear module of the model. ' +
        'Name modules that it has: query, key, value, dense, classifier; or "all-linear".',
    );
    expect(await refusal({ target_modules: 'query' })).toContain(
      'target_modules "query" matches no linear module',
    );
    expect(await refusal({ layers_to_transform: [7] })).toContain('matches no linear module');
  });

  it('by a number of a layer, where layers share their weights', async () => {
    const albert = await openedModel(path.join(golden, 'seed1/models/albert'));
    const refused = async (fields: Record<string, unknown>): Promise<string> => {
      const { message, remedy } = await faultOf(() =>
        Promise.resolve().then(() => planAdapter(albert, { ...loraFields, ...fields }, 'adapter')),
      );
      return `${message} ${remedy}`;
    };
    const because =
      'but the 2 layers of this model share the weights of 1: an adapter on one is on all of them.';
    expect(await refused({ layers_to_transform: [0] })).toBe(
      `layers_to_transform chooses layers by number, ${because} Leave layers_to_transform out.`,
    );
    expect(await refused({ alpha_pattern: { 'layer.1.attention.query': 2 } })).toBe(
      `alpha_pattern chooses layers by number with "layer.1.attention.query", ${because} ` +
        'Leave the numbers out of alpha_pattern.',
    );
    const inTargets: [field: string, given: unknown, said: string][] = [
      [
        'target_modules',
        '.*layer\\.[01]\\.attention\\.(query|value)',
        '.*layer\\.[01]\\.attention\\.(query|value)',
      ],
      ['target_modules', ['query', 'layer.1.attention.value'], 'layer.1.attention.value'],
      ['exclude_modules', ['layer.0.attention.query'], 'layer.0.attention.query'],
    ];
    for (const [field, given, said] of inTargets)
      expect(await refused({ [field]: given })).toContain(
        `${field} chooses layers by number with "${said}", ${because}`,
      );
    // A name that a layer of another model has is none that this one has, and nothing more.
    expect(await refused({ target_modules: ['lin1'] })).toContain('matches no linear module');
    const named = { rank_pattern: { 'albert_layers.0.attention.query': 2 } };
    expect([...planAdapter(albert, { ...loraFields, ...named }, 'adapter').method.targets.values()]).toEqual([
      'LoRA r=2, scaling 4',
      'LoRA r=4, scaling 2',
    ]);
  });

  it('by the pattern that is none', async () => {
    expect(await refusal({ target_modules: '.*(query' })).toBe(
      'target_modules: ".*(query" is not a regular expression: Unterminated group. ' +
        'Correct the pattern; inspect --model lists the module names it is matched against.',
    );
    expect(await refusal({ exclude_modules: '[' })).toMatch(/^exclude_modules: "\["/);
    expect(await refusal({ rank_pattern: { '(value': 2 } })).toMatch(/^rank_pattern: "\(value"/);
    expect(await refusal({ alpha_pattern: { '(value': 2 } })).toMatch(/^alpha_pattern: "\(value"/);
  });

  it.each([
    [{ use_qalora: true }, 'adapter: use_qalora is not supported.'],
    [{ init_lora_weights: 'loftq' }, 'adapter: init_lora_weights "loftq" is not supported.'],
    [{ target_parameters: ['query.weight'] }, 'adapter: target_parameters is not supported.'],
    [{ layer_replication: [[0, 2]] }, 'adapter: layer_replication is not supported.'],
    [{ megatron_config: { x: 1 } }, 'adapter: megatron_config is not supported.'],
    [{ fan_in_fan_out: true }, 'adapter: fan_in_fan_out is not supported.'],
    [{ lora_rank: 8 }, 'adapter: lora_rank is not supported.'],
    [
      { use_qalora: true, layer_replication: [[0, 2]] },
      'adapter: layer_replication, use_qalora are not supported.',
    ],
  ])('by the name of what is not supported: %j', async (fields, message) => {
    expect(await refusal(fields)).toBe(
      `${message} Leave the field out or give it its default; nothing of an adapter is ever ignored silently.`,
    );
  });

  it('by the field whose value is wrong', async () => {
    expect(await refusal({ r: 0 })).toBe(
      'adapter: r cannot be used: it is 0, and 1 or more is needed. Correct r.',
    );
    expect(await refusal({ bias: 'some' })).toMatch(/^adapter: bias cannot be used/);
    expect(await refusal({ layers_pattern: 'layer' })).toMatch(/^adapter: layers_pattern cannot be used/);
    expect(await refusal({ r: 1e9 })).toMatch(
      /^adapter: r cannot be used: it is 1000000000, and 65536 or less/,
    );
    expect(await refusal({ lora_alpha: NaN })).toMatch(/^adapter: lora_alpha cannot be used/);
    expect(await refusal({ lora_bias: true, use_dora: true })).toBe(
      'adapter: lora_bias cannot be used: it does not go with use_dora. Correct lora_bias.',
    );
    expect(await refusal({ lora_bias: true, init_lora_weights: 'pissa' })).toMatch(
      /^adapter: lora_bias cannot be used: it does not go with init_lora_weights "pissa"/,
    );
    expect(await refusal({ trainable_token_indices: [3, 4, 3] })).toMatch(
      /^adapter: trainable_token_indices cannot be used: it names token 3 twice/,
    );
    expect(await refusal({ trainable_token_indices: [1, 605] })).toMatch(
      /^trainable_token_indices names token 605, and the model has 605 tokens/,
    );
    expect(await refusal({ trainable_token_indices: [-1] })).toMatch(
      /^adapter: trainable_token_indices(\.0)? cannot be used/,
    );
    const table = { target_modules: ['word_embeddings'] };
    for (const [field, value] of Object.entries({
      use_dora: true,
      lora_bias: true,
      trainable_token_indices: [1],
    }))
      expect(await refusal({ ...table, [field]: value })).toMatch(
        new RegExp(`^${field} does not go with LoRA on the embedding bert.embeddings.word_embeddings`),
      );
  });

  it('by the kind of adapter', async () => {
    expect(await refusal({ peft_type: 'IA3' })).toBe(
      'adapter has peft_type "IA3". Use one of: LORA, HEAD_ONLY, FULL.',
    );
  });
});

describe('layers that the checkpoint has no weights for', () => {
  it('are trained and saved with the adapter, and never adapted as well', async () => {
    const folder = await changedModel({}, (tensors) => {
      for (const name of ['weight', 'bias']) {
        tensors.delete(`bert.pooler.dense.${name}`);
        tensors.delete(`classifier.${name}`);
      }
    });
    const base = await openedModel(folder);
    const made = planAdapter(base, { ...loraFields, target_modules: 'all-linear' }, 'adapter');
    const { config, trained } = made;
    expect(config['modules_to_save']).toEqual(['classifier', 'score', 'pooler.dense']);
    const whole = trained.map(({ name }) => name).filter((name) => !name.includes('lora_'));
    expect(whole).toEqual([
      'bert.pooler.dense.weight',
      'bert.pooler.dense.bias',
      'classifier.weight',
      'classifier.bias',
    ]);
    expect([...loraLayers(made).keys()].filter((place) => place.includes('pooler'))).toEqual([]);
  });
});
