import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { adapterPreviewSchema, modelMethods } from '../../../shared/contract/models.ts';
import { faultSchema } from '../../../shared/contract/message.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { descriptionSchema } from './description.ts';

/** What the reading thread answers, by task. */
const answers = {
  describe: descriptionSchema,
  tokenize: modelMethods['models/tokenize'].output,
  preview: adapterPreviewSchema,
};
type Task = keyof typeof answers;

export interface TaskInput {
  describe: { folder: string };
  tokenize: { folder: string; text: string; textPair?: string | undefined };
  preview: { folder: string; adapter: Record<string, unknown>; labels: string[] };
}

const replySchema = z.union([
  z.object({ id: z.number(), output: z.unknown() }),
  z.object({ id: z.number(), fault: faultSchema }),
  z.object({ id: z.number(), defect: z.string() }),
]);

interface Waiting {
  folder: string;
  resolve: (output: unknown) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** Far more than any sound checkpoint takes. */
const PATIENCE_MS = 120_000;
/** More than the largest header or vocabulary that is read can take: beyond it a thread can take the process with it. */
const READER_MEGABYTES = 2048;

/**
 * Reads checkpoints, tokenizers and adapters on a thread of its own, which a damaged or hostile file may fill or keep
 * busy without harm to anything else. Started when it is needed.
 */
export class ModelReader {
  private worker: Worker | null = null;
  private next = 1;
  private readonly waiting = new Map<number, Waiting>();

  /** Throws the faults of the task, and `models/unreadable` where a file is more than can be read. */
  async ask<Name extends Task>(
    task: Name,
    input: TaskInput[Name],
  ): Promise<z.output<(typeof answers)[Name]>> {
    const id = this.next++;
    const worker = (this.worker ??= this.start());
    const output = await new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => this.end('reading it takes too long'), PATIENCE_MS);
      timer.unref();
      this.waiting.set(id, { folder: input.folder, resolve, reject, timer });
      worker.ref();
      worker.postMessage({ id, task, input });
    });
    return answers[task].parse(output) as z.output<(typeof answers)[Name]>;
  }

  async close(): Promise<void> {
    const { worker } = this;
    this.end('Graft ends');
    await worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(new URL(`./reader-worker${extname(import.meta.url)}`, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: READER_MEGABYTES },
    });
    worker.on('message', (message) => this.receive(message));
    worker.on('error', (error) => {
      if (this.worker === worker) this.end(reasonOf(error));
    });
    return worker;
  }

  private receive(message: unknown): void {
    const reply = replySchema.parse(message);
    const waiting = this.waiting.get(reply.id);
    if (!waiting) return;
    this.waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if (this.waiting.size === 0) this.worker?.unref();
    if ('fault' in reply) waiting.reject(new Fault(reply.fault.code, reply.fault));
    else if ('defect' in reply) waiting.reject(new Error(reply.defect));
    else waiting.resolve(reply.output);
  }

  /** Ends the thread; whoever waits for it is told why, and the next question starts another. */
  private end(reason: string): void {
    const { worker } = this;
    this.worker = null;
    for (const { folder, reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(fault('models/unreadable', { folder, reason }));
    }
    this.waiting.clear();
    void worker?.terminate();
  }
}

function reasonOf(error: unknown): string {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  if (isFull) return `reading it takes more than ${READER_MEGABYTES} MB of memory`;
  return error instanceof Error ? error.message : String(error);
}
