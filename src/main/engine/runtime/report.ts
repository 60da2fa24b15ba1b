/** One thing that Graft needs or uses. `missing` means that Graft cannot work without it. */
export interface DoctorPart {
  name: string;
  status: 'ok' | 'warning' | 'missing';
  version: string | null;
  detail: string;
  remedy?: string;
}

export interface DoctorReport {
  parts: DoctorPart[];
  /** Null: TensorFlow does not run. */
  speeds: Speeds | null;
}

/** Matrix products on the device that TensorFlow uses, in GFLOP/s; null where the precision is not to be had. */
export interface Speeds {
  onGpu: boolean;
  float32: number;
  bfloat16: number | null;
}

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
