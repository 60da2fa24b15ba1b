import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { writeFileAtomic } from '../../engine/formats/atomic.ts';
import { fault } from '../../../shared/faults/index.ts';
import { duration, count } from '../format.ts';
import type { CommandContext, Outcome } from '../command.ts';

/**
 * Writes results, an array a batch, as JSON Lines: to `output` (whole or not at all) or to stdout as they come;
 * with --json and no file they are collected into the one object. A stop keeps the rows done so far.
 */
export async function writeResults(
  results: AsyncIterable<object[]>,
  output: string | undefined,
  context: CommandContext,
  phase: string,
): Promise<Outcome> {
  const start = performance.now();
  let rows = 0;
  const collected: object[] = [];
  const collects = context.json && output === undefined;
  // On a terminal the results themselves show how far the work is.
  const showsProgress = output !== undefined || collects || !process.stdout.isTTY;

  async function* lines(): AsyncGenerator<Uint8Array> {
    for await (const batch of results) {
      if (collects) collected.push(...batch);
      else yield Buffer.from(batch.map((result) => `${JSON.stringify(result)}\n`).join(''));
      rows += batch.length;
      if (showsProgress) context.onEvent({ type: 'progress', phase, done: rows, total: 0, unit: 'rows' });
      if (context.signal.aborted) return;
    }
  }

  if (output === undefined) await writeStream(process.stdout, lines());
  else if (await isDevice(output)) await writeDevice(output, lines());
  else await writeFileAtomic(output, lines());

  const seconds = (performance.now() - start) / 1000;
  const stopped = context.signal.aborted;
  const result = {
    status: stopped ? 'stopped' : 'finished',
    ...(collects && { results: collected }),
    ...(output !== undefined && { output }),
    rows,
    seconds,
  };
  if (stopped) context.say(fault('cli/stopped', { rows }).message);
  else if (output === undefined) context.say(`${count(rows)} rows in ${duration(seconds)}`);
  const text = output === undefined ? null : `${output}: ${count(rows)} rows in ${duration(seconds)}`;
  return { result, text, failed: stopped };
}

async function writeStream(stream: Writable, data: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of data) if (!stream.write(chunk)) await once(stream, 'drain');
}

/** A pipe or a device (/dev/null) must be written to, not replaced. */
async function isDevice(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && !found.isFile() && !found.isDirectory();
}

async function writeDevice(file: string, data: AsyncIterable<Uint8Array>): Promise<void> {
  const stream = createWriteStream(file);
  await writeStream(stream, data);
  stream.end();
  await finished(stream);
}
