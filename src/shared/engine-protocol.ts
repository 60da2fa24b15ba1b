import { z } from 'zod';
import { faultSchema } from './contract/message.ts';

/** One engine process does one job and ends. What the backend sends to it. */
export const toEngineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), job: z.string(), input: z.unknown() }),
  /** Keeps what was done: a training run writes a checkpoint. */
  z.object({ type: z.literal('stop') }),
]);
export type ToEngine = z.infer<typeof toEngineSchema>;

/** What it sends back. Anything but a `result` or a `fault` before its end means that it was killed or crashed. */
export const fromEngineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), device: z.string() }),
  /** Every few seconds and behind every step: the process is alive, and its memory (resident, MB). */
  z.object({ type: z.literal('alive'), memoryMb: z.number() }),
  /** A `JobEvent` of the engine. */
  z.object({ type: z.literal('event'), event: z.looseObject({ type: z.string() }) }),
  z.object({ type: z.literal('result'), output: z.unknown() }),
  z.object({ type: z.literal('fault'), fault: faultSchema }),
]);
export type FromEngine = z.infer<typeof fromEngineSchema>;
