/**
 * RoBERTa (Liu et al. 2019), and XLM-RoBERTa and CamemBERT, which are built alike: BERT's layers, positions that are
 * counted from the padding token's id, and a head without a pooler. Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, type ModelConfig } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { tanh } from '../graph/ops/elementwise.ts';
import { defineArchitecture, inputsOf, type Architecture } from './architecture.ts';
import {
  bertConfig,
  bertEmbeddings,
  bertFields,
  bertEncoderModules,
  bertLayers,
  classifierDropout,
  poolerModules,
  typeVocabulary,
} from './bert.ts';
import type { Layers } from './layers.ts';
import { dropout, embedding, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';
import { countedPositions, type TokenBatch } from './token-inputs.ts';

interface Member {
  modelType: string;
  title: string;
  /** What names of its classes in transformers begin with. */
  className: string;
  /** Whether its classes have the head before the encoder. */
  headFirst: boolean;
  /** The default of its configuration class. */
  vocabulary: number;
  hubNames: readonly string[];
}

export const roberta = robertaLike({
  modelType: 'roberta',
  title: 'RoBERTa',
  className: 'Roberta',
  headFirst: false,
  vocabulary: 50265,
  hubNames: ['roberta'],
});
export const xlmRoberta = robertaLike({
  modelType: 'xlm-roberta',
  title: 'XLM-RoBERTa',
  className: 'XLMRoberta',
  headFirst: true,
  vocabulary: 30522,
  hubNames: ['xlm-r', 'xlm-roberta', 'multilingual-e5', 'bge-m3'],
});
export const camembert = robertaLike({
  modelType: 'camembert',
  title: 'CamemBERT',
  className: 'Camembert',
  headFirst: true,
  vocabulary: 30522,
  hubNames: ['camembert'],
});

function robertaLike(member: Member): Architecture {
  const { modelType, title, vocabulary, hubNames } = member;
  return defineArchitecture({
    modelTypes: [modelType],
    title,
    hubNames,
    pastKeys: true,
    names: {
      prefix: 'roberta.',
      words: 'embeddings.word_embeddings',
      head: ['classifier'],
      output: 'classifier.out_proj',
      unread: ['pooler'],
      attention: ['query', 'value'],
    },
    config: (raw, file) => robertaConfig(raw, vocabulary, file),
    // A single row of token types is added to every token.
    inputs: ({ type_vocab_size: types }) => inputsOf(types > 1),
    modules: (config, head) => robertaModules(member, config, head),
    encode: robertaEncoder,
    output: robertaHead,
  });
}

/** `RobertaConfig` of transformers 5.17 with its names and defaults. */
function robertaConfig(raw: ModelConfig['raw'], vocabulary: number, file: string) {
  const schema = z
    .object({
      ...bertFields,
      vocab_size: count(10_000_000).default(vocabulary),
      type_vocab_size: typeVocabulary.default(2),
      classifier_dropout: classifierDropout,
      pad_token_id: z.int().nonnegative().default(1),
    })
    .refine(({ max_position_embeddings: rows, pad_token_id: padding }) => rows > padding + 1, {
      path: ['max_position_embeddings'],
      error: 'no position is left: they are counted from pad_token_id + 1',
    });
  const config = bertConfig(schema, raw, file);
  return { ...config, max_tokens: config.max_position_embeddings - config.pad_token_id - 1 };
}
type RobertaConfig = ReturnType<typeof robertaConfig>;

function robertaEncoder(
  l: Layers,
  config: RobertaConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const positions = countedPositions(l.graph, batch, config.pad_token_id);
  const embedded = bertEmbeddings(l, config, { ...batch, positions }, `${prefix}embeddings`);
  return bertLayers(l, config, batch, `${prefix}encoder`, embedded, rows);
}

/** Of `sequence`, only the first token of each text is carried through the last layer. */
function robertaHead(l: Layers, config: RobertaConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  const { classifier_dropout: p } = config;
  const hidden = robertaEncoder(l, config, batch, 'roberta.', kind === 'tokens' ? 'all' : 'first');
  if (kind === 'tokens') return l.linear('classifier', l.dropout(hidden, p), 'float32');
  const dense = tanh(l.graph, l.linear('classifier.dense', l.dropout(hidden, p), 'float32'));
  return l.linear('classifier.out_proj', l.dropout(dense, p), 'float32');
}

function robertaModules({ className, headFirst }: Member, config: RobertaConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size, pad_token_id: padding } = config;
  const encoder = [
    module('embeddings', `${className}Embeddings`, [
      embedding('word_embeddings', config.vocab_size, size, padding),
      embedding('token_type_embeddings', config.type_vocab_size, size),
      layerNorm('LayerNorm', size, config.layer_norm_eps),
      dropout('dropout', config.hidden_dropout_prob),
      embedding('position_embeddings', config.max_position_embeddings, size, padding),
    ]),
    bertEncoderModules(className, config),
  ];
  if (head.kind === 'none')
    return module('', `${className}Model`, [...encoder, poolerModules(className, size)]);
  const base = module('roberta', `${className}Model`, encoder);
  const drop = dropout('dropout', config.classifier_dropout);
  const model = (task: string, ...own: readonly ModuleNode[]): ModuleNode =>
    module('', `${className}For${task}`, headFirst ? [...own, base] : [base, ...own]);
  if (head.kind === 'tokens')
    return model('TokenClassification', drop, linear('classifier', size, head.outputs));
  const parts = [linear('dense', size, size), drop, linear('out_proj', size, head.outputs)];
  return model('SequenceClassification', module('classifier', `${className}ClassificationHead`, parts));
}
