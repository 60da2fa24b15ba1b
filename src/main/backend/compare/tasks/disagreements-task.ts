import type { OutputOf, ParsedInputOf } from '../../../../shared/contract.ts';
import type { Disagreement, DisagreementFilter } from '../../../../shared/contract/compare.ts';
import { softmax } from '../../../../shared/statistics/probabilities.ts';
import { keptLogits } from '../../../../shared/tasks/single-label.ts';
import { answeredTask, answersTo } from '../../../storage/answers.ts';
import { openReadOnly } from '../../../storage/database.ts';
import type { RunInput } from './answers.ts';
import { allWrong, boardOf, differs, isConfidentError, isRight, type Board } from './board.ts';
import type { TextSource } from '../../experiments/run-texts.ts';
import { readTexts, searchTexts } from './texts.ts';

export interface DisagreementsInput {
  database: string;
  runs: RunInput[];
  texts: TextSource;
  query: ParsedInputOf<'compare/disagreements'>;
}
export type Disagreements = Omit<OutputOf<'compare/disagreements'>, 'versionId'>;

/** A page of the rows that a filter gives, and how many each gives. Throws as `readTexts` does. */
export async function disagreementsTask(input: DisagreementsInput): Promise<Disagreements> {
  const { database, runs, texts, query } = input;
  const board = boardOf(database, runs);
  const found = await searchTexts(texts, query.query, board.rows);
  const places = Array.from(board.rows.keys()).filter(
    (at) => inCell(board, query, at) && (found === null || found.has(board.rows[at]!)),
  );
  const filters = filtersOf(board, query);
  const counts: Record<string, number> = {};
  for (const [filter, fits] of Object.entries(filters)) {
    counts[filter] = places.reduce((sum, at) => sum + Number(fits(at)), 0);
  }
  const fits = filters[query.filter];
  const chosen = fits ? inOrder(board, query.filter, places.filter(fits)) : [];
  const page = chosen.slice(query.offset, query.offset + query.limit);
  const { items, labels } = await itemsOf(input, board, page, query.filter === 'label-errors');
  return { total: chosen.length, items, labels, counts, ifRelabelled: ifRelabelled(board) };
}

/** The first run's accuracy now, and where every suggestion were taken. */
export function ifRelabelled({
  rows,
  expected,
  predicted,
  labelErrors,
}: Pick<Board, 'rows' | 'expected' | 'predicted' | 'labelErrors'>): Disagreements['ifRelabelled'] {
  const answers = predicted[0]!;
  const right = rows.reduce((sum, _, at) => sum + Number(answers[at] === expected[at]), 0);
  const gained = labelErrors.reduce(
    (sum, { index, suggested }) =>
      sum + Number(answers[index] === suggested) - Number(answers[index] === expected[index]),
    0,
  );
  const share = (count: number): number => (rows.length === 0 ? 0 : count / rows.length);
  return { accuracy: share(right), accuracyAfter: share(right + gained) };
}

/** `right-wrong` only where both runs are named. */
function filtersOf(
  board: Board,
  { rightId, wrongId }: DisagreementsInput['query'],
): Partial<Record<DisagreementFilter, (at: number) => boolean>> {
  const mislabelled = new Set(board.labelErrors.map(({ index }) => index));
  const [right, wrong] = [rightId, wrongId].map((id) => (id === null ? -1 : board.ids.indexOf(id)));
  const both = right !== -1 && wrong !== -1;
  return {
    differ: (at) => differs(board, at),
    'all-wrong': (at) => allWrong(board, at),
    'confident-errors': (at) => isConfidentError(board, at),
    'label-errors': (at) => mislabelled.has(at),
    all: () => true,
    ...(both
      ? { 'right-wrong': (at: number) => isRight(board, right!, at) && !isRight(board, wrong!, at) }
      : {}),
  };
}

/** Whether a row is in the cell asked for of the first run's confusion matrix. */
function inCell(
  { labels, expected: is, predicted: answers }: Board,
  { expected, predicted }: DisagreementsInput['query'],
  at: number,
): boolean {
  return (
    (expected === null || labels[is[at]!] === expected) &&
    (predicted === null || labels[answers[0]![at]!] === predicted)
  );
}

function inOrder(board: Board, filter: DisagreementFilter, places: number[]): number[] {
  if (filter === 'confident-errors') {
    return places.sort((a, b) => board.surestError[b]! - board.surestError[a]! || a - b);
  }
  if (filter === 'label-errors') {
    const wanted = new Set(places);
    return board.labelErrors.map(({ index }) => index).filter((at) => wanted.has(at));
  }
  return places;
}

/** `labels` as the first run's model has them: in an order that a person knows. */
async function itemsOf(
  { database, texts }: DisagreementsInput,
  board: Board,
  places: readonly number[],
  withSuggestion: boolean,
): Promise<Pick<Disagreements, 'items' | 'labels'>> {
  const rows = await readTexts(
    texts,
    places.map((at) => board.rows[at]!),
  );
  const suggested = new Map(board.labelErrors.map(({ index, suggested: label }) => [index, label]));
  const db = openReadOnly(database);
  try {
    const labels = [...answeredTask(db, board.ids[0]!).names];
    const orders = board.ids.map((id) => {
      const own = answeredTask(db, id).names;
      return labels.map((name) => own.indexOf(name));
    });
    const numbers = rows.map(({ row }) => row);
    const kept = board.ids.map((id) => answersTo(db, id, numbers));
    const logits = new Float32Array(labels.length);
    const items = places.map((at, i): Disagreement => ({
      row: { ...rows[i]!, label: board.labels[board.expected[at]!]! },
      expected: board.labels[board.expected[at]!]!,
      answers: board.ids.map((_, run) => {
        keptLogits(kept[run]![i]![1], logits);
        const probabilities = softmax(logits, labels.length);
        return {
          predicted: board.labels[board.predicted[run]![at]!]!,
          probabilities: orders[run]!.map((place) => probabilities[place]!),
        };
      }),
      suggested: withSuggestion ? board.labels[suggested.get(at)!]! : null,
    }));
    return { items, labels };
  } finally {
    db.close();
  }
}
