import { fork, type ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { answerSchemas, replySchema, type Answer, type Question } from './tokenizer-messages.ts';

/** A vocabulary of 40 MB is open in a few seconds; a text of a megabyte takes less than one. */
const OPEN_MS = 60_000;
const TEXT_MS = 10_000;
const MS_PER_CHARACTER = 0.02;
/** For a machine that is busy with much else. */
const START_MS = 60_000;
/** What is left of the process's last words. */
const KEPT = 4000;

/** The process that holds native tokenizers, started when it is needed. */
let child: { process: ChildProcess; ready: Promise<void>; said: () => string } | null = null;
/** One question at a time: whatever ends the process is then known by its question, and no other one is lost. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Asks the process that holds native tokenizers. `file` names the tokenizer in messages. Throws the fault that the
 * question meets, `tokenizer/ended` where it ends the process, and `tokenizer/slow` where it takes too long.
 */
export function askTokenizer<Asked extends Question>(
  question: Asked,
  file: string,
): Promise<Answer<Asked['kind']>> {
  const answer = last.then(() => askNow(question, file));
  last = answer.catch(() => undefined);
  return answer as Promise<Answer<Asked['kind']>>;
}

async function askNow(question: Question, file: string): Promise<unknown> {
  const held = (child ??= start());
  const { process: running } = held;
  setReferenced(running, true);
  try {
    await held.ready;
    const reply = await replyTo(running, question, file, held.said);
    if ('fault' in reply) throw new Fault(reply.fault.code, reply.fault);
    if ('reason' in reply) throw fault('tokenizer/ended', { file, reason: reply.reason });
    return answerSchemas[question.kind].parse('output' in reply ? reply.output : undefined);
  } finally {
    if (child === held) setReferenced(running, false);
  }
}

function replyTo(running: ChildProcess, question: Question, file: string, said: () => string) {
  return new Promise<ReturnType<typeof replySchema.parse>>((resolve, reject) => {
    const limit = timeFor(question);
    const onMessage = (message: unknown): void => settle(() => resolve(replySchema.parse(message)));
    const onExit = (code: number | null, signal: string | null): void => {
      const reason = lastWords(said()) ?? `it ends with ${signal ?? code}`;
      settle(() => reject(fault('tokenizer/ended', { file, reason })));
    };
    const timer = setTimeout(() => {
      settle(() => reject(fault('tokenizer/slow', { file, seconds: Math.round(limit / 1000) })));
      forget(running);
    }, limit);
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      running.off('message', onMessage).off('close', onExit);
      how();
    };
    running.once('message', onMessage).once('close', onExit);
    running.send(question, (error) => {
      if (error) onExit(null, error.message);
    });
  });
}

/** Of what a process said before its end: what Rust panicked with, else the last line. */
function lastWords(said: string): string | null {
  const panic = [...said.matchAll(/panicked at [^\n]*:\n(?!panic in)([^\n]+)/g)].at(-1)?.[1];
  return panic ?? (said.trim().split('\n').at(-1) || null);
}

function timeFor(question: Question): number {
  if (question.kind === 'open') return OPEN_MS;
  const inputs = 'inputs' in question ? question.inputs : 'input' in question ? [question.input] : [];
  const texts = inputs.flatMap(({ text, textPair = '' }) => [text, textPair]);
  const words = 'texts' in question ? question.texts.flat() : [];
  const characters = [...texts, ...words].reduce((sum, text) => sum + text.length, 0);
  return TEXT_MS + characters * MS_PER_CHARACTER;
}

function start(): NonNullable<typeof child> {
  const script = fileURLToPath(new URL(`./tokenizer-process${extname(import.meta.url)}`, import.meta.url));
  const running = fork(script, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Under Electron the same binary is Node only when this is set; elsewhere it means nothing.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  let said = '';
  running.stderr?.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-KEPT)));
  running.once('close', () => forget(running));
  const ready = new Promise<void>((resolve, reject) => {
    const failed = (reason: string): void => {
      forget(running);
      reject(fault('tokenizer/no-process', { reason }));
    };
    const timer = setTimeout(() => failed(`it has not started after ${START_MS / 1000} seconds`), START_MS);
    running.once('message', () => {
      clearTimeout(timer);
      resolve();
    });
    running.once('error', (error) => failed(error.message));
    running.once('close', (code, signal) => failed(lastWords(said) ?? String(signal ?? code)));
  });
  // Whoever asks meets it.
  ready.catch(() => undefined);
  return { process: running, ready, said: () => said };
}

/** The next question starts another process. */
function forget(running: ChildProcess): void {
  if (child?.process === running) child = null;
  running.kill('SIGKILL');
}

/** A process that is asked nothing does not keep this one. */
function setReferenced(running: ChildProcess, isAsked: boolean): void {
  const parts = [running, running.channel, running.stderr as { ref?: () => void; unref?: () => void } | null];
  for (const part of parts)
    if (isAsked) part?.ref?.();
    else part?.unref?.();
}
