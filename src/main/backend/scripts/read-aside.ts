import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { recipeSchema, type Recipe } from '../../../shared/contract/scripts.ts';
import { fault } from '../../../shared/faults/index.ts';

/** A usual script takes a tenth of a second. */
const longestMs = 15_000;
const workerFile = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** Reads a script in a thread of its own. Throws `scripts/too-slow`, `scripts/unreadable`. */
export function readScriptAside(text: string): Promise<Recipe> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, {
      workerData: { text },
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
