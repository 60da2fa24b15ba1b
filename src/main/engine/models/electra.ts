/**
 * ELECTRA's discriminator (Clark et al. 2020): BERT's layers over embeddings of a size of their own, and a head with a
 * GELU instead of a pooler. Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { defineArchitecture } from './architecture.ts';
import {
  bertConfig,
  bertEmbeddingModules,
  bertEmbeddings,
  bertFields,
  bertEncoderModules,
  bertLayers,
  classifierDropout,
  typeVocabulary,
} from './bert.ts';
import type { Layers } from './layers.ts';
import { activation, dropout, linear, module, type ModuleNode } from './module-tree.ts';
import type { TokenBatch } from './token-inputs.ts';

/** `ElectraConfig` of transformers 5.17 with its names and defaults. */
const fieldsSchema = z.object({
  ...bertFields,
  embedding_size: count(65_536).default(128),
  hidden_size: bertFields.hidden_size.unwrap().default(256),
  num_attention_heads: bertFields.num_attention_heads.unwrap().default(4),
  intermediate_size: bertFields.intermediate_size.unwrap().default(1024),
  type_vocab_size: typeVocabulary.default(2),
  classifier_dropout: classifierDropout,
});
type ElectraConfig = ReturnType<typeof bertConfig<z.output<typeof fieldsSchema>>>;

export const electra = defineArchitecture({
  modelTypes: ['electra'],
  title: 'ELECTRA',
  hubNames: ['electra'],
  pastKeys: true,
  names: {
    prefix: 'electra.',
    words: 'embeddings.word_embeddings',
    head: ['classifier'],
    output: 'classifier.out_proj',
    unread: [],
    attention: ['query', 'value'],
  },
  config: (raw, file) => bertConfig(fieldsSchema, raw, file),
  modules: electraModules,
  encode: electraEncoder,
  output: electraHead,
});

function electraEncoder(
  l: Layers,
  config: ElectraConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const embedded = bertEmbeddings(l, config, batch, `${prefix}embeddings`);
  const x = isProjected(config) ? l.residual(`${prefix}embeddings_project`, embedded) : embedded;
  return bertLayers(l, config, batch, `${prefix}encoder`, x, rows);
}

const isProjected = (config: ElectraConfig): boolean => config.embedding_size !== config.hidden_size;

/** Of `sequence`, only the first token of each text is carried through the last layer. */
function electraHead(l: Layers, config: ElectraConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  const { classifier_dropout: p } = config;
  const hidden = electraEncoder(l, config, batch, 'electra.', kind === 'tokens' ? 'all' : 'first');
  if (kind === 'tokens') return l.linear('classifier', l.dropout(hidden, p), 'float32');
  const dense = l.activatedLinear('classifier.dense', l.dropout(hidden, p), 'gelu', 'float32');
  const dropped = { ...dense, tensor: l.dropout(dense.tensor, p) };
  return l.linear('classifier.out_proj', dropped, 'float32');
}

function electraModules(config: ElectraConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size, embedding_size: narrow } = config;
  const encoder = [
    bertEmbeddingModules('Electra', config, narrow),
    ...(isProjected(config) ? [linear('embeddings_project', narrow, size)] : []),
    bertEncoderModules('Electra', config),
  ];
  if (head.kind === 'none') return module('', 'ElectraModel', encoder);
  const base = module('electra', 'ElectraModel', encoder);
  const drop = dropout('dropout', config.classifier_dropout);
  if (head.kind === 'tokens') {
    const classifier = linear('classifier', size, head.outputs);
    return module('', 'ElectraForTokenClassification', [base, drop, classifier]);
  }
  const classifier = module('classifier', 'ElectraClassificationHead', [
    linear('dense', size, size),
    activation('activation', 'gelu'),
    drop,
    linear('out_proj', size, head.outputs),
  ]);
  return module('', 'ElectraForSequenceClassification', [base, classifier]);
}
