import { basename } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { splitLines } from './lines.ts';
import type { Table, TableRow } from './table.ts';
import { readText, type TextSource } from './text-source.ts';

const LABELS = /^((?:__label__\S+[ \t,]*)+)(.*)$/s;
const LOOKED_AT_LINES = 50;

/** Whether a text is in fastText's format: every line begins with `__label__` and a name. */
export function isFastText({ sample, sampleIsWhole }: TextSource): boolean {
  const lines = sample.split(/\r?\n/, LOOKED_AT_LINES + 1);
  if (!sampleIsWhole || lines.length > LOOKED_AT_LINES) lines.pop();
  const filled = lines.filter((line) => line.trim() !== '');
  return filled.length > 0 && filled.every((line) => LABELS.test(line));
}

/**
 * Lines of `__label__NAME text`, with a space or a tab between: columns `label` and `text`. A line with several labels
 * has a list of them. `rows()` throws `data/fasttext` for a line without one.
 */
export function openFastText(source: TextSource): Table {
  const { file, encoding, notes } = source;
  async function* rows(): AsyncGenerator<TableRow> {
    let row = 0;
    for await (const { line, text } of splitLines(readText(source), basename(file))) {
      if (text.trim() === '') continue;
      const [, labels, rest] = LABELS.exec(text) ?? [];
      if (labels === undefined) throw fault('data/fasttext', { file: basename(file), row: row + 1, line });
      const names = labels
        .trim()
        .split(/[ \t,]*__label__/)
        .slice(1)
        .map((name) => name.replace(/[ \t,]+$/, ''));
      yield {
        row: ++row,
        line,
        values: { label: names.length === 1 ? names[0] : names, text: rest!.trim() },
      };
    }
  }
  return { file, format: 'fasttext', columns: ['label', 'text'], header: true, encoding, notes, rows };
}
