import { methodOf } from '../../../shared/methods/index.ts';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { OutputOf } from '../../../shared/contract.ts';
import {
  exportTargetSchema,
  type ExportSource,
  type ExportTarget,
  type TargetOffer,
} from '../../../shared/contract/exports.ts';
import { fault, type Fault } from '../../../shared/faults/index.ts';
import { targets as engineTargets } from '../../engine/export/targets.ts';
import { readModelConfig } from '../../engine/formats/model-config.ts';
import type { ExportStore } from '../../storage/exports.ts';
import { ModelStore } from '../../storage/models.ts';
import { readSetting } from '../../storage/settings.ts';
import { baseNow, isPresent } from '../adapters/base.ts';
import type { BackendContext } from '../context.ts';
import { filesIn } from '../experiments/run-folder.ts';
import { freeBytes } from '../system/storage-sizes.ts';
import { countProofRows, trainedSource, type TrainedSource } from './source.ts';

/** Setting: the folder that the last export was put into. */
export const LAST_PLACE = 'exports-place';

const script = {
  name: 'PEFT script',
  use: "The run's settings as a Python script that trains it again.",
};
/** What a target is called and what it is for. */
export const targetText = (target: ExportTarget): { name: string; use: string } =>
  target === 'script' ? script : engineTargets[target];

const precisions = { merged: 'fp32, bf16 or fp16', fp32: 'fp32', fp16: 'fp16', int8: 'int8' };
/** Bytes that a parameter of the merged model takes. */
const bytesEach = { merged: 4, fp32: 4, fp16: 2, int8: 1 };

/** What can be made of a trained model, how large it gets, and where it would go. Throws `store/unknown`, `exports/no-adapter`. */
export async function offerOf(
  context: BackendContext,
  store: ExportStore,
  from: ExportSource,
): Promise<OutputOf<'exports/offer'>> {
  const source = trainedSource(context.db, from);
  const { adapter, name } = source;
  const base = await baseNow(context, adapter);
  const gone = (await isPresent(adapter))
    ? null
    : fault('adapters/gone', { name: adapter.name, folder: adapter.folder });
  const problem = gone ?? base.problem;
  const quantised = problem === null && (await isQuantised(base.folder));
  const place = placeOf(context);
  const size = await sizesOf(context, source, base.folder);
  const offer = (target: ExportTarget): TargetOffer => ({
    target,
    use: targetText(target).use,
    precision: target === 'script' ? '' : precisions[engineTargets[target].weights],
    bytes: size(target),
    seconds: store.secondsOf(target, adapter.modelName),
    refused: refusal(target, source, problem, quantised ? base.folder : null),
  });
  return {
    name,
    folder: await freeFolder(place, name),
    freeBytes: await freeBytes(place),
    proofRows: countProofRows(context, source),
    refused: problem && sentence(problem),
    targets: exportTargetSchema.options.map(offer),
  };
}

/** Why a target cannot be made, in a sentence; null: it can. */
function refusal(
  target: ExportTarget,
  { run, adapter }: TrainedSource,
  problem: Fault | null,
  quantised: string | null,
): string | null {
  if (target === 'script') return run ? null : 'No run of this workspace trained it.';
  if (problem) return sentence(problem);
  if (quantised !== null) {
    const code = target === 'peft' ? 'models/quantized' : 'models/quantized-merge';
    return sentence(fault(code, { folder: quantised }));
  }
  return target === 'peft' && methodOf(adapter.peftType)?.peft === null
    ? 'No adapter was trained: the weights of the model itself were. Export the merged model.'
    : null;
}

const sentence = ({ message, remedy }: Fault): string => `${message} ${remedy}`;

async function isQuantised(folder: string | null): Promise<boolean> {
  if (folder === null) return false;
  return readModelConfig(folder).then(
    ({ quantization_config: found }) => found != null,
    () => false,
  );
}

/** About how many bytes each target takes: its weights, and the tokenizer's files beside them. */
async function sizesOf(
  { db }: BackendContext,
  { adapter }: TrainedSource,
  folder: string | null,
): Promise<(target: ExportTarget) => number | null> {
  const files = folder === null ? [] : await filesIn(folder);
  const sum = (wanted: RegExp): number =>
    files.reduce((total, { name, bytes }) => total + (wanted.test(name) ? bytes : 0), 0);
  const known = new ModelStore(db).read(adapter.modelId)?.facts.parameters || undefined;
  const safetensors = sum(/^model.*\.safetensors$/);
  const parameters = known ?? (safetensors > 0 ? safetensors : sum(/^pytorch_model.*\.bin$/)) / 4;
  const tokenizer = sum(/^(tokenizer\.json|vocab\.txt|tokenizer_config\.json|config\.json)$/);
  return (target) => {
    if (target === 'peft') return adapter.bytes;
    if (target === 'script' || parameters === 0) return null;
    return Math.round(bytesEach[engineTargets[target].weights] * parameters + tokenizer);
  };
}

/** The folder that exports go into: the last one that was chosen, as long as it is there. */
function placeOf({ db, workspace }: BackendContext): string {
  const last = z.string().safeParse(readSetting(db, LAST_PLACE)).data;
  return last !== undefined && existsSync(last) ? last : workspace.exports;
}

/** A folder in `place` after the export's name, that nothing is in yet. */
async function freeFolder(place: string, name: string): Promise<string> {
  const plain = name
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, 60)
    .toLowerCase();
  const first = path.join(place, plain === '' ? 'export' : plain);
  const isFree = (folder: string) =>
    readdir(folder).then(
      (names) => names.length === 0,
      () => !existsSync(folder),
    );
  for (let number = 1; ; number++) {
    const folder = number === 1 ? first : `${first}-${number}`;
    if (await isFree(folder)) return folder;
  }
}
