import { z } from 'zod';
import { faultSchema } from '../../shared/contract/message.ts';
import { preferencesSchema } from '../../shared/contract/system.ts';

/** What the backend's process asks of Electron's main process. `id` comes back with the answer. */
export const questionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('pick'),
    pick: z.enum(['data-files', 'data-folder', 'model-folder', 'script', 'output-folder']),
  }),
  z.object({ kind: z.literal('reveal'), path: z.string() }),
  z.object({ kind: z.literal('secret-read'), name: z.string() }),
  z.object({ kind: z.literal('secret-write'), name: z.string(), value: z.string().nullable() }),
]);
export type Question = z.infer<typeof questionSchema>;

const engine = z.number().int();

/** From the backend's process to Electron's main process. */
export const toMainSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('opened'), preferences: preferencesSchema }),
  z.object({ type: z.literal('refused'), fault: faultSchema }),
  z.object({ type: z.literal('preferences'), preferences: preferencesSchema }),
  z.object({ type: z.literal('ask'), id: z.number().int(), question: questionSchema }),
  z.object({ type: z.literal('notify'), title: z.string(), body: z.string() }),
  z.object({ type: z.literal('progress'), share: z.number().min(0).max(1).nullable() }),
  z.object({ type: z.literal('engine-start'), engine }),
  z.object({ type: z.literal('engine-send'), engine, message: z.unknown() }),
  z.object({ type: z.literal('engine-kill'), engine, signal: z.enum(['SIGTERM', 'SIGKILL']) }),
  /** The name of the experiment that runs, or null: the answer to `busy`. */
  z.object({ type: z.literal('busy'), running: z.string().nullable() }),
]);
export type ToMain = z.infer<typeof toMainSchema>;

/** From Electron's main process to the backend's process. */
export const toBackendSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('open'),
    dir: z.string(),
    /** Whether the system keeps secrets. */
    keyStore: z.boolean(),
  }),
  /** A window's port comes with it. */
  z.object({ type: z.literal('window') }),
  z.object({ type: z.literal('answer'), id: z.number().int(), value: z.unknown() }),
  z.object({ type: z.literal('engine-started'), engine, pid: z.number().int() }),
  z.object({ type: z.literal('engine-message'), engine, message: z.unknown() }),
  z.object({ type: z.literal('engine-exit'), engine, code: z.number().int().nullable() }),
  z.object({ type: z.literal('busy') }),
  /** What runs keeps a checkpoint; the process ends when the files are closed. */
  z.object({ type: z.literal('close') }),
]);
export type ToBackend = z.infer<typeof toBackendSchema>;
