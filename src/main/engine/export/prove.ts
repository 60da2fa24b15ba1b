import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { Snippet } from '../../../shared/contract/exports.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { publicName } from '../hub/repository.ts';
import { snippetsOf } from './card/snippets.ts';
import { trySnippets } from './card/try-snippets.ts';
import { writeCard } from './card/model-card.ts';
import { checkConsumers } from './consumer-rules.ts';
import type { Queues, TargetProgress } from './progress.ts';
import { FIXED_TEXTS, TIMED_TEXTS } from './fixed-texts.ts';
import { folderHashes } from './folder-hashes.ts';
import { answerInFreshProcess, type Answered } from './fresh-process.ts';
import { judge, type Judged } from './judge.ts';
import { onnxFiles } from './targets.ts';
import type { ExportOptions, Reference } from './reference.ts';
import { targets, type TargetKey } from './targets.ts';
import type { TrainedModel } from './trained-model.ts';
import { VERIFICATION_FILE, type Verification } from './verification.ts';
import { writeTarget, type WriteOptions } from './write-target.ts';

export type Proven = Verification;

interface Tried {
  judged: Judged;
  latency: Answered['latency'];
  snippets: Snippet[];
}

/** Makes an export in `into` and lets it answer; the snippets are tried where what it answers is worth it. */
type Attempt = (
  into: string,
  scales: WriteOptions['scales'],
  part: (share: number) => number,
  isWorthTrying?: (judged: Judged) => boolean,
) => Promise<Tried>;

/**
 * Writes one target into an empty folder, lets a fresh process answer from it, and puts card and verification.json
 * beside it, whether it passed or not. Throws as `writeTarget` and `answerInFreshProcess` do.
 */
export async function prove(
  trained: TrainedModel,
  opening: Promise<Reference>,
  queues: Queues,
  options: ExportOptions & { target: TargetKey; folder: string },
  folder: string,
  signal: AbortSignal,
  progress: TargetProgress,
): Promise<Proven> {
  const { target, precision, mostPointsLost } = options;
  const card = { ...options.card, modelName: publicName(options.card.modelName) };
  const vectors = targets[target].vectors ? trained.vectors : null;
  const pooling = vectors?.pooling ?? null;
  const maxLength = vectors?.maxLength ?? trained.maxLength;
  const folderName = path.basename(path.resolve(options.folder));
  const { unknownTo = [] } = trained.base.architecture;
  const code = snippetsOf({
    ...{ target, unknownTo },
    folderName,
    modelName: card.modelName,
    labels: trained.base.labelNames,
    maxLength,
  });
  const base = { folder: trained.model, name: card.modelName };
  const attempt: Attempt = async (into, scales, part, isWorthTrying = () => true) => {
    await queues.write(async () => {
      progress.stage('writing');
      await writeTarget(target, into, trained, {
        precision,
        scales,
        modelName: card.modelName,
        signal,
        onShare: (share) => progress.share('writing', part(share)),
      });
    });
    progress.stage(null);
    const tried = await queues.answer(() => answered(into, part, isWorthTrying));
    progress.stage(null);
    return tried;
  };
  const answered = async (
    into: string,
    part: (share: number) => number,
    isWorthTrying: (judged: Judged) => boolean,
  ): Promise<Tried> => {
    const reference = await opening;
    const { values, width } = reference.valuesFor(target);
    progress.stage('answering');
    let tried: Tried | undefined;
    await answerInFreshProcess(
      {
        kind: 'export',
        folder: into,
        base: trained.model,
        vectors,
        maxLength,
        texts: [...reference.texts],
        timed: TIMED_TEXTS,
        serve: pooling === null ? [...trained.base.labelNames] : null,
      },
      signal,
      (done) => progress.share('answering', part(done / reference.texts.length)),
      async ({ values: found, latency, port }) => {
        const judged = judge(values, found, {
          target,
          precision,
          width,
          expected: reference.expected,
          mostPointsLost,
        });
        tried = { judged, latency, snippets: [] };
        if (!isWorthTrying(judged)) return;
        progress.stage('trying');
        tried.snippets = await trySnippets(code, { target, folder: into, folderName, base, port, signal });
      },
    );
    return tried!;
  };
  const { tried, scales } =
    target === 'onnx-int8'
      ? await betterScales(folder, attempt)
      : { tried: await attempt(folder, 'per-channel', (share) => share), scales: null };
  const { labelNames: labels, encoder, raw } = trained.base;
  const { consumers, broken } = await checkConsumers(folder, {
    ...{ target, labels, vectors, maxLength },
    model: {
      ...{ type: String(raw['model_type']), inputs: encoder.inputs, maxTokens: encoder.config.max_tokens },
      hiddenSize: trained.base.config.hidden_size,
      brought: broughtModules(trained.base),
      unknownTo,
    },
  });
  const judged = tried.judged.passed && broken.length > 0 ? shortOf(tried.judged, broken) : tried.judged;
  const reference = await opening;
  const { values, width } = reference.valuesFor(target);
  const outcome = { ...judged, latency_ms: tried.latency };
  const proof = {
    graft: packageJson.version,
    made_at: new Date().toISOString(),
    target,
    ...reference.source,
    precision,
    pooling,
    scales,
    labels: [...trained.base.labelNames],
    max_length: maxLength,
    fixed: FIXED_TEXTS.map((text, i) => ({
      text,
      values: Array.from(values.subarray(i * width, (i + 1) * width)),
    })),
    most_points_lost: mostPointsLost,
    outcome,
    consumers,
    snippets: tried.snippets,
  };
  await writeCard(folder, trained, card, proof);
  const files = await folderHashes(folder);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const verification = { ...proof, bytes, files };
  await writeFileAtomic(path.join(folder, VERIFICATION_FILE), `${JSON.stringify(verification, null, 2)}\n`);
  return verification;
}

