import type { ChildResult } from './child.ts';
import { median, type Quantity } from './quantities.ts';

/** Runs of Graft and of the reference that followed each other directly, and so met the same machine. */
export interface Pair {
  graft: ChildResult;
  reference: ChildResult;
}

/** One measurement: the same work by both sides, several times in turn. */
export interface Measured {
  title: string;
  quantities: Quantity[];
  pairs: Pair[];
}

/** Markdown: the medians of both sides (the mean of accuracies), and the spread of the ratios of the pairs. */
export function table({ title, quantities, pairs }: Measured): string {
  const rows = quantities.map((quantity) => {
    const graft = pairs.map((pair) => quantity.of(pair.graft));
    const reference = pairs.map((pair) => quantity.of(pair.reference));
    const cells = [
      quantity.name,
      middle(quantity, graft),
      middle(quantity, reference),
      ratios(quantity, pairs),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const runs = `${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'} of runs`;
  return [
    `### ${title} (${runs})`,
    '',
    '| | Graft | PyTorch | pair by pair: min – median – max |',
    '| --- | ---: | ---: | --- |',
    ...rows,
  ].join('\n');
}

/** Steps of one model, once a precision. */
export interface MeasuredSteps {
  type: string;
  length: number;
  precisions: readonly string[];
  measured: readonly Measured[];
}

/** Markdown, a row a model and length: the medians of both sides, each in the precision that is faster for it. */
export function stepTable(models: readonly MeasuredSteps[]): string {
  const better = ({ precisions, measured }: MeasuredSteps, side: keyof Pair) => {
    const sides = measured.map(({ quantities: [time, memory], pairs }, i) => {
      const of = (quantity: Quantity): number =>
        median(pairs.flatMap((pair) => quantity.of(pair[side]) ?? []));
      return { precision: precisions[i]!, seconds: of(time!), memory: of(memory!) };
    });
    return sides.toSorted((a, b) => a.seconds - b.seconds)[0]!;
  };
  const rows = models.map((model) => {
    const [graft, reference] = [better(model, 'graft'), better(model, 'reference')];
    const cells = [graft, reference].map(
      ({ precision, seconds, memory }) => `${seconds.toFixed(2)} s, ${memory.toFixed(0)} MB, ${precision}`,
    );
    const times = `${(reference.seconds / graft.seconds).toFixed(2)} times as fast`;
    const share = `${(graft.memory / reference.memory).toFixed(2)} of the memory`;
    return `| ${[model.type, String(model.length), ...cells, `${times}, ${share}`].join(' | ')} |`;
  });
  return [
    '| base checkpoint of | tokens a row | Graft | PyTorch + PEFT | |',
    '| --- | ---: | ---: | ---: | --- |',
    ...rows,
  ].join('\n');
}

/** Time: how many times as fast Graft is. Memory: Graft's share of the reference's. */
function ratios(quantity: Quantity, pairs: readonly Pair[]): string {
  if (quantity.kind === 'accuracy') return '';
  const values = pairs.flatMap((pair) => {
    const graft = quantity.of(pair.graft);
    const reference = quantity.of(pair.reference);
    if (graft === null || reference === null) return [];
    return [quantity.kind === 'time' ? reference / graft : graft / reference];
  });
  if (values.length === 0) return '';
  const spread = [Math.min(...values), median(values), Math.max(...values)]
    .map((v) => v.toFixed(2))
    .join(' – ');
  return quantity.kind === 'time' ? `${spread} times as fast` : `${spread} of the memory`;
}

function middle(quantity: Quantity, values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return 'not told';
  if (quantity.kind === 'accuracy') {
    return `${(known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(3)} (mean)`;
  }
  return median(known).toFixed(quantity.kind === 'memory' ? 0 : 2);
}
