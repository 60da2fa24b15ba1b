import { fault } from '../../../shared/faults/index.ts';
import { count, type ModelConfig } from '../formats/model-config.ts';
import type { Architecture } from './architecture.ts';
import { bert } from './bert.ts';

/** The encoders that Graft trains. */
export const architectures: Architecture[] = [bert];

const find = (modelType: string): Architecture | undefined =>
  architectures.find(({ modelTypes }) => modelTypes.includes(modelType));

/** Throws `models/unsupported-architecture` with the `file` that names it. */
export function architectureOf(modelType: string, file: string): Architecture {
  const found = find(modelType);
  if (found) return found;
  const supported = architectures.flatMap(({ modelTypes }) => modelTypes);
  throw fault('models/unsupported-architecture', { file, found: modelType, supported });
}

/** Tokens of a model's longest text, also of one that other programs run and Graft does not train. */
export function mostTokens(config: ModelConfig, file: string): number {
  const known = find(config.model_type);
  if (known) return known.open(config, { kind: 'none', outputs: 0 }, file).config.max_tokens;
  return count(10_000_000).default(512).parse(config.raw['max_position_embeddings']);
}
