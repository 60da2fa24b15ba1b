import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { faultSchema } from '../../../shared/contract/message.ts';
import { recipeSchema, writtenScriptSchema, type Recipe } from '../../../shared/contract/scripts.ts';
import { fault } from '../../../shared/faults/index.ts';
import { revived } from '../experiments/engine-run.ts';
import type { ScriptTask, WrittenScript } from './write/write-script.ts';

/** A usual script takes a tenth of a second. */
const longestMs = 10_000;
const workerFile = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** What a thread is asked, once. */
export type AsideTask = { kind: 'read'; text: string } | ({ kind: 'write' } & ScriptTask);

/** Reads a script in a thread of its own. Throws `scripts/too-slow`, `scripts/unreadable`. */
export function readScriptAside(text: string): Promise<Recipe> {
  return new Promise((resolve, reject) => {
    const worker = startWorker({ kind: 'read', text });
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      void worker.terminate();
      settle();
    };
    const timer = setTimeout(
      () => end(() => reject(fault('scripts/too-slow', { seconds: longestMs / 1000 }))),
      longestMs,
    );
    worker.once('message', (value) => {
      const recipe = recipeSchema.safeParse(value);
      end(() =>
        recipe.success ? resolve(recipe.data) : reject(fault('scripts/unreadable', {}, recipe.error)),
      );
    });
    worker.once('error', (error) => end(() => reject(fault('scripts/unreadable', {}, error))));
  });
}

const answerSchema = z.union([writtenScriptSchema, z.object({ fault: faultSchema })]);

/** Writes a script in a thread of its own; large data takes seconds. Throws what the task throws. */
export function writeScriptAside(task: ScriptTask): Promise<WrittenScript> {
  return new Promise((resolve, reject) => {
    const worker = startWorker({ kind: 'write', ...task });
    worker.once('message', (value) => {
      const answer = answerSchema.parse(value);
      void worker.terminate();
      if ('fault' in answer) reject(revived(answer.fault));
      else resolve(answer);
    });
    worker.once('error', reject);
  });
}

const startWorker = (task: AsideTask): Worker =>
  new Worker(workerFile, {
    workerData: task,
    resourceLimits: task.kind === 'read' ? { maxOldGenerationSizeMb: 512, stackSizeMb: 8 } : {},
  });
