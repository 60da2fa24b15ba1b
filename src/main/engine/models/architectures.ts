import { fault } from '../../../shared/faults/index.ts';
import { count, parseModelConfig, type ModelConfig } from '../formats/model-config.ts';
import type { Architecture, InputName } from './architecture.ts';
import { bert } from './bert.ts';
import { walk } from './module-tree.ts';

/** The encoders that Graft trains. */
export const architectures: Architecture[] = [bert];

/** A family of models as messages about files and scripts name it. */
interface Family {
  title: string;
  /** What its tensors' names begin with. */
  prefix: string;
  /** What names of its checkpoints have in them. */
  hubNames: readonly string[];
  /** Its linear layers, by the ends of their paths. */
  linear: readonly string[];
}

/** Families that Graft does not train. */
const others: readonly Family[] = (
  [
    [
      'DistilBERT',
      'distilbert',
      'distilbert',
      'q_lin k_lin v_lin out_lin lin1 lin2 pre_classifier classifier',
    ],
    ['ModernBERT', '', 'modernbert', 'Wqkv Wo Wi dense classifier'],
    ['DeBERTa', 'deberta', 'deberta', 'query_proj key_proj value_proj dense classifier'],
    ['RoBERTa', 'roberta', 'roberta', 'query key value dense out_proj'],
    ['ELECTRA', 'electra', 'electra', 'query key value dense out_proj'],
    ['ALBERT', 'albert', 'albert', 'query key value dense ffn ffn_output classifier pooler'],
    ['MPNet', 'mpnet', 'mpnet', 'q k v o dense out_proj'],
    ['GPT-2', 'transformer', '', ''],
    ['GPT-NeoX', 'gpt_neox', '', ''],
    ['T5', 'shared', '', ''],
    ['T5 or BART', 'encoder', '', ''],
  ] as const
).map(([title, prefix, hubName, linear]) => ({
  title,
  prefix: `${prefix}.`,
  hubNames: hubName === '' ? [] : [hubName],
  linear: linear.split(' '),
}));

/** Every family that is known by name, those that Graft trains first. */
export const families = (): Family[] => [
  ...architectures.map((architecture) => {
    const { title, hubNames, names, modelTypes } = architecture;
    const config = parseModelConfig({ model_type: modelTypes[0] }, 'config.json');
    const { tree } = architecture.open(config, { kind: 'sequence', outputs: 2 }, 'config.json');
    const linear = [...walk(tree)].flatMap(({ node }) => (node.type === 'Linear' ? [node.name] : []));
    return { title, hubNames, prefix: names.prefix, linear: [...new Set(linear)] };
  }),
  ...others,
];

/** What a checkpoint is by its name alone, and the part of the name that says so; the longest such part counts. */
export function familyNamed(name: string): { hubName: string; linear: readonly string[] } | undefined {
  const named = families().flatMap(({ hubNames, linear }) =>
    hubNames.map((hubName) => ({ hubName, linear })),
  );
  return named
    .filter(({ hubName }) => name.toLowerCase().includes(hubName))
    .toSorted((a, b) => b.hubName.length - a.hubName.length)[0];
}

const find = (modelType: string): Architecture | undefined =>
  architectures.find(({ modelTypes }) => modelTypes.includes(modelType));

/** Throws `models/unsupported-architecture` with the `file` that names it. */
export function architectureOf(modelType: string, file: string): Architecture {
  const found = find(modelType);
  if (found) return found;
  const supported = architectures.flatMap(({ modelTypes }) => modelTypes);
  throw fault('models/unsupported-architecture', { file, found: modelType, supported });
}

/** What a model is fed, and the tokens of its longest text; of one that Graft does not train, as most have it. */
export function feedOf(
  config: ModelConfig,
  file: string,
): { inputs: readonly InputName[]; maxTokens: number } {
  const known = find(config.model_type)?.open(config, { kind: 'none', outputs: 0 }, file);
  if (known) return { inputs: known.inputs, maxTokens: known.config.max_tokens };
  const maxTokens = count(10_000_000).default(512).parse(config.raw['max_position_embeddings']);
  return { inputs: ['input_ids', 'attention_mask', 'token_type_ids'], maxTokens };
}
