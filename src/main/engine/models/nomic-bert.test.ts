import { expect, it } from 'vitest';
import { parseModelConfig } from '../formats/model-config.ts';
import { nomicBert } from './nomic-bert.ts';
import { changedModel, openedModel, tinyModel } from './test-support.ts';

const opened = (fields: object) =>
  nomicBert.open(
    parseModelConfig({ model_type: 'nomic_bert', ...fields }, 'config.json'),
    { kind: 'sequence', outputs: 2 },
    'config.json',
  );

it("a file under the modules' own names holds the values of one under those of the remote code", async () => {
  const older = await tinyModel('nomic_bert');
  const names = [
    ['encoder.layers.', 'layers.'],
    ['emb_ln.', 'embeddings.LayerNorm.'],
    ['attn.out_proj.', 'self_attn.o_proj.'],
    ['fc11.', 'up_proj.'],
    ['fc12.', 'gate_proj.'],
    ['fc2.', 'down_proj.'],
    ['norm1.', 'post_attention_layernorm.'],
    ['norm2.', 'post_mlp_layernorm.'],
  ] as const;
  const newer = await changedModel(
    {},
    (tensors) => {
      for (const [name, { shape, data }] of [...tensors]) {
        tensors.delete(name);
        const own = names.reduce((text, [from, to]) => text.replace(from, to), name);
        if (!own.includes('Wqkv')) {
          tensors.set(own, { shape, data });
          continue;
        }
        const size = data.length / 3;
        ['q', 'k', 'v'].forEach((part, i) =>
          tensors.set(own.replace('attn.Wqkv', `self_attn.${part}_proj`), {
            shape: [shape[0]! / 3, shape[1]!],
            data: data.subarray(i * size, (i + 1) * size),
          }),
        );
      }
    },
    older,
  );
  const [a, b] = [await openedModel(older), await openedModel(newer)];
  expect([a.newlyInitialized, a.loading.unexpected]).toEqual([[], []]);
  expect([b.newlyInitialized, b.loading.unexpected]).toEqual([[], []]);
  for (const { name } of a.parameters) expect(await b.read(name), name).toEqual(await a.read(name));
});

it('fields of the remote code count where those of transformers are absent', () => {
  const of = { n_embd: 96, n_head: 4, n_layer: 3, n_inner: 200, n_positions: 70, vocab_size: 90 };
  expect(opened({ ...of, rotary_emb_base: 500, activation_function: 'swiglu' }).config).toMatchObject({
    ...{ hidden_size: 96, num_hidden_layers: 3, intermediate_size: 200, max_tokens: 70, theta: 500 },
    heads: { heads: 4, headSize: 24 },
  });
  expect(opened({ ...of, hidden_size: 192 }).config.hidden_size).toBe(192);
});

it.each<[object, string]>([
  [{ qkv_proj_bias: true }, 'has qkv_proj_bias "true", which is not supported'],
  [{ activation_function: 'gelu' }, 'has activation_function "gelu", which is not supported'],
  [{ rope_parameters: { rope_type: 'dynamic', factor: 2 } }, 'has rope_parameters "dynamic"'],
])('a config with %j is refused by its key', (fields, text) => {
  expect(() => opened(fields)).toThrow(text);
});
