import { z } from 'zod';

/** One thing that Graft needs or uses. `missing` means that Graft cannot work without it. */
export interface DoctorPart {
  name: string;
  status: 'ok' | 'warning' | 'missing';
  version: string | null;
  detail: string;
  remedy?: string;
}

/** A part that is as it should be, or that is not, in `trouble`: a warning where nothing worse is said. */
export function part(
  name: string,
  version: string | null,
  detail: string,
  trouble: { status?: 'warning' | 'missing'; remedy?: string } | false = false,
): DoctorPart {
  return { name, status: 'ok', version, detail, ...(trouble && { status: 'warning', ...trouble }) };
}

export interface DoctorReport {
  parts: DoctorPart[];
  /** Null: TensorFlow does not run. */
  speeds: Speeds | null;
}

/** What TensorFlow does on this machine. Speeds are in GFLOP/s; null where the precision is not to be had. */
const probeResultSchema = z.object({
  addonVersion: z.string(),
  libraryVersion: z.string(),
  onGpu: z.boolean(),
  float32: z.number(),
  bfloat16: z.number().nullable(),
});
export type ProbeResult = z.infer<typeof probeResultSchema>;
/** Matrix products on the device that TensorFlow uses. */
export type Speeds = Pick<ProbeResult, 'onGpu' | 'float32' | 'bfloat16'>;

export const probeAnswerSchema = z.union([probeResultSchema, z.object({ failure: z.string() })]);
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;

/** How many times as fast bf16 products have to be for their rounding to be worth it, and the reverse. */
const worthIt = 1.2;

/** The precision to train in where nobody chose one; `times`: how many times as fast as the other it is. */
export function fasterPrecision({ float32, bfloat16 }: Speeds): {
  precision: 'fp32' | 'bf16';
  times: number | null;
} {
  if (bfloat16 === null) return { precision: 'fp32', times: null };
  if (bfloat16 >= worthIt * float32) return { precision: 'bf16', times: bfloat16 / float32 };
  return { precision: 'fp32', times: float32 >= worthIt * bfloat16 ? float32 / bfloat16 : null };
}
