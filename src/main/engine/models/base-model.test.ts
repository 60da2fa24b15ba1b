import { describe, expect, it } from 'vitest';
import { faultOf, textOf } from '../formats/test-support.ts';
import { openBaseModel, type BaseModel } from './base-model.ts';
import { changedModel, goldenBert, openedModel, type ModelTensor } from './test-support.ts';

const head = ['classifier.weight', 'classifier.bias'];

/** Gives every tensor another name. */
const renamed = (rename: (name: string) => string) => (tensors: Map<string, ModelTensor>) => {
  for (const [name, tensor] of [...tensors]) {
    tensors.delete(name);
    tensors.set(rename(name), tensor);
  }
};

async function expectSameEncoder(model: BaseModel): Promise<void> {
  const original = await openedModel();
  for (const name of [
    'bert.embeddings.LayerNorm.weight',
    'bert.encoder.layer.1.output.LayerNorm.bias',
    'bert.pooler.dense.weight',
  ]) {
    expect(await model.read(name)).toEqual(await original.read(name));
  }
}

describe('a checkpoint', () => {
  it('gives its weights under their own names, and lacks none', async () => {
    const model = await openedModel();
    expect(model.newlyInitialized).toEqual([]);
    expect(model.loading.unexpected).toEqual([]);
    expect(model.labelNames).toEqual(['1 star', '2 stars', '3 stars', '4 stars', '5 stars']);
    expect((await model.read('bert.embeddings.word_embeddings.weight')).length).toBe(605 * 32);
    await expect(model.read('bert.embeddings.nothing')).rejects.toThrow('The model has no parameter');
  });

  it('of 2018, whose norms have gamma and beta, is read alike', async () => {
    const folder = await changedModel(
      {},
      renamed((name) =>
        name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
      ),
    );
    const model = await openedModel(folder);
    expect(model.newlyInitialized).toEqual([]);
    await expectSameEncoder(model);
  });

  it('of a bare encoder, saved without its prefix, is read into a classifier with a new head', async () => {
    const folder = await changedModel({}, (tensors) => {
      for (const name of head) tensors.delete(name);
      renamed((name) => name.replace(/^bert\./, ''))(tensors);
    });
    const model = await openedModel(folder);
    expect(model.newlyInitialized).toEqual(head);
    await expectSameEncoder(model);
  });

  it('that lacks a table of words gets one drawn, with noughts for padding', async () => {
    const name = 'bert.embeddings.word_embeddings.weight';
    const model = await openedModel(await changedModel({}, (tensors) => void tensors.delete(name)));
    expect(model.newlyInitialized).toEqual([name]);
    const table = await model.read(name);
    expect(table.subarray(0, 32).every((value) => value === 0)).toBe(true);
    expect(table.subarray(32).every((value) => value !== 0)).toBe(true);
    const types = await model.read('bert.embeddings.token_type_embeddings.weight');
    expect(types.subarray(0, 32).some((value) => value !== 0)).toBe(true);
  });

  it('of a classifier is read as a bare encoder, whose head it does not use', async () => {
    const model = await openedModel(goldenBert(), { head: 'none' });
    expect(model.newlyInitialized).toEqual([]);
    expect([...model.loading.unexpected].sort()).toEqual([...head].sort());
    const classifier = await openedModel();
    expect(await model.read('pooler.dense.bias')).toEqual(await classifier.read('bert.pooler.dense.bias'));
  });

  it('may hold what the architecture has no place for: it is listed', async () => {
    const folder = await changedModel({}, (tensors) => {
      tensors.set('cls.predictions.bias', { shape: [2], data: new Float32Array(2) });
      tensors.set('bert.embeddings.position_ids', { shape: [1, 2], data: new Float32Array(2) });
    });
    expect((await openedModel(folder)).loading.unexpected).toEqual(['cls.predictions.bias']);
  });
});

describe('a checkpoint whose names have what a program put before them', () => {
  it.each([
    ['DataParallel', 'module.'],
    ['torch.compile', '_orig_mod.'],
    ['both', 'module._orig_mod.'],
    ['a module that holds it', 'model.'],
    ['sentence-transformers', '0.auto_model.'],
    ['Lightning and torch.compile', '_forward_module.model._orig_mod.'],
  ])('by %s is read as if nothing stood there', async (_, prefix) => {
    const model = await openedModel(
      await changedModel(
        {},
        renamed((name) => prefix + name),
      ),
    );
    expect(model.newlyInitialized).toEqual([]);
    expect(model.loading.unexpected).toEqual([]);
    expect(model.labelNames).toHaveLength(5);
    await expectSameEncoder(model);
  });

  it('in the middle, where layers were wrapped one by one, is read too', async () => {
    const wrap = (name: string) =>
      name.replace(/\.layer\.(\d)\./, '.layer.$1._checkpoint_wrapped_module._orig_mod.');
    const model = await openedModel(await changedModel({}, renamed(wrap)));
    expect(model.newlyInitialized).toEqual([]);
    await expectSameEncoder(model);
  });
});

