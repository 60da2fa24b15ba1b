import { href } from '../../address.ts';

/** What is compared: the experiments in their order, and the one that the others are held against. */
export interface Chosen {
  ids: readonly string[];
  baselineId: string | null;
}
export type CompareTab = 'overview' | 'disagreements' | 'slices';

/** As many as a comparison takes. */
const MOST = 500;

/** Reads `?ids=a,b,c&baseline=a`. A baseline that is not among them does not count: the first is it. */
export function chosenOf(query: Readonly<Record<string, string>>): Chosen {
  const ids = [...new Set((query['ids'] ?? '').split(',').filter((id) => id !== ''))].slice(0, MOST);
  const named = query['baseline'];
  return { ids, baselineId: named !== undefined && ids.includes(named) ? named : (ids[0] ?? null) };
}

/** The query of an address for what is compared. */
export function queryOf({ ids, baselineId }: Chosen): Record<string, string> {
  if (ids.length === 0) return {};
  const named = baselineId !== null && baselineId !== ids[0] && ids.includes(baselineId);
  return { ids: ids.join(','), ...(named ? { baseline: baselineId } : {}) };
}

export const comparePath = (tab: CompareTab): string => (tab === 'overview' ? '/compare' : `/compare/${tab}`);
export const compareHref = (tab: CompareTab, chosen: Chosen): string =>
  href(comparePath(tab), queryOf(chosen));

/** The experiments with some more at the end. */
export const withAdded = ({ ids, baselineId }: Chosen, more: readonly string[]): Chosen => ({
  ids: [...new Set([...ids, ...more])],
  baselineId,
});
/** Without one; the baseline goes to the first where it was the one. */
export const without = ({ ids, baselineId }: Chosen, id: string): Chosen => {
  const left = ids.filter((one) => one !== id);
  return { ids: left, baselineId: baselineId === id ? (left[0] ?? null) : baselineId };
};
/** With one moved to a position, from 0. The baseline stays the one that it is. */
export const moved = ({ ids, baselineId }: Chosen, id: string, position: number): Chosen => {
  const others = ids.filter((one) => one !== id);
  return { ids: [...others.slice(0, position), id, ...others.slice(position)], baselineId };
};
