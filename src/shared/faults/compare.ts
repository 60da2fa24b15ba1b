import type { FaultText } from './fault.ts';

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

export const compareFaults = {
  'compare/no-predictions': ({ reason }: { reason: string }): FaultText => ({
    message: reason,
    remedy: 'Compare it when it has been evaluated, or leave it out.',
  }),
  'compare/different-rows': ({ reason }: { reason: string }): FaultText => ({
    message: reason,
    remedy: 'Compare runs that were evaluated on the same rows of the same version.',
  }),
  'compare/same-run': (_: object): FaultText => ({
    message: 'A run has no difference from itself.',
    remedy: 'Choose two runs.',
  }),
  'compare/no-common-rows': ({ a, b, data }: { a: string; b: string; data: string }): FaultText => ({
    message: `${a} and ${b} were evaluated on different rows of ${data}: no row was answered by both.`,
    remedy: 'Compare runs that were evaluated on the same rows.',
  }),
  'compare/no-texts': ({ name }: { name: string }): FaultText => ({
    message: `The config of ${name} does not say which file it was evaluated on.`,
    remedy: 'Choose runs of a data set.',
  }),
  'compare/file-missing': ({ file }: { file: string }): FaultText => ({
    message: `The data file ${file} is gone: it was moved or deleted since it was evaluated.`,
    remedy: 'Put it back under that name. The figures stay: they are kept with the run.',
  }),
  'compare/file-changed': ({ file, rows, row }: { file: string; rows: number; row: number }): FaultText => ({
    message: `${file} has ${rows.toLocaleString('en-US')} rows now; row ${row.toLocaleString('en-US')} was evaluated.`,
    remedy: 'Put the file back that was evaluated. The figures stay: they are kept with the run.',
  }),
  'compare/no-column': ({ column, columns }: { column: string; columns: readonly string[] }): FaultText => ({
    message: `The data has no column "${column}" to cut by.`,
    remedy:
      columns.length === 0
        ? 'No extra columns were kept when it was imported; text length is there always.'
        : `Choose one of ${list(columns)}.`,
  }),
  'compare/retrain-labels': (p: {
    name: string;
    labels: readonly string[];
    data: string;
    found: readonly string[];
  }): FaultText => ({
    message: `${p.name} learnt ${list(p.labels)}; ${p.data} has ${list(p.found)}.`,
    remedy: 'Make a new experiment on this version instead.',
  }),
  'compare/cross-prediction': (p: { rows: number; fewest: number; classes: number; most: number }) => ({
    message: `Label errors cannot be looked for in ${p.rows} rows of ${p.classes} classes.`,
    remedy: `Choose a split with ${p.fewest} rows or more, and with 2 to ${p.most} classes.`,
  }),
} satisfies Record<string, (p: never) => FaultText>;
