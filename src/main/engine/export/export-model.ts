import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import packageJson from '../../../../package.json' with { type: 'json' };
import { accuracyOf, bootstrap, cellsOf } from '../../../shared/statistics/bootstrap.ts';
import { fault } from '../../../shared/faults/index.ts';
import { readExamples } from '../data/examples.ts';
import { labelMap } from '../data/labels.ts';
import { writeFileAtomic, writeFolderAtomic } from '../formats/atomic.ts';
import { readModelConfig } from '../formats/model-config.ts';
import { hashFile } from '../hub/hash-file.ts';
import type { JobContext } from '../jobs.ts';
import { argmax } from '../metrics/probabilities.ts';
import { longestText, openAdaptedModel } from '../predict.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { answerTexts } from './answer-texts.ts';
import { answerInFreshProcess } from './fresh-process.ts';
import { SENTENCES } from './merge.ts';
import { targets, type TargetKey } from './targets.ts';
import { VERIFICATION_FILE, type Verification, type VerificationOutcome } from './verification.ts';
import { writeTarget } from './write-target.ts';

export interface ExportOptions {
  /** Folders. */
  model: string;
  adapter?: string;
  output: string;
  target: TargetKey;
  overwrite: boolean;
  /** A file of rows to compare on; with a label column also the accuracy is compared. */
  verify?: string;
  textColumn?: string;
  labelColumn?: string;
  maxLength?: number;
  /** For int8. */
  mostPointsLost?: number;
  /** What the base is called in the proof: a hub id, else the folder's name. */
  modelName?: string;
}

export interface ExportReport {
  /** Where it lies: `output`, or a name beside it where it falls short. */
  output: string;
  verification: Verification & { outcome: VerificationOutcome };
}

interface Rows {
  texts: string[];
  /** Places of the true classes; null without labels. */
  expected: number[] | null;
}

/**
 * Writes a model for other programs and proves it: a fresh process loads the folder from disk and must answer fixed
 * texts (and the rows of `verify`) as base and adapter do. An export that does not is kept aside as `<output>-failed`
 * with the reason in its verification.json. Throws `models/quantized-merge`, `export/…`, `files/…`.
 */
export async function exportModel(options: ExportOptions, context: JobContext): Promise<ExportReport> {
  const { model, adapter: adapterFolder, output, overwrite, target } = options;
  const { quantization_config: quantized } = await readModelConfig(model);
  if (quantized != null && target !== 'peft') throw fault('models/quantized-merge', { folder: model });
  const { base, adapter } = await openAdaptedModel(model, adapterFolder, 'classification');
  try {
    const tell = (phase: string, done: number): void =>
      context.onEvent({ type: 'progress', phase, done, total: 4, unit: 'parts' });
    tell('answering as base and adapter', 0);
    const maxLength = longestText(base, await loadTokenizer(model), options.maxLength);
    const rows = await rowsOf(options, base.labelNames);
    const texts = [...SENTENCES, ...rows.texts];
    const reference = await answerTexts({ model, adapter: adapterFolder, maxLength }, texts);
    const width = reference.labels;
    const facts: Omit<Verification, 'outcome' | 'bytes' | 'files'> = {
      graft: packageJson.version,
      made_at: new Date().toISOString(),
      target,
      base: { name: options.modelName ?? path.basename(path.resolve(model)), ...(await weightsOf(model)) },
      adapter: adapterFolder === undefined ? null : await weightsOf(adapterFolder),
      labels: [...base.labelNames],
      max_length: maxLength,
      fixed: SENTENCES.map((text, i) => ({
        text,
        logits: Array.from(reference.logits.subarray(i * width, (i + 1) * width)),
      })),
      most_points_lost: options.mostPointsLost ?? 1,
    };

    let verification: Verification | undefined;
    const failed = `${path.resolve(output)}-failed`;
    await writeFolderAtomic(
      output,
      async (folder) => {
        tell(`writing ${targets[target].name}`, 1);
        await writeTarget(target, folder, { base, adapter, version: packageJson.version }, context);
        tell('answering from disk, in a fresh process', 2);
        const answer = await answerInFreshProcess({ folder, texts, maxLength, base: model }, context.signal);
        const outcome = judge(
          target,
          reference.logits,
          answer.logits,
          rows.expected,
          width,
          facts.most_points_lost,
        );
        const files = await hashes(folder);
        verification = {
          ...facts,
          outcome: { ...outcome, latency_ms: answer.latency },
          bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
          files,
        };
        await writeFileAtomic(
          path.join(folder, VERIFICATION_FILE),
          `${JSON.stringify(verification, null, 2)}\n`,
        );
        tell('proved', 4);
        if (outcome.passed) return;
        await rm(failed, { recursive: true, force: true });
        await rename(folder, failed);
        throw new FellShort();
      },
      { replace: overwrite },
    ).catch((error: unknown) => {
      if (!(error instanceof FellShort)) throw error;
    });
    const made = verification as ExportReport['verification'];
    return { output: made.outcome.passed ? output : failed, verification: made };
  } finally {
    await base.close();
  }
}

