import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { recipeSchema, writtenScriptSchema, type Recipe } from '../../../shared/contract/scripts.ts';
import { fault } from '../../../shared/faults/index.ts';
import { inThread } from '../adapters/in-thread.ts';
import type { ScriptTask, WrittenScript } from './write/write-script.ts';

/** A usual script takes a tenth of a second. */
const longestMs = 10_000;

const entry = (name: string): URL => new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);

/** Reads a script in a thread of its own. Throws `scripts/too-slow`, `scripts/unreadable`. */
export function readScriptAside(text: string): Promise<Recipe> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry('read-worker'), {
      workerData: text,
      resourceLimits: { maxOldGenerationSizeMb: 512, stackSizeMb: 8 },
    });
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

/** Writes a script in a thread of its own; large data takes seconds. Throws what the task throws. */
export const writeScriptAside = (task: ScriptTask): Promise<WrittenScript> =>
  inThread(entry('write-worker'), task, writtenScriptSchema, (reason) => new Error(reason));
