import { z } from 'zod';
import type { JobContext } from '../jobs.ts';
import { verifyExport, type VerifyReport } from '../export/verify-export.ts';

/** The folder of one target; `base`: the base model's, for an adapter. */
const inputSchema = z.object({ folder: z.string(), base: z.string().nullable() });

/** Repeats the proof of one target. */
export async function verifyJob(
  input: unknown,
  context: JobContext,
): Promise<Omit<VerifyReport, 'verification'>> {
  const { folder, base } = inputSchema.parse(input);
  const { verification: _, ...report } = await verifyExport(folder, context, base ?? undefined);
  return report;
}
