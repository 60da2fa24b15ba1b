import { z } from 'zod';
import { faultSchema } from './contract/message.ts';

/** What is kept of work that is stopped: what it needs to go on later, or also the adapter as it is by then. */
export const keepSchema = z.enum(['checkpoint', 'adapter']);
export type Keep = z.infer<typeof keepSchema>;

/** One engine process does one job and ends. What the backend sends to it: `ask` is for a job that stays open. */
export const toEngineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), job: z.string(), input: z.unknown() }),
  z.object({ type: z.literal('stop'), keep: keepSchema.default('checkpoint') }),
  z.object({ type: z.literal('ask'), id: z.number().int(), input: z.unknown() }),
]);
export type ToEngine = z.input<typeof toEngineSchema>;

/** What it sends back. Anything but a `result` or a `fault` before its end means that it was killed or crashed. */
export const fromEngineSchema = z.discriminatedUnion('type', [
  /** TensorFlow is loaded; what it computes on ("CPU · 2 cores"). */
  z.object({ type: z.literal('ready'), device: z.string() }),
  /** Every two seconds and behind every step: the process is alive, and its memory (resident, now and at most, MB). */
  z.object({ type: z.literal('alive'), memoryMb: z.number(), peakMemoryMb: z.number() }),
  /** A `JobEvent` of the engine. */
  z.object({ type: z.literal('event'), event: z.looseObject({ type: z.string() }) }),
  /** What an `ask` comes to; after a `refusal` the job is open as before. */
  z.object({ type: z.literal('answer'), id: z.number().int(), output: z.unknown() }),
  z.object({ type: z.literal('refusal'), id: z.number().int(), fault: faultSchema }),
  z.object({ type: z.literal('result'), output: z.unknown() }),
  z.object({ type: z.literal('fault'), fault: faultSchema }),
]);
export type FromEngine = z.infer<typeof fromEngineSchema>;