/** Ends the writing of a folder whose contents were moved aside. */
class FellShort extends Error {}

async function rowsOf(
  { verify, textColumn, labelColumn }: ExportOptions,
  labels: readonly string[],
): Promise<Rows> {
  if (verify === undefined) return { texts: [], expected: null };
  const { examples } = await readExamples(verify, {
    ...(textColumn === undefined ? {} : { textColumn }),
    ...(labelColumn === undefined ? {} : { labelColumn }),
  });
  const map = labelMap(labels);
  const expected = examples.map(({ label }) => (label === undefined ? undefined : map.idOf(label)));
  const known = expected.filter((id) => id !== undefined);
  return {
    texts: examples.map(({ text }) => text),
    expected: known.length === examples.length && known.length > 0 ? known : null,
  };
}

/** `reference` and `found`: logits [texts, labels]; `expected`: classes of the last rows. */
export function judge(
  target: TargetKey,
  reference: Float32Array,
  found: Float32Array,
  expected: readonly number[] | null,
  width: number,
  mostPointsLost: number,
): Omit<VerificationOutcome, 'latency_ms'> {
  let [largest, sum, scale] = [0, 0, 1];
  for (const [i, value] of reference.entries()) {
    const difference = Math.abs(value - found[i]!);
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
    sum += difference;
    scale = Math.max(scale, Math.abs(value));
  }
  const [before, after] = [argmax(reference, width), argmax(found, width)];
  const rows = before.length;
  const same = before.filter((answer, i) => answer === after[i]).length;
  const measured = expected && accuracies(expected, before, after, width);
  const lost = measured ? 100 * (measured.reference.value - measured.exported.value) : null;
  const { tolerance } = targets[target];
  const reason =
    found.length !== reference.length
      ? `It gave ${found.length} logits instead of ${reference.length}.`
      : tolerance !== null && !(largest <= tolerance * scale)
        ? `Its logits are up to ${largest.toPrecision(3)} off; ${(tolerance * scale).toPrecision(2)} is allowed.`
        : tolerance === null && !Number.isFinite(largest)
          ? 'Some of its logits are no numbers.'
          : lost !== null && lost > mostPointsLost
            ? `It loses ${lost.toFixed(1)} points of accuracy; ${mostPointsLost} may be lost.`
            : null;
  return {
    passed: reason === null,
    reason,
    rows,
    largest_difference: largest,
    mean_difference: sum / Math.max(1, reference.length),
    same_answers: same,
    accuracy: measured,
  };
}

function accuracies(
  expected: readonly number[],
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  width: number,
): NonNullable<VerificationOutcome['accuracy']> {
  // The fixed texts stand first and have no labels.
  const last = (answers: ArrayLike<number>) => Array.from(answers).slice(-expected.length);
  const cells = cellsOf(expected, [last(before), last(after)], width);
  const [reference, exported] = bootstrap(cells, [accuracyOf(cells, 0), accuracyOf(cells, 1)]);
  return { reference: reference!, exported: exported!, rows: expected.length };
}

/** Every file of a folder but the proof itself, by its path. */
export async function hashes(folder: string): Promise<Verification['files']> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => path.relative(folder, file) !== VERIFICATION_FILE)
    .sort();
  return Promise.all(
    files.map(async (file) => ({
      path: path.relative(folder, file).split(path.sep).join('/'),
      bytes: (await stat(file)).size,
      sha256: await hashFile(file, 'sha256'),
    })),
  );
}

/** Hash and size of the weights in a model's or an adapter's folder; of the index where they are in parts. */
async function weightsOf(folder: string): Promise<{ sha256: string; bytes: number }> {
  const names = await readdir(folder);
  const wanted = [
    'model.safetensors',
    'model.safetensors.index.json',
    'pytorch_model.bin',
    'pytorch_model.bin.index.json',
    'adapter_model.safetensors',
    'adapter_model.bin',
  ];
  const name = wanted.find((one) => names.includes(one));
  if (name === undefined) throw fault('files/missing', { file: path.join(folder, 'model.safetensors') });
  const file = path.join(folder, name);
  return { sha256: await hashFile(file, 'sha256'), bytes: (await stat(file)).size };
}
