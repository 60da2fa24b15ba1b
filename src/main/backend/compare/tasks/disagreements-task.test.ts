import { expect, it } from 'vitest';
import { ifRelabelled } from './disagreements-task.ts';

const error = (index: number, suggested: number) => ({
  index,
  given: 0,
  suggested,
  confidence: 0.9,
  margin: 0.5,
});
const board = {
  rows: Int32Array.of(1, 2, 3, 4),
  expected: Uint16Array.of(0, 0, 1, 1),
  predicted: [Uint16Array.of(0, 1, 1, 0), Uint16Array.of(1, 1, 1, 1)],
};

it('counts what the first run gains and loses where every suggested label were taken', () => {
  // Right in rows 1 and 3. Row 2 becomes right, row 1 wrong; a third class helps nobody in row 4.
  const only = (...labelErrors: ReturnType<typeof error>[]) => ifRelabelled({ ...board, labelErrors });
  expect(only()).toEqual({ accuracy: 0.5, accuracyAfter: 0.5 });
  expect(only(error(1, 1))).toEqual({ accuracy: 0.5, accuracyAfter: 0.75 });
  expect(only(error(1, 1), error(3, 0))).toEqual({ accuracy: 0.5, accuracyAfter: 1 });
  expect(only(error(0, 1))).toEqual({ accuracy: 0.5, accuracyAfter: 0.25 });
  expect(only(error(3, 2))).toEqual({ accuracy: 0.5, accuracyAfter: 0.5 });
});

it('has no share of no rows', () => {
  const none = {
    rows: Int32Array.of(),
    expected: Uint16Array.of(),
    predicted: [Uint16Array.of()],
    labelErrors: [],
  };
  expect(ifRelabelled(none)).toEqual({ accuracy: 0, accuracyAfter: 0 });
});
