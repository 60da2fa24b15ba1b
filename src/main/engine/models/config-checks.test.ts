import { describe, expect, it } from 'vitest';
import { parseModelConfig } from '../formats/model-config.ts';
import { architectures } from './architectures.ts';

const usual = {
  width: 'hidden_size',
  heads: 'num_attention_heads',
  layers: 'num_hidden_layers',
  act: 'hidden_act',
  dropout: 'hidden_dropout_prob',
};
/** The names of those that have their own. */
const named: Readonly<Record<string, typeof usual>> = {
  distilbert: { width: 'dim', heads: 'n_heads', layers: 'n_layers', act: 'activation', dropout: 'dropout' },
  eurobert: { ...usual, dropout: 'attention_dropout' },
  modernbert: { ...usual, act: 'hidden_activation', dropout: 'attention_dropout' },
};

describe.each(architectures.flatMap((of) => of.modelTypes.map((type) => [type, of] as const)))(
  'config.json of %s',
  (type, architecture) => {
    const { width, heads, layers, act, dropout } = named[type] ?? usual;
    const opened = (fields: object) =>
      architecture.open(
        parseModelConfig({ model_type: type, ...fields }, 'config.json'),
        { kind: 'sequence', outputs: 2 },
        'FOLDER/config.json',
      );

    it('may say nothing: the defaults fit together', () => {
      const { config } = opened({});
      expect(config.heads.heads * config.heads.headSize).toBe(config.hidden_size);
    });

    it.each<[object, string]>([
      [{ [width]: 100, [heads]: 12 }, `${width} cannot be used: 100 does not divide into 12 attention heads`],
      [{ [layers]: 1e12 }, `${layers} cannot be used: it is 1000000000000, and 1000 or less is needed`],
      [{ [heads]: 0 }, `${heads} cannot be used: it is 0, and more than 0 is needed`],
      [{ vocab_size: 2.5 }, 'vocab_size cannot be used: it is 2.5, and a whole number is needed'],
      [{ [width]: '768' }, `${width} cannot be used: it is "768", and a number is needed`],
      [{ [dropout]: -0.1 }, `${dropout} cannot be used: it is -0.1, and 0 or more is needed`],
      [{ [act]: 5 }, `${act} cannot be used: it is 5, and text is needed`],
      [{ [act]: 'relu6' }, `has ${act} "relu6", which is not supported`],
      [{ pad_token_id: 'none' }, 'pad_token_id cannot be used: it is "none", and a number is needed'],
      [{ is_decoder: true }, 'has is_decoder "true", which is not supported'],
    ])('is refused for %j by its key', (fields, text) => {
      expect(() => opened(fields)).toThrow(text);
    });
  },
);
