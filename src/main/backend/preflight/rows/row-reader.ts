import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { faultSchema } from '../../../../shared/contract/message.ts';
import { Fault } from '../../../../shared/faults/index.ts';
import {
  lengthFactsSchema,
  rowFactsSchema,
  type LengthFacts,
  type RowFacts,
  type RowQuestion,
} from './row-facts.ts';

const workerFile = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
const replySchema = z.object({
  id: z.number(),
  output: z.unknown().optional(),
  fault: faultSchema.optional(),
});

/** Answers kept; a form asks the same question at each change of a setting. */
const mostKept = 40;

interface Waiting {
  resolve: (output: unknown) => void;
  reject: (error: unknown) => void;
}

/** Reads facts of rows in a thread of its own, which starts with the first question; answers are kept. */
export class RowReader {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private readonly kept = new Map<string, Promise<unknown>>();
  private last = 0;

  /** Throws `data/…`, `store/…`. */
  async facts(question: RowQuestion): Promise<RowFacts> {
    return rowFactsSchema.parse(await this.ask(question, null));
  }

  /** Throws `tokenizer/…` too. */
  async lengths(question: RowQuestion, folder: string): Promise<LengthFacts> {
    return lengthFactsSchema.parse(await this.ask(question, folder));
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private ask(question: RowQuestion, folder: string | null): Promise<unknown> {
    const key = JSON.stringify([question, folder]);
    const known = this.kept.get(key);
    if (known) return known;
    const answer = new Promise((resolve, reject) => {
      const id = ++this.last;
      this.waiting.set(id, { resolve, reject });
      this.worker ??= this.start();
      this.worker.postMessage({ id, question, folder });
    });
    this.kept.set(key, answer);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostKept) this.kept.delete(oldest!);
    answer.catch(() => this.kept.delete(key));
    return answer;
  }

  private start(): Worker {
    const worker = new Worker(workerFile);
    worker.unref();
    worker.on('message', (message) => {
      const { id, output, fault } = replySchema.parse(message);
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      if (fault) waiting?.reject(new Fault(fault.code, fault));
      else waiting?.resolve(output);
    });
    worker.on('error', (error) => this.fail(error));
    worker.on('exit', () => this.fail(new Error('The thread that reads rows ended.')));
    return worker;
  }

  private fail(error: unknown): void {
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
