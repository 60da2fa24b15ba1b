import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { fault, Fault } from '../../../shared/faults/index.ts';
import { faultSchema } from '../../../shared/contract/message.ts';
import { troubles } from '../runtime/quiet.ts';

/** What a fresh process is asked: to open an export and answer these texts. */
export const questionSchema = z.object({
  folder: z.string(),
  base: z.string().optional(),
  maxLength: z.number(),
  texts: z.array(z.string()).min(1),
});
export type Question = z.infer<typeof questionSchema>;

export const answerSchema = z.union([
  z.object({
    logits: z.custom<Float32Array>((value) => value instanceof Float32Array),
    latency: z.object({ batch_1: z.number(), batch_32: z.number() }),
  }),
  z.object({ fault: faultSchema }),
]);
export type Answer = z.infer<typeof answerSchema>;

/**
 * Lets a process that knows nothing of the one that wrote an export load it from disk and answer. Throws the fault
 * that it meets, `export/no-answer` when it ends without one, or the reason of `signal`.
 */
export async function answerInFreshProcess(
  question: Question,
  signal: AbortSignal,
): Promise<Extract<Answer, { logits: unknown }>> {
  const script = fileURLToPath(new URL(`./answer-process${extname(import.meta.url)}`, import.meta.url));
  const child = fork(script, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Under Electron the same binary is Node only when this is set; elsewhere it means nothing.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  let said = '';
  child.stderr?.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-4000)));
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      child.once('message', (message) => resolve(answerSchema.parse(message)));
      child.once('error', reject);
      child.once('exit', (code, signalName) => {
        const reason = troubles(said).trim().split('\n').at(-1) ?? '';
        reject(
          fault('export/no-answer', { folder: question.folder, how: String(signalName ?? code), reason }),
        );
      });
      child.send(question);
    });
    if ('fault' in answer) throw new Fault(answer.fault.code, answer.fault);
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    child.kill('SIGKILL');
  }
}
