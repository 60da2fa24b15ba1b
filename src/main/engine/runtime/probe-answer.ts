import { z } from 'zod';

/** What TensorFlow does on this machine. Speeds are in GFLOP/s; null where the precision is not to be had. */
const probeResultSchema = z.object({
  addonVersion: z.string(),
  libraryVersion: z.string(),
  onGpu: z.boolean(),
  float32: z.number(),
  bfloat16: z.number().nullable(),
});
export type ProbeResult = z.infer<typeof probeResultSchema>;

export const probeAnswerSchema = z.union([probeResultSchema, z.object({ failure: z.string() })]);
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;
