import { fault } from '../../../shared/faults/index.ts';

const MAX_LINE_CHARACTERS = 2 ** 26;

/**
 * The lines of a text that comes in chunks, without their line ends (\n or \r\n), counted from 1. What follows the last
 * line end is a line when it is not empty. Throws `data/line-too-long`; `file` names the file in it.
 */
export async function* splitLines(
  chunks: AsyncIterable<string>,
  file: string,
): AsyncGenerator<{ line: number; text: string }> {
  let line = 1;
  // Parts of a line are joined once, at its end: a long line costs its length, not its square.
  let parts: string[] = [];
  let waiting = 0;
  const finish = (last: string): string => {
    const whole = parts.length === 0 ? last : parts.join('') + last;
    parts = [];
    waiting = 0;
    return whole.endsWith('\r') ? whole.slice(0, -1) : whole;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      yield { line: line++, text: finish(chunk.slice(start, end)) };
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.slice(start));
    waiting += chunk.length - start;
    if (waiting > MAX_LINE_CHARACTERS) {
      throw fault('data/line-too-long', { file, line, megabytes: MAX_LINE_CHARACTERS / 2 ** 20 });
    }
  }
  if (parts.length > 0) yield { line, text: finish('') };
}
