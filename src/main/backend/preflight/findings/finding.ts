import type { PreflightFinding } from '../../../../shared/contract/experiments.ts';
import type { Fault } from '../../../../shared/faults/index.ts';

interface More {
  detail?: string;
  /** The button's words, and a JSON merge patch of the spec or an address in the window. */
  repair?: { label: string; patch?: Record<string, unknown>; link?: string };
}

/** One line of a pre-flight. */
export function finding(
  code: string,
  weight: PreflightFinding['weight'],
  message: string,
  { detail, repair }: More = {},
): PreflightFinding {
  return {
    code,
    weight,
    message,
    detail: detail ?? null,
    repair: repair ? { label: repair.label, patch: repair.patch ?? null, link: repair.link ?? null } : null,
  };
}

/** A fault that keeps an experiment from starting, as a finding. */
export function faultFinding(fault: Fault, repair?: More['repair']): PreflightFinding {
  return finding(fault.code, 'error', fault.message, { detail: fault.remedy, ...(repair ? { repair } : {}) });
}

export const number = (value: number): string => value.toLocaleString('en');
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
/** At most `most` of some names, and how many more there are. */
export function names(list: readonly string[], most = 6): string {
  const shown = list.slice(0, most).join(', ');
  return list.length > most ? `${shown} and ${number(list.length - most)} more` : shown;
}

const weights = ['error', 'warning', 'info', 'good'] as const;

/** Errors first. */
export function byWeight(findings: readonly PreflightFinding[]): PreflightFinding[] {
  return weights.flatMap((weight) => findings.filter((one) => one.weight === weight));
}
