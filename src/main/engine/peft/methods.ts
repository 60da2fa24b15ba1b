import { fault } from '../../../shared/faults/index.ts';
import { methodTypes as knownTypes } from '../../../shared/methods/index.ts';
import { full } from './full.ts';
import { headOnly } from './head-only.ts';
import { lora } from './lora.ts';
import type { MethodType } from './method.ts';

/** The arithmetic of every method in shared/methods. */
export const methodTypes: readonly MethodType[] = [lora, headOnly, full];

/** Throws `peft/unsupported-type`. */
export function methodTypeOf(type: unknown, source: string): MethodType {
  const known = methodTypes.find(({ method }) => method.type === type);
  if (known) return known;
  throw fault('peft/unsupported-type', { source, found: String(type), supported: knownTypes() });
}
