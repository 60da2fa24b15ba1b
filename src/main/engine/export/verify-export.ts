import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { readJsonFile } from '../formats/json.ts';
import type { JobContext } from '../jobs.ts';
import { hashes, judge } from './export-model.ts';
import { answerInFreshProcess } from './fresh-process.ts';
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
 * as the trained model did. `base`: where the base model is, for an adapter. Throws `export/no-proof`.
 */
export async function verifyExport(
  folder: string,
  context: JobContext,
  base?: string,
): Promise<VerifyReport> {
  const file = path.join(folder, VERIFICATION_FILE);
  const parsed = verificationSchema.safeParse(
    await readJsonFile(file).catch((error: unknown) => {
      throw fault('export/no-proof', { folder }, error);
    }),
  );
  if (!parsed.success) throw fault('export/no-proof', { folder }, parsed.error);
  const verification = parsed.data;
  const problems = filesAsTheyWere(verification.files, await hashes(folder));
  if (verification.target === 'peft' && base === undefined) throw fault('export/base-needed', { folder });
  if (problems.length > 0) return { passed: false, problems, outcome: null, verification };

  const { fixed, labels, max_length: maxLength, target, most_points_lost: lost } = verification;
  const texts = fixed.map(({ text }) => text);
  const answer = await answerInFreshProcess(
    { folder: path.resolve(folder), texts, maxLength, ...(base === undefined ? {} : { base }) },
    context.signal,
  );
  const reference = Float32Array.from(fixed.flatMap(({ logits }) => logits));
  const judged = judge(target, reference, answer.logits, null, labels.length, lost);
  const outcome = { ...judged, latency_ms: answer.latency };
  if (outcome.reason !== null) problems.push(outcome.reason);
  return { passed: outcome.passed, problems, outcome, verification };
}

function filesAsTheyWere(then: Verification['files'], now: Verification['files']): string[] {
  const found = new Map(now.map((file) => [file.path, file]));
  const changed = then.flatMap(({ path: name, bytes, sha256 }) => {
    const file = found.get(name);
    if (!file) return [`${name} is missing.`];
    if (file.bytes !== bytes) return [`${name} has ${file.bytes} bytes; it had ${bytes}.`];
    return file.sha256 === sha256 ? [] : [`${name} was changed: its SHA-256 is another one.`];
  });
  const known = new Set(then.map(({ path: name }) => name));
  return [
    ...changed,
    ...now.filter(({ path: name }) => !known.has(name)).map(({ path: name }) => `${name} was added.`),
  ];
}
