import { likelyLabelErrors, type LabelError } from '../../../../shared/statistics/label-errors.ts';
import { softmax } from '../../../../shared/statistics/probabilities.ts';
import { keptLogits, singleLabel, type ClassColumns } from '../../../../shared/tasks/single-label.ts';
import { answeredTask, eachAnswer } from '../../../storage/answers.ts';
import { openReadOnly, type Db } from '../../../storage/database.ts';
import { commonRows, readAnswers, type RunInput } from './answers.ts';

/** An error that is made with at least this probability is a confident one. */
const CONFIDENT = 0.8;
const MOST_BOARDS = 2;

/** The rows that all of some runs answered, with their answers: what filters and slices are reckoned from. */
export interface Board {
  ids: string[];
  /** In the order of their names; classes are places in it. */
  labels: string[];
  rows: Int32Array;
  expected: Uint16Array;
  /** One array a run. */
  predicted: Uint16Array[];
  /** By place in `rows`: the probability of the surest wrong answer; 0 where all are right. */
  surestError: Float32Array;
  /** The likeliest first. */
  labelErrors: LabelError[];
}

const boards = new Map<string, Board>();

/** Kept for the next question about the same runs. The runs are of the same data and labels. */
export function boardOf(database: string, runs: readonly RunInput[]): Board {
  const key = JSON.stringify([database, runs]);
  const board = boards.get(key) ?? makeBoard(database, runs);
  boards.delete(key);
  boards.set(key, board);
  if (boards.size > MOST_BOARDS) boards.delete([...boards.keys()][0]!);
  return board;
}

function makeBoard(database: string, runs: readonly RunInput[]): Board {
  const db = openReadOnly(database);
  try {
    const answers = runs.map(({ id }) => readAnswers(db, id));
    const common = commonRows(answers.map(({ rows }) => rows));
    const columns = answers.map((run, i) => singleLabel.at(run.columns as ClassColumns, common[i]!));
    const { labels, expected } = columns[0]!;
    const board: Board = {
      ids: runs.map(({ id }) => id),
      labels,
      rows: Int32Array.from(common[0]!, (place) => answers[0]!.rows[place]!),
      expected,
      predicted: columns.map(({ predicted }) => predicted),
      surestError: new Float32Array(common[0]!.length),
      labelErrors: [],
    };
    const mean = new Float64Array(board.rows.length * labels.length);
    for (const [run, id] of board.ids.entries()) addProbabilities(db, id, common[run]!, run, board, mean);
    for (let i = 0; i < mean.length; i++) mean[i]! /= board.ids.length;
    board.labelErrors = likelyLabelErrors(mean, board.expected, labels.length);
    return board;
  } finally {
    db.close();
  }
}

/** Takes a run's probabilities into the mean of all runs, and into what is known of their surest errors. */
function addProbabilities(
  db: Db,
  id: string,
  common: Int32Array,
  run: number,
  board: Board,
  mean: Float64Array,
): void {
  const width = board.labels.length;
  const places = answeredTask(db, id).names.map((name) => board.labels.indexOf(name));
  const logits = new Float32Array(width);
  let [place, next] = [0, 0];
  for (const [, kept] of eachAnswer(db, id)) {
    if (place++ !== common[next]) continue;
    keptLogits(kept, logits);
    const probabilities = softmax(logits, width);
    for (let k = 0; k < width; k++) mean[next * width + places[k]!]! += probabilities[k]!;
    const answer = board.predicted[run]![next]!;
    if (answer !== board.expected[next]) {
      const score = probabilities[places.indexOf(answer)]!;
      if (score > board.surestError[next]!) board.surestError[next] = score;
    }
    next++;
  }
}

export const isRight = ({ expected, predicted }: Board, run: number, at: number): boolean =>
  predicted[run]![at] === expected[at];

/** Whether not all runs answer the same. */
export const differs = ({ predicted }: Board, at: number): boolean =>
  predicted.some((answers) => answers[at] !== predicted[0]![at]);

export const allWrong = (board: Board, at: number): boolean =>
  board.predicted.every((answers) => answers[at] !== board.expected[at]);

export const isConfidentError = ({ surestError }: Board, at: number): boolean =>
  surestError[at]! >= CONFIDENT;
