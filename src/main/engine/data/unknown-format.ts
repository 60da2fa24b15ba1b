import { basename, extname } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { fileSize, readStart } from './text-source.ts';

/** What first bytes say, whatever the name. */
const SIGNATURES: [bytes: number[], kind: string, remedy: string][] = [
  [[0x1f, 0x8b], 'compressed by gzip', 'Unpack it, and choose the file inside.'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed by zstd', 'Unpack it, and choose the file inside.'],
  [[0x42, 0x5a, 0x68], 'compressed by bzip2', 'Unpack it, and choose the file inside.'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel or Word file', 'Open it, and save the table as .xlsx or .csv.'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF', 'Export the texts as .csv or .jsonl.'],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], 'an Arrow file', 'Write it as .parquet (Dataset.to_parquet).'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', 'Give it a name that ends in .parquet.'],
  [
    [0x50, 0x4b, 0x03, 0x04],
    'a ZIP archive (or a document made of one)',
    'Unpack it, or save its table as .xlsx or .csv.',
  ],
];
const EXTENSIONS: Record<string, [kind: string, remedy: string]> = Object.fromEntries(
  ['.conll', '.conllu', '.iob', '.iob2', '.bio'].map((extension) => [
    extension,
    [
      'a file of words with a tag each (CoNLL), for token classification',
      'This version learns classes of whole texts: choose a file with a text and a class a row.',
    ],
  ]),
);
const START_BYTES = 4096;

/**
 * The fault for a file whose name says no format that is read: it says what the file is, as far as its name and its
 * first bytes tell. Throws what `fileSize` throws.
 */
export async function unknownFormat(file: string): Promise<Error> {
  await fileSize(file);
  const start = await readStart(file, START_BYTES);
  const name = basename(file);
  const signed = SIGNATURES.find(([bytes]) => bytes.every((byte, i) => start[i] === byte));
  const [kind, remedy] =
    signed?.slice(1) ?? EXTENSIONS[extname(file).toLowerCase()] ?? looksLike(start) ?? [];
  return fault('data/format', {
    file: name,
    ...(kind && remedy && { kind: String(kind), remedy: String(remedy) }),
  });
}

/** A text whose name does not say what it is. */
function looksLike(start: Buffer): [kind: string, remedy: string] | null {
  const text = start.toString('utf8').replace(/^\ufeff/, '');
  if (text.includes('\0') || text.trim() === '') return null;
  const rename = (extension: string): string => `If so, give it a name that ends in ${extension}.`;
  const [first = '', second = ''] = text.split('\n');
  if (/^\s*\[/.test(text)) return ['a JSON list, by its beginning', rename('.json')];
  if (/^\{.*\}\s*$/.test(first)) return ['JSON Lines, by its beginning', rename('.jsonl')];
  if (/^\s*</.test(text)) return ['HTML or XML', 'Export the texts as .csv or .jsonl.'];
  if (/^\S+([ \t]\S+)*[ \t](O|[BI]-\S+)\s*$/m.test(first) || /^-DOCSTART-/.test(text))
    return EXTENSIONS['.conll']!;
  for (const [delimiter, extension] of [
    ['\t', '.tsv'],
    [',', '.csv'],
    [';', '.csv'],
  ] as const) {
    const [a, b] = [first, second].map((line) => line.split(delimiter).length);
    if (a! > 1 && a === b) return ['a table, by its beginning', rename(extension)];
  }
  return null;
}