/** Modules that the checkpoint has no weights for, and the one that gives the outputs, which is always trained. */
function broughtModules({ architecture, newlyInitialized }: TrainedModel['base']): string[] {
  const modules = newlyInitialized.map((name) => name.slice(0, name.lastIndexOf('.')));
  return [...new Set([...modules, architecture.names.output])];
}

/** What answers rightly here, and would not in the programs that it is for. */
const shortOf = (judged: Judged, broken: readonly string[]): Judged => ({
  ...judged,
  passed: false,
  reason: broken.join(' '),
});

/** Makes int8 both ways and keeps the one that measures better in `folder`: by accuracy, else by its differences. */
async function betterScales(
  folder: string,
  attempt: Attempt,
): Promise<{ tried: Tried; scales: Verification['scales'] }> {
  const channel = await attempt(folder, 'per-channel', (share) => share / 2);
  const other = path.join(folder, 'other');
  await mkdir(other);
  const isBetter = (judged: Judged): boolean => rank(judged) > rank(channel.judged);
  const tensor = await attempt(other, 'per-tensor', (share) => 0.5 + share / 2, isBetter);
  const tensorIsBetter = isBetter(tensor.judged);
  const file = path.join('onnx', onnxFiles['onnx-int8'].file);
  if (tensorIsBetter) await rename(path.join(other, file), path.join(folder, file));
  await rm(other, { recursive: true });
  const [kept, lost] = tensorIsBetter ? [tensor, channel] : [channel, tensor];
  return {
    tried: kept,
    scales: {
      kept: tensorIsBetter ? 'per-tensor' : 'per-channel',
      other: {
        mean_difference: lost.judged.mean_difference,
        accuracy: lost.judged.accuracy?.exported.value ?? null,
      },
    },
  };
}

/** Accuracy decides; a difference of less than a row's weight is left to the mean difference. */
const rank = ({ accuracy, mean_difference: mean }: Judged): number =>
  (accuracy?.exported.value ?? 0) - 1e-6 * Math.min(mean, 1);