describe('weights that a training program left unfinished are refused by their cause', () => {
  const fault = async (change: (tensors: Map<string, ModelTensor>) => void): Promise<string> => {
    const folder = await changedModel({}, change);
    return textOf(await faultOf(() => openBaseModel(folder, { head: 'sequence' })), folder);
  };

  it('the empty tensors of ZeRO-3', async () => {
    const text = await fault((tensors) => {
      for (const name of tensors.keys()) tensors.set(name, { shape: [0], data: new Float32Array() });
    });
    expect(text).toMatch(
      /^model.safetensors was saved by one process of a sharded training \(DeepSpeed ZeRO-3 or FSDP\) and holds its part alone: \S+ has shape \[0\], and 40 more are such\. Gather the weights: run zero_to_fp32\.py/,
    );
  });

  it('the flat parameters of FSDP', async () => {
    const text = await fault((tensors) => {
      tensors.clear();
      tensors.set('_flat_param', { shape: [8], data: new Float32Array(8) });
    });
    expect(text).toContain('sharded training (DeepSpeed ZeRO-3 or FSDP)');
  });

  it('an adapter inside that was not merged', async () => {
    const text = await fault(
      renamed((name) => `base_model.model.${name.replace('query.', 'query.base_layer.')}`),
    );
    expect(text).toMatch(/^model.safetensors holds a model with an adapter inside that was not merged/);
  });

  it('two encoders', async () => {
    const text = await fault((tensors) => {
      for (const [name, tensor] of [...tensors]) tensors.set(`teacher.${name}`, tensor);
    });
    expect(text).toMatch(/^model.safetensors holds several encoders: .*teacher/);
  });

  it('weights of another family, by its name', async () => {
    const text = await fault(
      renamed((name) => name.replace(/^bert\./, 'roberta.').replace(/^cl/, 'roberta.cl')),
    );
    expect(text).toContain('they are named as those of RoBERTa');
  });
});

describe('weights that a checkpoint lacks', () => {
  const withoutHead = (): Promise<string> =>
    changedModel({}, (tensors) => {
      for (const name of [
        ...head,
        'bert.pooler.dense.weight',
        'bert.pooler.dense.bias',
        'bert.encoder.layer.0.output.LayerNorm.weight',
      ]) {
        tensors.delete(name);
      }
    });

  it('are listed and drawn as transformers does: N(0, 0.3), norms 1, biases 0', async () => {
    const model = await openedModel(await withoutHead());
    expect(model.newlyInitialized).toEqual([
      'bert.encoder.layer.0.output.LayerNorm.weight',
      'bert.pooler.dense.weight',
      'bert.pooler.dense.bias',
      ...head,
    ]);
    const weight = await model.read('bert.pooler.dense.weight');
    const deviation = Math.sqrt(weight.reduce((sum, value) => sum + value ** 2, 0) / weight.length);
    // initializer_range of the golden model; 1,024 values.
    expect(deviation).toBeGreaterThan(0.27);
    expect(deviation).toBeLessThan(0.33);
    expect((await model.read('bert.pooler.dense.bias')).every((value) => value === 0)).toBe(true);
    expect(
      (await model.read('bert.encoder.layer.0.output.LayerNorm.weight')).every((value) => value === 1),
    ).toBe(true);
  });

  it('are the same for the same seed, whatever is read before, and others for another', async () => {
    const folder = await withoutHead();
    const [one, two, other] = await Promise.all(
      [7, 7, 8].map((seed) => openedModel(folder, { head: 'sequence', seed })),
    );
    const first = await one!.read('classifier.weight');
    await two!.read('bert.pooler.dense.weight');
    expect(await two!.read('classifier.weight')).toEqual(first);
    expect(await other!.read('classifier.weight')).not.toEqual(first);
  });
});

