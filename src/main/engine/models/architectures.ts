import { fault, type Fault } from '../../../shared/faults/index.ts';
import { count, parseModelConfig, type ModelConfig } from '../formats/model-config.ts';
import { albert } from './albert.ts';
import type { Architecture, InputName } from './architecture.ts';
import { bert } from './bert.ts';
import { deberta } from './deberta.ts';
import { distilbert } from './distilbert.ts';
import { electra } from './electra.ts';
import { eurobert } from './eurobert.ts';
import { modernbert } from './modernbert.ts';
import { walk } from './module-tree.ts';
import { mpnet } from './mpnet.ts';
import { nomicBert } from './nomic-bert.ts';
import { kindOf, otherFamilies, type OtherFamily } from './other-families.ts';
import { camembert, roberta, xlmRoberta } from './roberta.ts';

/** The encoders that Graft trains. */
export const architectures: Architecture[] = [
  bert,
  roberta,
  xlmRoberta,
  camembert,
  distilbert,
  electra,
  mpnet,
  albert,
  deberta,
  modernbert,
  eurobert,
  nomicBert,
];

/** A family of models as messages about files and scripts name it. */
export interface Family {
  title: string;
  modelTypes: readonly string[];
  /** Its head's modules; none: not told. */
  head: readonly string[];
  /** What its tensors' names begin with. */
  prefix: string;
  /** What names of its checkpoints have in them. */
  hubNames: readonly string[];
  /** Its linear layers, by the ends of their paths; null: not told. */
  linear: readonly string[] | null;
  pastKeys: boolean;
  /** Why Graft does not train it. */
  other: OtherFamily | null;
}

/** Every family that is known by name, those that Graft trains first. */
export const families = (): Family[] => [
  ...architectures.map((architecture) => {
    const { title, hubNames, names, modelTypes, pastKeys = false } = architecture;
    const config = parseModelConfig({ model_type: modelTypes[0] }, 'config.json');
    const { tree } = architecture.open(config, { kind: 'sequence', outputs: 2 }, 'config.json');
    const linear = [...walk(tree)].flatMap(({ node }) => (node.type === 'Linear' ? [node.name] : []));
    const { prefix, head } = names;
    const known = { title, modelTypes, hubNames, prefix, head, pastKeys };
    return { ...known, linear: [...new Set(linear)], other: null };
  }),
  ...otherFamilies.map((other) => ({ ...other, head: [], pastKeys: false, linear: null, other })),
];

/** What a checkpoint is by its name alone, and the part of the name that says so; the longest such part counts. */
export function familyNamed(name: string): (Family & { hubName: string }) | undefined {
  const named = families().flatMap((family) => family.hubNames.map((hubName) => ({ ...family, hubName })));
  return named
    .filter(({ hubName }) => name.toLowerCase().includes(hubName))
    .toSorted((a, b) => b.hubName.length - a.hubName.length)[0];
}

const find = (modelType: string): Architecture | undefined =>
  architectures.find(({ modelTypes }) => modelTypes.includes(modelType));

/** Throws `models/unsupported-architecture` with the `file` that names it. */
export function architectureOf(config: ModelConfig, file: string): Architecture {
  const found = find(config.model_type);
  if (found) return found;
  throw otherArchitecture(config, file);
}

/** Why a model of this config.json is not trained; null: its architecture is one that Graft trains. */
export const refusedArchitecture = (config: ModelConfig, file: string): Fault | null =>
  find(config.model_type) ? null : otherArchitecture(config, file);

function otherArchitecture(
  { model_type: found, raw, architectures: classes }: ModelConfig,
  file: string,
): Fault {
  const known = otherFamilies.find(({ modelTypes }) => modelTypes.includes(found));
  const kind = known ?? kindOf(raw, classes) ?? null;
  const supported = architectures.map(({ title }) => title);
  return fault('models/unsupported-architecture', {
    file,
    found,
    title: known?.title ?? null,
    kind,
    supported,
  });
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
