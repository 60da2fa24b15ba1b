import { type Answerer, type AnswererChoice, exportTargetSchema } from '../../../shared/contract.ts';

/** "experiment:ID", "export:ID:onnx": an answerer in one word, for addresses and lists. */
export const keyOf = (answerer: Answerer): string =>
  [answerer.kind, answerer.id, ...(answerer.kind === 'export' ? [answerer.target] : [])].join(':');

/** The choice that a key names; an experiment's adapter is the experiment. */
export function choiceOf(choices: readonly AnswererChoice[], key: string | null): AnswererChoice | null {
  if (key === null) return null;
  const exact = choices.find(({ answerer }) => keyOf(answerer) === key);
  return (
    exact ?? choices.find(({ adapterId }) => adapterId !== null && key === `adapter:${adapterId}`) ?? null
  );
}

/** The key of the first answerer in an address: `?experiment=ID`, `?adapter=ID`, `?model=ID`, `?export=ID&target=onnx`. */
export function keyInQuery(query: Readonly<Record<string, string>>): string | null {
  for (const kind of ['experiment', 'adapter', 'model'] as const) {
    const id = query[kind];
    if (id) return keyOf({ kind, id });
  }
  const target = exportTargetSchema.safeParse(query['target']);
  return query['export'] && target.success
    ? keyOf({ kind: 'export', id: query['export'], target: target.data })
    : null;
}

/** The address of the page with these answerers on it. */
export function queryOf(
  first: Answerer | null,
  second: Answerer | null,
  tab: 'text' | 'file',
): Record<string, string> {
  return {
    ...(first && { [first.kind]: first.id }),
    ...(first?.kind === 'export' && { target: first.target }),
    ...(second && { second: keyOf(second) }),
    ...(tab === 'file' && { tab }),
  };
}
