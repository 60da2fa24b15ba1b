import { labelMap, type LabelMap } from '../data/labels.ts';

/** The classes of a run, and where their order comes from. */
export interface SettledLabels extends LabelMap {
  readonly note: string | null;
}

/**
 * The labels of the data against those of the base model's own head, when the checkpoint has one: equal names (in any
 * case) keep the head and its order; numbers 0 … K-1 are taken as the head's own ids, as the script does; otherwise the
 * data's labels get a new head.
 */
export function settleLabels(map: LabelMap, head: readonly string[] | null): SettledLabels {
  const own: SettledLabels = { names: map.names, idOf: (value) => map.idOf(value), note: null };
  if (!head) return own;
  const folded = new Map(head.map((name, id) => [name.toLowerCase(), id]));
  if (map.names.length === head.length) {
    if (folded.size === head.length && map.names.every((name) => folded.has(name.toLowerCase()))) {
      return {
        ...labelMap(head),
        note: "The labels are those of the model's own head, which is trained further.",
      };
    }
    if (map.names.every((name, id) => name === String(id))) {
      return {
        names: head,
        idOf: (value) => map.idOf(value),
        note: `The labels are numbers and are taken as the head's own: ${head.map((name, id) => `${id} = ${name}`).join(', ')}.`,
      };
    }
  }
  // As transformers does: a head of the same size is loaded, whatever its labels are called.
  const becomes =
    map.names.length === head.length
      ? ', as many as the data: its weights go on under the new names'
      : ' and is replaced by a new one';
  const note = `The model's own head (${head.join(', ')}) has other labels${becomes}.`;
  return { ...own, note };
}
