import { count, formats, phrases, type Catalogue, type RowOrigin } from './fault.ts';

const many = (n: number, what: string) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;

/** "3, 8 and 12", "3, 8, 12 and 40 more": the first rows of so many. */
function rowList(rows: readonly number[], all: number): string {
  const shown = rows.map(count);
  if (all > rows.length) return `${shown.join(', ')} and ${count(all - rows.length)} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)!}`;
}

const restore =
  'Put the file back under that name, or import the data again: the same rows get the same file.';

export const dataFaults = {
  'data/format': (p: { file: string; kind?: string; remedy?: string }) => ({
    message:
      p.kind === undefined
        ? `${p.file} is in no format that is read here.`
        : `${p.file} is ${p.kind}; that is not read here under this name.`,
    remedy:
      p.remedy ??
      'Save the data as .csv, .tsv, .jsonl, .json, .xlsx, .parquet or .txt (a text a line), or as a folder with one folder of text files a class.',
  }),
  'data/folder': `{folder} has no folders of text files.
    Choose a folder with one folder a class (pos/1.txt, neg/2.txt), or choose files.`,
  'data/folder-files': `{folder} and the folders before it have more than {most:n} text files.
    Put the texts into one .csv or .jsonl file.`,
  'data/text-too-long': `{file} is a text of more than {megabytes} MB.
    Split the text, or take the file out of the folder.`,
  'data/fasttext': `{ROW} does not begin with __label__, as the lines before it do.
    Write __label__NAME before the text, or take the line out.`,
  'data/json-rows': `{file} holds no list of rows.
    Write a list of objects ([{"text": "...", "label": "..."}]), {"data": [...]}, or one object a line.`,
  'data/xlsx': `{file} cannot be read as an Excel workbook: {reason}.
    Save it again as .xlsx, without a password, or as .csv.`,
  'data/empty': `{file} is empty.
    Choose a file with a header and at least one row.`,
  'data/no-rows': `{file} has a header but no rows.
    Add rows to the file, or choose another one.`,
  'data/encoding': `Line {line:n} of {file} holds bytes that are not {encoding}.
    Mend that line, or save the whole file as UTF-8 again.`,
  'data/encoding-doubtful': `{file} is not UTF-8, and its encoding cannot be told. It reads {readings:readings}.
    Name the right one: the encoding in the import, data.encoding in a config, --encoding on the command line; or save the file as UTF-8.`,
  'data/encoding-unknown': `"{encoding}" is not a known text encoding.
    Name one such as utf-8, utf-16le, windows-1252 or shift_jis.`,
  'data/nul': `Line {line:n} of {file} holds a NUL byte, which no text file does.
    Check that the file is text and whole; export it again from where it came from.`,
  'data/row-fields': (
    p: RowOrigin & { fields: number; expected: number; expectedBy: 'header' | 'names' | 'first-row' },
  ) => ({
    message:
      `${phrases.ROW(p)} has ${many(p.fields, 'field')}, ` +
      {
        header: `the header has ${count(p.expected)}.`,
        names: `but ${many(p.expected, 'column name')} are given.`,
        'first-row': `the first row has ${count(p.expected)}.`,
      }[p.expectedBy],
    remedy: `${
      p.fields > p.expected
        ? 'Put fields that contain the separator in double quotes, take the surplus one out'
        : 'Add the missing field, check for a quote that is not closed in the row before'
    }, or leave such rows out (data.ragged_rows: leave_out).`,
  }),
  'data/quote': `{ROW} opens a double quote that is never closed.
    Close the quote, or double it ("") where it belongs to the text.`,
  'data/csv': `{ROW} cannot be read: {reason}.
    Mend that row, or export the file again with standard quoting.`,
  'data/duplicate-column': `{file} has two columns named "{column}".
    Give each column a name of its own in the header.`,
  'data/many-columns': (p: { file: string; line?: number | undefined; columns: number; most: number }) => ({
    message: `${p.line === undefined ? p.file : `Line ${count(p.line)} of ${p.file}`} has ${count(p.columns)} columns; ${count(p.most)} are the most that are read.`,
    remedy: 'Check the separator, or export the columns that are needed only.',
  }),
  'data/column-missing': (p: {
    file: string;
    column: string;
    columns: readonly string[];
    nearest: string | null;
  }) => ({
    message: `${p.file} has no column "${p.column}". It has ${formats.quoted(p.columns)}.`,
    remedy:
      p.nearest === null
        ? 'Name one of these columns; if the first line is a row and not a header, add a header.'
        : `Did you mean "${p.nearest}"?`,
  }),
  'data/json-line': `Line {line:n} of {file} is not a JSON object: {reason}.
    Write one JSON object a line, such as {"text": "...", "label": "..."}.`,
  'data/line-too-long': `Line {line:n} of {file} is longer than {megabytes} MB.
    Check that the file has line ends and is of the format its name says.`,
  'data/parquet': `{file} cannot be read as Parquet: {reason}.
    Check that the file is whole; fetch or export it again.`,
  'data/parquet-memory': `{file} unpacks to far more than its size: {reason}.
    If the file is sound, write it again with smaller row groups (row_group_size=10000); else take it from its source again.`,
  'data/missing-text': `{ROW} has no text in column "{column}".
    Fill the field in or take the row out; an empty text is written "".`,
  'data/not-text': `{ROW} holds {kind} in column "{column}", not a text.
    Name the column that holds the text, or turn the values into text.`,
  'data/empty-label': `{ROW} has no label in column "{column}".
    Label the row, take it out, or leave such rows out (data.empty_labels: leave_out).`,
  'data/label-column': (p: { file: string; message: string; remedy: string; map: boolean }) => ({
    message: `${p.file}: ${p.message}`,
    remedy: `${p.remedy}${p.map ? ' To have it so: --label-map proposed, or data.label_map.' : ''}`,
  }),
  'data/input-ids': (p: RowOrigin & { column: string; reason: string }) => ({
    message: `${phrases.ROW(p)}: ${p.column} ${p.reason}.`,
    remedy:
      p.column === 'input_ids'
        ? "Make it a list of token ids of the model's vocabulary, or remove the column and give the text."
        : `Make ${p.column} a list with one number for each of input_ids, or remove the column.`,
  }),
  'data/unknown-label': `{ROW} has the label "{value}", which the model does not have. It knows {known:quoted}.
    Correct the label, map it to one of these (--label-map), or train with data that contains it.`,
  'data/one-class': `Every row of {file} has the label "{label}"; telling classes apart takes at least two.
    Add rows of another class, or check that the label column is the right one.`,
  'data/empty-class': `No training row of {file} has the label "{label}" (of {classes:quoted}), so it cannot be learned.
    Add rows of that class, take more rows (train_select.count), or drop the class.`,
  'data/select-count': `train_select.count is {count:n}, but {file} has {rows:n} {rows:row|rows}.
    Set it to {rows:n} or less, or leave it out to take all rows.`,
  'data/split-size': `A test part of {testSize} cannot be taken from {rows:n} {rows:row|rows}.
    Choose a share between 0 and 1, or a number of rows that leaves some to train on.`,
  'datasets/too-slow': `The answer took longer than {seconds} s and was given up.
    The file may be damaged, made to be slow, or on a slow drive: look at it, or take a part of it.`,
  'datasets/missing': `The rows of "{name}", version {number}, are gone: {file} was moved or deleted.
    ${restore}`,
  'datasets/changed': `The rows of "{name}", version {number}, were changed from outside: {file} is not the file that was imported.
    ${restore}`,
  'datasets/file-missing': `The data set file {file} is gone: it was moved or deleted.
    ${restore}`,
  'datasets/file-damaged': `The data set file {file} is damaged.
    ${restore}`,
  'datasets/empty-labels': (p: { file: string; column: string; rows: readonly number[]; all: number }) => ({
    message:
      p.all === 1
        ? `Row ${rowList(p.rows, p.all)} of ${p.file} has no label in column "${p.column}".`
        : `${many(p.all, 'row')} of ${p.file} have no label in column "${p.column}": ${rowList(p.rows, p.all)}.`,
    remedy: 'Label these rows, or choose to leave rows without a label out.',
  }),
  'datasets/all-left-out': `No row has a label in column "{column}", so none is left.
    Choose the column that holds the labels.`,
  'datasets/class-number': `Row {row:n} of {file} has the class number {value}; the file names {classes:n} {classes:class|classes}, numbered from 0.
    Correct the row, or export the file again from where it came from.`,
  'datasets/last-version': `It is the only version of "{name}".
    Remove the data set instead; that can be undone too.`,
  'datasets/other-dataset': `The two versions are of different data sets.
    Choose two versions of one data set.`,
  'datasets/export-exists': `{file} exists.
    Choose another name, or replace the file.`,
  'datasets/export-type': `{file} does not end in {ending}.
    Give it a name that ends in {ending}.`,
  'datasets/same-column': `Column "{column}" is chosen for two things.
    Choose another column for one of them.`,
  'datasets/unknown-row': `There is no row {row:n}: the version has {rows:n} {rows:row|rows}.
    Read the rows again; another version may be meant.`,
  'datasets/unknown-label': `The data set has no class "{label}".
    Choose one of {labels:quoted}.`,
  'datasets/unknown-split': (p: { split: string; splits: readonly string[] }) => ({
    message: `The data set has no split "${p.split}".`,
    remedy: p.splits.length === 0 ? 'Make splits first.' : `It has ${formats.quotes(p.splits)}.`,
  }),
  'datasets/no-change': `Every one of these rows has that label already, so there is nothing to change.
    Choose another label.`,
  'datasets/shares': `The shares of the splits add up to {sum:percent} %.
    Change them so that they add up to 100 %.`,
  'datasets/too-few-splits': `A split of the rows needs at least two parts.
    Add a second part, such as "test" with 20 %.`,
  'datasets/empty-split': `The split "{split}" would get none of the {rows:n} {rows:row|rows}.
    Give it a larger share, or allow equal texts on both sides.`,
  'datasets/no-repair': `The finding "{finding}" has no repair "{action}" in this version.
    Read the report again and choose a repair that it offers.`,
  'datasets/nothing-left': `After this repair the data set would have no rows.
    Choose another repair, or another label column.`,
  'datasets/cancelled': `{what} was cancelled.
    Open the page again to start it anew.`,
  'datasets/sample-missing': `The sample data set is not where Graft was installed.
    Install Graft again.`,
} as const satisfies Catalogue;
