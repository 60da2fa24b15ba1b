import { rowOf, type FaultText, type RowPlace } from './fault.ts';

const count = (n: number) => n.toLocaleString('en-US');
const many = (n: number, one: string, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;

/** At most 20 names in quotes, then how many more there are. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => `"${name}"`);
  return shown.join(', ') + (names.length > 20 ? ` and ${count(names.length - 20)} more` : '');
}

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
  'data/folder': (p: { folder: string }) => ({
    message: `${p.folder} has no folders of text files.`,
    remedy: 'Choose a folder with one folder a class (pos/1.txt, neg/2.txt), or choose files.',
  }),
  'data/folder-files': (p: { folder: string; most: number }) => ({
    message: `${p.folder} and the folders before it have more than ${count(p.most)} text files.`,
    remedy: 'Put the texts into one .csv or .jsonl file.',
  }),
  'data/text-too-long': (p: { file: string; megabytes: number }) => ({
    message: `${p.file} is a text of more than ${p.megabytes} MB.`,
    remedy: 'Split the text, or take the file out of the folder.',
  }),
  'data/fasttext': (p: RowPlace) => ({
    message: `${rowOf(p)} does not begin with __label__, as the lines before it do.`,
    remedy: 'Write __label__NAME before the text, or take the line out.',
  }),
  'data/json-rows': (p: { file: string }) => ({
    message: `${p.file} holds no list of rows.`,
    remedy:
      'Write a list of objects ([{"text": "...", "label": "..."}]), {"data": [...]}, or one object a line.',
  }),
  'data/xlsx': (p: { file: string; reason: string }) => ({
    message: `${p.file} cannot be read as an Excel workbook: ${p.reason}.`,
    remedy: 'Save it again as .xlsx, without a password, or as .csv.',
  }),
  'data/empty': (p: { file: string }) => ({
    message: `${p.file} is empty.`,
    remedy: 'Choose a file with a header and at least one row.',
  }),
  'data/no-rows': (p: { file: string }) => ({
    message: `${p.file} has a header but no rows.`,
    remedy: 'Add rows to the file, or choose another one.',
  }),
  'data/encoding': (p: { file: string; line: number; encoding: string }) => ({
    message: `Line ${count(p.line)} of ${p.file} holds bytes that are not ${p.encoding}.`,
    remedy: 'Mend that line, or save the whole file as UTF-8 again.',
  }),
  'data/encoding-doubtful': (p: {
    file: string;
    readings: readonly { encoding: string; text: string }[];
  }) => ({
    message: `${p.file} is not UTF-8, and its encoding cannot be told. It reads ${p.readings
      .map(({ encoding, text }) => `"${text}" as ${encoding}`)
      .join(', ')}.`,
    remedy:
      'Name the right one: the encoding in the import, data.encoding in a config, --encoding on the command line; or save the file as UTF-8.',
  }),
  'data/encoding-unknown': (p: { encoding: string }) => ({
    message: `"${p.encoding}" is not a known text encoding.`,
    remedy: 'Name one such as utf-8, utf-16le, windows-1252 or shift_jis.',
  }),
  'data/nul': (p: { file: string; line: number }) => ({
    message: `Line ${count(p.line)} of ${p.file} holds a NUL byte, which no text file does.`,
    remedy: 'Check that the file is text and whole; export it again from where it came from.',
  }),
  'data/row-fields': (
    p: RowPlace & { fields: number; expected: number; expectedBy: 'header' | 'names' | 'first-row' },
  ) => ({
    message:
      `${rowOf(p)} has ${many(p.fields, 'field')}, ` +
      {
        header: `the header has ${count(p.expected)}.`,
        names: `but ${many(p.expected, 'column name')} are given.`,
        'first-row': `the first row has ${count(p.expected)}.`,
      }[p.expectedBy],
    remedy:
      p.fields > p.expected
        ? 'Put fields that contain the separator in double quotes, take the surplus one out, or leave such rows out (data.ragged_rows: leave_out).'
        : 'Add the missing field, check for a quote that is not closed in the row before, or leave such rows out (data.ragged_rows: leave_out).',
  }),
  'data/quote': (p: RowPlace) => ({
    message: `${rowOf(p)} opens a double quote that is never closed.`,
    remedy: 'Close the quote, or double it ("") where it belongs to the text.',
  }),
  'data/csv': (p: RowPlace & { reason: string }) => ({
    message: `${rowOf(p)} cannot be read: ${p.reason}.`,
    remedy: 'Mend that row, or export the file again with standard quoting.',
  }),
  'data/duplicate-column': (p: { file: string; column: string }) => ({
    message: `${p.file} has two columns named "${p.column}".`,
    remedy: 'Give each column a name of its own in the header.',
  }),
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
    message: `${p.file} has no column "${p.column}". It has ${list(p.columns)}.`,
    remedy:
      p.nearest === null
        ? 'Name one of these columns; if the first line is a row and not a header, add a header.'
        : `Did you mean "${p.nearest}"?`,
  }),
  'data/json-line': (p: { file: string; line: number; reason: string }) => ({
    message: `Line ${count(p.line)} of ${p.file} is not a JSON object: ${p.reason}.`,
    remedy: 'Write one JSON object a line, such as {"text": "...", "label": "..."}.',
  }),
  'data/line-too-long': (p: { file: string; line: number; megabytes: number }) => ({
    message: `Line ${count(p.line)} of ${p.file} is longer than ${p.megabytes} MB.`,
    remedy: 'Check that the file has line ends and is of the format its name says.',
  }),
  'data/parquet': (p: { file: string; reason: string }) => ({
    message: `${p.file} cannot be read as Parquet: ${p.reason}.`,
    remedy: 'Check that the file is whole; fetch or export it again.',
  }),
  'data/parquet-memory': (p: { file: string; reason: string }) => ({
    message: `${p.file} unpacks to far more than its size: ${p.reason}.`,
    remedy:
      'If the file is sound, write it again with smaller row groups (row_group_size=10000); else take it from its source again.',
  }),
  'data/missing-text': (p: RowPlace & { column: string }) => ({
    message: `${rowOf(p)} has no text in column "${p.column}".`,
    remedy: 'Fill the field in or take the row out; an empty text is written "".',
  }),
  'data/not-text': (p: RowPlace & { column: string; kind: string }) => ({
    message: `${rowOf(p)} holds ${p.kind} in column "${p.column}", not a text.`,
    remedy: 'Name the column that holds the text, or turn the values into text.',
  }),
  'data/empty-label': (p: RowPlace & { column: string }) => ({
    message: `${rowOf(p)} has no label in column "${p.column}".`,
    remedy: 'Label the row, take it out, or leave such rows out (data.empty_labels: leave_out).',
  }),
  'data/label-column': (p: { file: string; message: string; remedy: string; map: boolean }) => ({
    message: `${p.file}: ${p.message}`,
    remedy: `${p.remedy}${p.map ? ' To have it so: --label-map proposed, or data.label_map.' : ''}`,
  }),
  'data/input-ids': (p: RowPlace & { column: string; reason: string }) => ({
    message: `${rowOf(p)}: ${p.column} ${p.reason}.`,
    remedy:
      p.column === 'input_ids'
        ? "Make it a list of token ids of the model's vocabulary, or remove the column and give the text."
        : `Make ${p.column} a list with one number for each of input_ids, or remove the column.`,
  }),
  'data/unknown-label': (p: RowPlace & { value: string; known: readonly string[] }) => ({
    message: `${rowOf(p)} has the label "${p.value}", which the model does not have. It knows ${list(p.known)}.`,
    remedy: 'Correct the label, map it to one of these (--label-map), or train with data that contains it.',
  }),
  'data/one-class': (p: { file: string; label: string }) => ({
    message: `Every row of ${p.file} has the label "${p.label}"; telling classes apart takes at least two.`,
    remedy: 'Add rows of another class, or check that the label column is the right one.',
  }),
  'data/empty-class': (p: { file: string; label: string; classes: readonly string[] }) => ({
    message: `No training row of ${p.file} has the label "${p.label}" (of ${list(p.classes)}), so it cannot be learned.`,
    remedy: 'Add rows of that class, take more rows (train_select.count), or drop the class.',
  }),
  'data/select-count': (p: { file: string; count: number; rows: number }) => ({
    message: `train_select.count is ${count(p.count)}, but ${p.file} has ${many(p.rows, 'row')}.`,
    remedy: `Set it to ${count(p.rows)} or less, or leave it out to take all rows.`,
  }),
  'data/split-size': (p: { testSize: number; rows: number }) => ({
    message: `A test part of ${p.testSize} cannot be taken from ${many(p.rows, 'row')}.`,
    remedy: 'Choose a share between 0 and 1, or a number of rows that leaves some to train on.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
