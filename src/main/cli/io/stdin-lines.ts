import type { Readable } from 'node:stream';
import { fault } from '../../../shared/faults/index.ts';

/**
 * The lines of a UTF-8 stream without their ends. Only \n and \r\n end a line: node:readline also splits at
 * U+2028, which JSON Lines may hold. Ends early, without an error, when `signal` aborts.
 */
export async function* readLines(stream: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let rest = '';
  let line = 1;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      const parts = (rest + decode(decoder, chunk, line)).split('\n');
      rest = parts.pop()!;
      for (const part of parts) {
        line += 1;
        yield part.replace(/\r$/, '');
      }
    }
    rest += decode(decoder, undefined, line);
  } catch (error) {
    if (!signal.aborted) throw error;
    return;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Uint8Array | undefined,
  line: number,
): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch (error) {
    throw fault('cli/stdin-encoding', { line }, error);
  }
}
