import { fault } from '../../../shared/faults/index.ts';
import { endText, taskModule, Threads } from '../../engine/threads/threads.ts';

/** Each task loads what it needs when it is first asked for: the first answer comes sooner. */
export const tasks = {
  describe: async () => (await import('./describe.ts')).describeModel,
  tokenize: async () => (await import('./tokens.ts')).tokenize,
  preview: async () => (await import('./preview-adapter.ts')).previewAdapter,
};
export type ModelReader = Threads<typeof tasks>;

/**
 * Reads checkpoints, tokenizers and adapters on threads, which a damaged or hostile file may fill or keep busy without
 * harm to anything else. Throws the faults of a task, and `models/unreadable` where a file is more than can be read.
 */
export const openReader = (): ModelReader =>
  new Threads(taskModule<typeof tasks>(import.meta.url), {
    size: 2,
    // Far more than any sound checkpoint takes.
    deadlineMs: 120_000,
    // More than the largest header or vocabulary that is read: beyond it a thread can take the process with it.
    limits: { maxOldGenerationSizeMb: 2048 },
    ended: (end, { folder }) => fault('models/unreadable', { folder, reason: endText(end) }),
  });
