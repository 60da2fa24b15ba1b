import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseModelConfig } from '../formats/model-config.ts';
import { Graph } from '../graph/graph.ts';
import { reachable } from '../graph/saved-model.ts';
import { loadParameters, Session } from '../graph/session.ts';
import { relativeDifference } from '../graph/test-support.ts';
import { bert } from './bert.ts';
import { Layers } from './layers.ts';
import { Parameters } from './parameters.ts';
import { goldenBert, goldenTexts, openedModel } from './test-support.ts';
import { tokenInputs } from './token-inputs.ts';

const opened = (fields: object) =>
  bert.open(
    parseModelConfig({ model_type: 'bert', ...fields }, 'config.json'),
    { kind: 'sequence', outputs: 2 },
    path.join('FOLDER', 'config.json'),
  );

describe("BERT's config.json", () => {
  it('gives what the file says', async () => {
    expect((await openedModel()).config).toMatchObject({
      hidden_size: 32,
      num_hidden_layers: 2,
      classifier_dropout: 0.1,
      layer_norm_eps: 1e-12,
      heads: { heads: 4, headSize: 8 },
    });
  });

  it("gives BertConfig's defaults where the file says nothing", () => {
    expect(opened({}).config).toEqual({
      vocab_size: 30522,
      hidden_size: 768,
      num_hidden_layers: 12,
      num_attention_heads: 12,
      heads: { heads: 12, headSize: 64 },
      intermediate_size: 3072,
      hidden_act: 'gelu',
      activation: 'gelu',
      hidden_dropout_prob: 0.1,
      attention_probs_dropout_prob: 0.1,
      classifier_dropout: 0.1,
      max_position_embeddings: 512,
      max_tokens: 512,
      type_vocab_size: 2,
      initializer_range: 0.02,
      layer_norm_eps: 1e-12,
      pad_token_id: 0,
      position_embedding_type: 'absolute',
    });
  });

  it.each<[object, string]>([
    [{ hidden_size: 100 }, 'hidden_size cannot be used: 100 does not divide into 12 attention heads'],
    [
      { num_hidden_layers: 1e12 },
      'num_hidden_layers cannot be used: it is 1000000000000, and 1000 or less is needed',
    ],
    [{ num_attention_heads: 0 }, 'num_attention_heads cannot be used: it is 0, and more than 0 is needed'],
    [{ vocab_size: 2.5 }, 'vocab_size cannot be used: it is 2.5, and a whole number is needed'],
    [
      { hidden_dropout_prob: -0.1 },
      'hidden_dropout_prob cannot be used: it is -0.1, and 0 or more is needed',
    ],
    [{ hidden_act: 5 }, 'hidden_act cannot be used: it is 5, and text is needed'],
    [{ is_decoder: true }, 'has is_decoder "true", which is not supported'],
  ])('is refused for %j by its key', (fields, text) => {
    expect(() => opened(fields)).toThrow(text);
  });
});

it('a token head gives every token what the layer makes of its hidden state, without a pooler', async () => {
  const { texts } = await goldenTexts();
  const base = await openedModel(goldenBert(), { head: 'tokens' });
  expect(base.tree.type).toBe('BertForTokenClassification');
  expect(base.parameters.some(({ name }) => name.includes('pooler'))).toBe(false);
  expect(base.newlyInitialized).toEqual([]);
  const graph = new Graph();
  const parameters = new Parameters(graph, base.parameters, new Set());
  const layers = new Layers({ graph, parameters, compute: 'float32', fused: false });
  const inputs = tokenInputs(graph, 'in', { kind: 'grouped', groups: 1 }, base.config.heads);
  const hidden = base.encoder.encode(layers, inputs.batch, 'all');
  graph.signature('run', inputs.placeholders, { hidden, output: base.encoder.output(layers, inputs.batch) });
  const loading = parameters.addLoading(reachable(graph));
  const session = await Session.open(graph);
  await loadParameters(session, loading, (name) => base.read(name));
  const found = session.run('run', inputs.feeds(texts).feeds);
  session.close();
  const [weight, bias] = [await base.read('classifier.weight'), await base.read('classifier.bias')];
  const rows = found['hidden']!.length / 32;
  const expected = Float32Array.from({ length: rows * 5 }, (_, i) => {
    const [row, label] = [Math.floor(i / 5), i % 5];
    let sum = bias[label]!;
    for (let k = 0; k < 32; k++) sum += found['hidden']![row * 32 + k]! * weight[label * 32 + k]!;
    return sum;
  });
  expect(relativeDifference(found['output']!, expected)).toBeLessThan(1e-5);
});
