import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { faultSchema } from '../../../shared/contract/message.ts';
import { fault, Fault } from '../../../shared/faults/index.ts';
import { troubles } from '../runtime/quiet.ts';

/** Nearly all of its work is TensorFlow's: V8's heap would keep 100 MB from the making of the graph. */
const SMALL_HEAP = ['--optimize-for-size', '--max-semi-space-size=1'];

const textSchema = z.object({ text: z.string(), textPair: z.string().exactOptional() });

/** What a fresh process is asked: to open a folder and answer these texts. */
export const questionSchema = z.object({
  /** `trained`: a checkpoint and an adapter, as they were trained; `export`: what was made of them. */
  kind: z.enum(['trained', 'export']),
  folder: z.string(),
  /** Of a trained model. */
  adapter: z.string().optional(),
  head: z.enum(['sequence', 'tokens', 'none']).optional(),
  /** The base model's folder, for an export that is an adapter. */
  base: z.string().optional(),
  /** Vectors are asked for, not logits. Of an export its own modules.json says how they are made. */
  vectors: z.object({ pooling: z.enum(['mean', 'cls']), normalize: z.boolean() }).nullable(),
  maxLength: z.number(),
  texts: z.array(textSchema).min(1),
  /** Texts to measure the time with. */
  timed: z.array(textSchema),
  /** Labels of a model that then also answers by HTTP, as `graft serve-model` does; null: it ends. */
  serve: z.array(z.string()).nullable(),
});
export type Question = z.infer<typeof questionSchema>;

const answeredSchema = z.object({
  /** Logits or vectors [texts, width], row-major. */
  values: z.custom<Float32Array>((value) => value instanceof Float32Array),
  latency: z.object({ batch_1: z.number(), batch_32: z.number() }),
  /** Where it answers by HTTP; null where it does not. */
  port: z.number().nullable(),
});
export type Answered = z.infer<typeof answeredSchema>;

export const messageSchema = z.union([
  z.object({ done: z.number() }),
  answeredSchema,
  z.object({ fault: faultSchema }),
]);
export type Message = z.infer<typeof messageSchema>;

/**
 * Lets a process that knows nothing of the one that wrote an export load it from disk and answer. `onDone` is told how
 * many texts are answered; `meanwhile` may ask it by HTTP before it is ended. Throws the fault that it meets,
 * `export/no-answer` when it ends without one, or the reason of `signal`.
 */
export async function answerInFreshProcess(
  question: Question,
  signal: AbortSignal,
  onDone: (done: number) => void = () => undefined,
  meanwhile: (answered: Answered) => Promise<void> = () => Promise.resolve(),
): Promise<Answered> {
  signal.throwIfAborted();
  const script = fileURLToPath(new URL(`./answer-process${extname(import.meta.url)}`, import.meta.url));
  const child = fork(script, [], {
    execArgv: [...process.execArgv, ...SMALL_HEAP],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Under Electron the same binary is Node only when this is set; elsewhere it means nothing.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  let said = '';
  child.stderr?.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-4000)));
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.on('error', () => resolve());
  });
  try {
    const answered = await new Promise<Answered>((resolve, reject) => {
      child.on('message', (value) => {
        const message = messageSchema.parse(value);
        if ('done' in message) onDone(message.done);
        else if ('fault' in message) reject(new Fault(message.fault.code, message.fault));
        else resolve(message);
      });
      child.once('error', reject);
      child.once('exit', (code, signalName) => {
        const reason = troubles(said).trim().split('\n').at(-1) ?? '';
        const how = String(signalName ?? code);
        reject(fault('export/no-answer', { folder: question.folder, how, reason }));
      });
      child.send(question);
    });
    await meanwhile(answered);
    return answered;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    child.kill('SIGKILL');
    // Windows renames no folder of which a process has files open.
    await gone;
  }
}
