import type { PreflightFinding } from '../../../../shared/contract/experiments.ts';
import { filled, type ParametersOf } from '../../../../shared/faults/fault.ts';
import type { Fault } from '../../../../shared/faults/index.ts';
import { findingTexts } from './texts.ts';

/** The button's words, and a JSON merge patch of the spec or an address in the window. */
export interface Repair {
  label: string;
  patch?: Record<string, unknown>;
  link?: string;
}

type Texts = typeof findingTexts;

/** One line of a pre-flight. What stands before the slash of a text's name is the finding's code. */
export function finding<Name extends keyof Texts>(
  name: Name,
  weight: PreflightFinding['weight'],
  parameters: ParametersOf<Texts[Name]>,
  repair?: Repair,
): PreflightFinding {
  const { message, remedy } = filled(`${findingTexts[name]}\n`, parameters);
  return worded(name.split('/')[0]!, weight, message, remedy || null, repair);
}

/** The same of a text that stands elsewhere. */
export const worded = (
  code: string,
  weight: PreflightFinding['weight'],
  message: string,
  detail: string | null,
  repair?: Repair,
): PreflightFinding => ({
  code,
  weight,
  message,
  detail,
  repair: repair ? { label: repair.label, patch: repair.patch ?? null, link: repair.link ?? null } : null,
});

/** A fault that keeps an experiment from starting, as a finding. */
export const faultFinding = ({ code, message, remedy }: Fault, repair?: Repair): PreflightFinding =>
  worded(code, 'error', message, remedy, repair);

/** At most six of some names, and how many more there are. */
export function names(list: readonly string[]): string {
  const shown = list.slice(0, 6).join(', ');
  return list.length > 6 ? `${shown} and ${(list.length - 6).toLocaleString('en')} more` : shown;
}
