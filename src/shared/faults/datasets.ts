import type { FaultText } from './fault.ts';

const count = (n: number) => n.toLocaleString('en-US');
const many = (n: number, one: string, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;

/** "3, 8 and 12", "3, 8, 12 and 40 more": the first rows of so many. */
function rowList(rows: readonly number[], all: number): string {
  const shown = rows.map(count);
  if (all > rows.length) return `${shown.join(', ')} and ${count(all - rows.length)} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)!}`;
}

const restore =
  'Put the file back under that name, or import the data again: the same rows get the same file.';

export const datasetsFaults = {
  'datasets/too-slow': (p: { seconds: number }) => ({
    message: `The answer took longer than ${p.seconds} s and was given up.`,
    remedy: 'The file may be damaged, made to be slow, or on a slow drive: look at it, or take a part of it.',
  }),
  'datasets/missing': (p: { name: string; number: number; file: string }) => ({
    message: `The rows of "${p.name}", version ${p.number}, are gone: ${p.file} was moved or deleted.`,
    remedy: restore,
  }),
  'datasets/changed': (p: { name: string; number: number; file: string }) => ({
    message: `The rows of "${p.name}", version ${p.number}, were changed from outside: ${p.file} is not the file that was imported.`,
    remedy: restore,
  }),
  'datasets/file-missing': (p: { file: string }) => ({
    message: `The data set file ${p.file} is gone: it was moved or deleted.`,
    remedy: restore,
  }),
  'datasets/file-damaged': (p: { file: string }) => ({
    message: `The data set file ${p.file} is damaged.`,
    remedy: restore,
  }),
  'datasets/empty-labels': (p: { file: string; column: string; rows: readonly number[]; all: number }) => ({
    message:
      p.all === 1
        ? `Row ${rowList(p.rows, p.all)} of ${p.file} has no label in column "${p.column}".`
        : `${many(p.all, 'row')} of ${p.file} have no label in column "${p.column}": ${rowList(p.rows, p.all)}.`,
    remedy: 'Label these rows, or choose to leave rows without a label out.',
  }),
  'datasets/all-left-out': (p: { column: string }) => ({
    message: `No row has a label in column "${p.column}", so none is left.`,
    remedy: 'Choose the column that holds the labels.',
  }),
  'datasets/class-number': (p: { file: string; row: number; value: string; classes: number }) => ({
    message: `Row ${count(p.row)} of ${p.file} has the class number ${p.value}; the file names ${many(p.classes, 'class', 'classes')}, numbered from 0.`,
    remedy: 'Correct the row, or export the file again from where it came from.',
  }),
  'datasets/last-version': (p: { name: string }) => ({
    message: `It is the only version of "${p.name}".`,
    remedy: 'Remove the data set instead; that can be undone too.',
  }),
  'datasets/other-dataset': (_: object) => ({
    message: 'The two versions are of different data sets.',
    remedy: 'Choose two versions of one data set.',
  }),
  'datasets/export-exists': (p: { file: string }) => ({
    message: `${p.file} exists.`,
    remedy: 'Choose another name, or replace the file.',
  }),
  'datasets/export-type': (p: { file: string; ending: string }) => ({
    message: `${p.file} does not end in ${p.ending}.`,
    remedy: `Give it a name that ends in ${p.ending}.`,
  }),
  'datasets/same-column': (p: { column: string }) => ({
    message: `Column "${p.column}" is chosen for two things.`,
    remedy: 'Choose another column for one of them.',
  }),
  'datasets/unknown-row': (p: { row: number; rows: number }) => ({
    message: `There is no row ${count(p.row)}: the version has ${many(p.rows, 'row')}.`,
    remedy: 'Read the rows again; another version may be meant.',
  }),
  'datasets/unknown-label': (p: { label: string; labels: readonly string[] }) => ({
    message: `The data set has no class "${p.label}".`,
    remedy: `Choose one of ${p.labels
      .slice(0, 20)
      .map((name) => `"${name}"`)
      .join(', ')}${p.labels.length > 20 ? ` and ${count(p.labels.length - 20)} more` : ''}.`,
  }),
  'datasets/unknown-split': (p: { split: string; splits: readonly string[] }) => ({
    message: `The data set has no split "${p.split}".`,
    remedy:
      p.splits.length === 0
        ? 'Make splits first.'
        : `It has ${p.splits.map((name) => `"${name}"`).join(', ')}.`,
  }),
  'datasets/no-change': (_: object) => ({
    message: 'Every one of these rows has that label already, so there is nothing to change.',
    remedy: 'Choose another label.',
  }),
  'datasets/shares': (p: { sum: number }) => ({
    message: `The shares of the splits add up to ${(p.sum * 100).toFixed(1)} %.`,
    remedy: 'Change them so that they add up to 100 %.',
  }),
  'datasets/too-few-splits': (_: object) => ({
    message: 'A split of the rows needs at least two parts.',
    remedy: 'Add a second part, such as "test" with 20 %.',
  }),
  'datasets/empty-split': (p: { split: string; rows: number }) => ({
    message: `The split "${p.split}" would get none of the ${many(p.rows, 'row')}.`,
    remedy: 'Give it a larger share, or allow equal texts on both sides.',
  }),
  'datasets/no-repair': (p: { finding: string; action: string }) => ({
    message: `The finding "${p.finding}" has no repair "${p.action}" in this version.`,
    remedy: 'Read the report again and choose a repair that it offers.',
  }),
  'datasets/nothing-left': (_: object) => ({
    message: 'After this repair the data set would have no rows.',
    remedy: 'Choose another repair, or another label column.',
  }),
  'datasets/cancelled': (p: { what: string }) => ({
    message: `${p.what} was cancelled.`,
    remedy: 'Open the page again to start it anew.',
  }),
  'datasets/sample-missing': (_: object) => ({
    message: 'The sample data set is not where Graft was installed.',
    remedy: 'Install Graft again.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
