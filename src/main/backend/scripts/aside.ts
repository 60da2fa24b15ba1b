import { recipeSchema, type Recipe } from '../../../shared/contract/scripts.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { runTask, taskModule } from '../../engine/threads/threads.ts';
import type { tasks as readTasks } from './read-script.ts';
import type { ScriptTask, tasks as writeTasks, WrittenScript } from './write/write-script.ts';

const reading = taskModule<typeof readTasks>(import.meta.url, './read-script');
const writing = taskModule<typeof writeTasks>(import.meta.url, './write/write-script');

/**
 * Reads a script in a thread of its own, which a hostile text can keep busy. Throws `scripts/too-slow`,
 * `scripts/unreadable`.
 */
export async function readScriptAside(text: string): Promise<Recipe> {
  try {
    const recipe = await runTask(reading, 'read', text, {
      // A usual script takes a tenth of a second.
      deadlineMs: 10_000,
      limits: { maxOldGenerationSizeMb: 512, stackSizeMb: 8 },
      ended: (end) =>
        end.kind === 'late'
          ? fault('scripts/too-slow', { seconds: end.seconds })
          : fault('scripts/unreadable', {}),
    });
    return recipeSchema.parse(recipe);
  } catch (error) {
    throw error instanceof Fault ? error : fault('scripts/unreadable', {}, error);
  }
}

/** Writes a script in a thread of its own; large data takes seconds. Throws what the task throws. */
export const writeScriptAside = (task: ScriptTask): Promise<WrittenScript> => runTask(writing, 'write', task);
