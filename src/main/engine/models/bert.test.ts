import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseModelConfig } from '../formats/model-config.ts';
import { bert } from './bert.ts';
import { linear } from './module-tree.ts';
import { openedModel } from './test-support.ts';

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

  it('draws new matrices as wide as it says, and with 0.02 where that is nothing, as transformers does', () => {
    const drawn = (initializer_range: number) =>
      opened({ initializer_range }).initial(linear('classifier', 2, 2), 'weight');
    expect(drawn(0.3)).toEqual({ deviation: 0.3 });
    expect(drawn(0)).toEqual({ deviation: 0.02 });
  });
});
