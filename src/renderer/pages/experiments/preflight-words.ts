import type { Baselines, PreflightFinding } from '../../../shared/contract/experiments.ts';
import { list, percent } from '../../format.ts';

const order: readonly PreflightFinding['weight'][] = ['error', 'warning', 'info', 'good'];

/** Findings by weight, what the timed part adds last. */
export function sortedFindings(
  findings: readonly PreflightFinding[],
  added: PreflightFinding | null,
): PreflightFinding[] {
  const all = added ? [...findings, added] : [...findings];
  return all.sort((a, b) => order.indexOf(a.weight) - order.indexOf(b.weight));
}

/** "Baselines: majority class 27.4 %, linear probe 52.8 %." */
export function baselineFinding({
  majority,
  ownHead,
  ownHeadReason,
  linearProbe,
}: Baselines): PreflightFinding {
  const scores = [
    `majority class ${percent(majority.accuracy)}`,
    ...(ownHead ? [`the model's own head ${percent(ownHead.accuracy)}`] : []),
    ...(linearProbe ? [`linear probe ${percent(linearProbe.accuracy)}`] : []),
  ];
  return {
    code: 'baselines',
    weight: 'good',
    message: `Baselines: ${list(scores)}.`,
    detail: ownHead ? null : ownHeadReason,
    repair: null,
  };
}
