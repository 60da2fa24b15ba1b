import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { restoreFolder } from '../formats/atomic.ts';
import { readJsonFile } from '../formats/json.ts';
import { TIMED_TEXTS } from './fixed-texts.ts';
import { changedFiles, folderHashes, weightsHash } from './folder-hashes.ts';
import { answerInFreshProcess } from './fresh-process.ts';
import { judge } from './judge.ts';
import {
  VERIFICATION_FILE,
  verificationSchema,
  type Verification,
  type VerificationOutcome,
} from './verification.ts';

export interface VerifyReport {
  passed: boolean;
  /** One sentence for each thing that is not as it was. */
  problems: string[];
  outcome: VerificationOutcome | null;
  verification: Verification;
}

/**
 * Repeats an export's proof: its files must have the hashes of then, and a fresh process must answer the fixed texts
 * as the trained model did. `base`: where the base model is, for an adapter. Throws `export/no-proof`,
 * `export/base-needed`, and the reason of `signal`.
 */
export async function verifyExport(
  folder: string,
  { signal }: { signal: AbortSignal },
  base?: string,
): Promise<VerifyReport> {
  await restoreFolder(folder);
  const verification = await readVerification(folder);
  const { fixed, labels, max_length: maxLength, target, pooling, precision } = verification;
  const problems = changedFiles(verification.files, await folderHashes(folder));
  if (target === 'peft') {
    if (base === undefined) throw fault('export/base-needed', { folder, named: null });
    const now = await weightsHash(base);
    if (now.sha256 !== verification.base.sha256)
      problems.push(
        `The base model in ${base} is not the one it was proven with: its SHA-256 is another one.`,
      );
  }
  if (problems.length > 0) return { passed: false, problems, outcome: null, verification };

  const answered = await answerInFreshProcess(
    {
      kind: 'export',
      folder: path.resolve(folder),
      vectors: pooling === null ? null : { pooling, normalize: false },
      maxLength,
      texts: fixed.map(({ text }) => ({ text })),
      timed: TIMED_TEXTS,
      serve: null,
      ...(base === undefined ? {} : { base }),
    },
    signal,
  );
  const reference = Float32Array.from(fixed.flatMap(({ values }) => values));
  const width = pooling === null ? labels.length : fixed[0]!.values.length;
  const judged = judge(reference, answered.values, {
    target,
    precision,
    width,
    expected: null,
    mostPointsLost: verification.most_points_lost,
  });
  const outcome = { ...judged, latency_ms: answered.latency };
  // What it answers may have been short of the mark from the start, and its files be untouched.
  const { reason } = verification.outcome.passed ? outcome : verification.outcome;
  if (reason !== null) problems.push(reason);
  return { passed: problems.length === 0, problems, outcome, verification };
}

async function readVerification(folder: string): Promise<Verification> {
  const json = await readJsonFile(path.join(folder, VERIFICATION_FILE)).catch((error: unknown) => {
    throw fault('export/no-proof', { folder }, error);
  });
  const parsed = verificationSchema.safeParse(json);
  if (!parsed.success) throw fault('export/no-proof', { folder }, parsed.error);
  return parsed.data;
}