describe('a head of another size', () => {
  it('is replaced where labels to train are given, and takes their names', async () => {
    const model = await openedModel(goldenBert(), { head: 'sequence', labelNames: ['ham', 'spam'] });
    expect(model.newlyInitialized).toEqual(head);
    expect(model.loading).toEqual({
      missing: [],
      unexpected: [],
      mismatched: [
        { name: 'classifier.weight', found: [5, 32], expected: [2, 32] },
        { name: 'classifier.bias', found: [5], expected: [2] },
      ],
    });
    expect((await model.read('classifier.weight')).length).toBe(2 * 32);
    expect(model.raw).toMatchObject({ id2label: { 0: 'ham', 1: 'spam' }, label2id: { ham: 0, spam: 1 } });
    expect(model.raw).not.toHaveProperty('id2label.2');
  });

  it('of the same size keeps its weights under other names', async () => {
    const labelNames = ['a', 'b', 'c', 'd', 'e'];
    const model = await openedModel(goldenBert(), { head: 'sequence', labelNames });
    expect(model.newlyInitialized).toEqual([]);
    expect(model.labelNames).toEqual(labelNames);
  });

  it('is refused where none are given, for it contradicts config.json', async () => {
    const labels = { id2label: { 0: 'no', 1: 'yes' }, label2id: { no: 0, yes: 1 } };
    const folder = await changedModel(labels);
    const found = await faultOf(() => openBaseModel(folder, { head: 'sequence' }));
    expect(textOf(found, folder)).toBe(
      'model.safetensors: classifier.weight has shape [5, 32], config.json asks for [2, 32] (id2label). ' +
        'Correct id2label in config.json if the weights are right, or take config.json and weights of the same model.',
    );
  });
});

describe('a checkpoint that cannot be used is refused with its reason', () => {
  const open = (folder: string, overrides?: Record<string, unknown>) =>
    faultOf(() => openBaseModel(folder, { head: 'sequence', ...(overrides ? { overrides } : {}) }));

  it('another architecture', async () => {
    const text = async (fields: Record<string, unknown>): Promise<string> => {
      const folder = await changedModel(fields);
      return textOf(await open(folder), folder);
    };
    expect(await text({ model_type: 'gpt2' })).toMatch(
      /^config\.json describes GPT-2, model_type "gpt2"\. Graft does not train it: it writes text, .*\. Nearest is ModernBERT .* supported architecture: BERT/,
    );
    // A type that no list has is told by what its config says.
    expect(await text({ model_type: 'eyes', vision_config: {} })).toContain('it reads images');
    expect(await text({ model_type: 'own', auto_map: {} })).toContain('its code comes with the checkpoint');
    expect(await text({ model_type: 'toys' })).toMatch(
      /^config\.json describes a model of type "toys"\. Choose a checkpoint of a supported architecture: BERT/,
    );
  });

  it('weights of another model under this config', async () => {
    const folder = await changedModel(
      {},
      renamed((name) => name.replace(/^bert\./, 'gpt.').replace(/^classifier/, 'score')),
    );
    expect(textOf(await open(folder), folder)).toBe(
      'model.safetensors holds no tensor of BertForSequenceClassification, which config.json describes: ' +
        'they begin with "gpt.embeddings.LayerNorm.bias". Take config.json and weights of the same model.',
    );
  });

  it('a weight of another shape', async () => {
    const folder = await changedModel({ intermediate_size: 128 });
    expect(textOf(await open(folder), folder)).toBe(
      'model.safetensors: bert.encoder.layer.0.intermediate.dense.weight has shape [64, 32], ' +
        'config.json asks for [128, 32] (intermediate_size). Correct intermediate_size in config.json if the weights ' +
        'are right, or take config.json and weights of the same model.',
    );
  });

  it('an activation or a kind of positions that is not there', async () => {
    const mish = await changedModel({ hidden_act: 'mish' });
    expect(textOf(await open(mish), mish)).toBe(
      'config.json has hidden_act "mish", which is not supported. Choose a checkpoint with one of: gelu, ' +
        'gelu_python, gelu_new, gelu_fast, gelu_pytorch_tanh, relu, silu, swish, tanh.',
    );
    const relative = await changedModel({ position_embedding_type: 'relative_key' });
    expect((await open(relative)).message).toContain(
      'has position_embedding_type "relative_key", which is not supported',
    );
  });

  it('no model_type', async () => {
    const folder = await changedModel({ model_type: undefined });
    expect(textOf(await open(folder), folder)).toMatch(
      /^config.json has no model_type, .* \(architectures: BertForSequenceClassification\)\. Add "model_type": "bert"/,
    );
  });

  it('quantised weights', async () => {
    const folder = await changedModel({ quantization_config: { quant_method: 'bitsandbytes' } });
    expect(textOf(await open(folder), folder)).toBe(
      'FOLDER holds quantised weights; training and answering need the original ones for now. ' +
        'Use the full-precision checkpoint that it was made from.',
    );
  });

  it('an override that no model can have', async () => {
    const found = await open(goldenBert(), { hidden_dropout_prob: 'none' });
    expect(found.message).toMatch(/^model_overrides: hidden_dropout_prob cannot be used/);
  });
});

it('overrides change the config alone', async () => {
  const model = await openedModel(goldenBert(), {
    head: 'sequence',
    overrides: { hidden_dropout_prob: 0.25 },
  });
  expect(model.config).toMatchObject({
    hidden_dropout_prob: 0.25,
    classifier_dropout: 0.25,
    attention_probs_dropout_prob: 0.1,
  });
});
