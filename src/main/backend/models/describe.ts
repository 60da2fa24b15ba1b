import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { FaultValue } from '../../../shared/contract/message.ts';
import type { Loading, TreeNode } from '../../../shared/contract/models.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { openByteSource } from '../../engine/formats/byte-source.ts';
import { openCheckpoint } from '../../engine/formats/checkpoint.ts';
import { checkFields, readJsonFile } from '../../engine/formats/json.ts';
import { parseYaml } from '../../engine/formats/yaml.ts';
import { fileNames } from '../../engine/hub/cache.ts';
import { neededFiles } from '../../engine/hub/needed-files.ts';
import { isUnder } from '../../engine/models/architecture.ts';
import { openBaseModel, type BaseModel } from '../../engine/models/base-model.ts';
import type { ModuleNode } from '../../engine/models/module-tree.ts';
import { elements } from '../../engine/models/parameters.ts';
import { tokenizerNotes } from '../../engine/tokenizer/load-tokenizer.ts';
import type { ModelFacts } from '../../storage/models.ts';
import { weightStats } from './weights.ts';

/** What a folder with a model holds. */
export interface Description {
  facts: ModelFacts;
  /** Of all files that are used. */
  bytes: number;
  tree: TreeNode[];
  loading: Loading | null;
  licenceText: string | null;
  /** What is to be said of the tokenizer's files. */
  tokenizerNotes: FaultValue[];
}

/** Why a checkpoint that is whole cannot be trained here. */
const UNSUPPORTED = ['models/unsupported-architecture', 'models/unsupported-value', 'models/quantized'];
const LONGEST_LICENCE = 200_000;
const LARGEST_HEADER = 16n * 2n ** 20n;

const count = z
  .int()
  .nonnegative()
  .max(2 ** 40)
  .optional()
  .catch(undefined);
/** The names that the families of models have for the same figures. */
const configSchema = z.looseObject({
  model_type: z.string().optional(),
  num_hidden_layers: count,
  n_layers: count,
  n_layer: count,
  hidden_size: count,
  dim: count,
  d_model: count,
  max_position_embeddings: count,
  n_positions: count,
});

/** Reads a folder without running anything of it. Throws `files/…`, `formats/…` or `models/…` where the folder holds no sound checkpoint. */
export async function describeModel({ folder }: { folder: string }): Promise<Description> {
  const names = await fileNames(folder);
  await refuseLinksOut(folder, names);
  const configFile = path.join(folder, 'config.json');
  await refuseLargeHeaders(folder, names);
  const config = checkFields(configSchema, await readJsonFile(configFile), configFile);
  const weights = await weightFacts(folder);
  const { base, unsupported } = await openSupported(folder);
  const used = neededFiles(names) ?? ['config.json', ...weights.files.map(({ name }) => name)];
  const sizes = await Promise.all(used.map(async (name) => (await stat(path.join(folder, name))).size));
  try {
    const { licence, licenceText } = await licenceIn(folder, names);
    const { num_hidden_layers, n_layers, n_layer, hidden_size, dim, d_model } = config;
    return {
      facts: {
        architecture: config.model_type ?? '',
        unsupported,
        parameters: weights.parameters,
        layers: base?.config.num_hidden_layers ?? num_hidden_layers ?? n_layers ?? n_layer ?? null,
        hiddenSize: base?.config.hidden_size ?? hidden_size ?? dim ?? d_model ?? null,
        maxLength: base?.config.max_tokens ?? config.max_position_embeddings ?? config.n_positions ?? null,
        headLabels: base && hasHead(base) ? [...base.labelNames] : null,
        otherHead: base?.ownHead.kind === 'other' ? `${base.ownHead.what} (${base.ownHead.seen})` : null,
        licence,
        weights: weights.files,
        changedTo: null,
      },
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      tree: base === null ? [] : treeOf(base),
      loading: base === null ? null : base.loading,
      licenceText,
      tokenizerNotes: (await tokenizerNotes(folder, base?.config.vocab_size)).map((note) => note.toJSON()),
    };
  } finally {
    await base?.close();
  }
}

/** The model, or the reason why this version cannot train it. */
async function openSupported(
  folder: string,
): Promise<{ base: BaseModel; unsupported: null } | { base: null; unsupported: string }> {
  try {
    return { base: await openBaseModel(folder, { head: 'sequence' }), unsupported: null };
  } catch (error) {
    if (!(error instanceof Fault) || !UNSUPPORTED.includes(error.code)) throw error;
    return { base: null, unsupported: `${error.message} ${error.remedy}` };
  }
}

async function weightFacts(folder: string) {
  const file = await openCheckpoint(folder);
  try {
    const floats = [...file.tensors.values()].filter(({ dtype }) => /F\d+$/.test(dtype));
    const names = neededFiles(await fileNames(folder)) ?? [path.basename(file.path)];
    const weights = names.filter((name) => /\.(safetensors|bin)$/.test(name));
    return {
      parameters: floats.reduce((sum, { shape }) => sum + elements(shape), 0),
      files: await weightStats(folder, weights),
    };
  } finally {
    await file.close();
  }
}

/** A link may lead to another file of the folder or, as in the Hugging Face cache, into the blobs beside it. */
async function refuseLinksOut(folder: string, names: ReadonlySet<string>): Promise<void> {
  const own = await realpath(folder).catch(() => folder);
  const isSnapshot = path.basename(path.dirname(own)) === 'snapshots';
  const places = isSnapshot ? [own, path.resolve(own, '../../blobs')] : [own];
  for (const name of names) {
    if (!/\.(json|safetensors|bin|txt|md|model)$|^(LICEN[CS]E|COPYING)/i.test(name)) continue;
    const target = await realpath(path.join(folder, name));
    if (!places.some((place) => target.startsWith(place + path.sep))) {
      throw fault('models/link-outside', { file: path.join(folder, name), target });
    }
  }
}

/**
 * A header of the most that the format allows can take gigabytes once it is read, which would end the process; that of
 * a real model takes some kilobytes.
 */
async function refuseLargeHeaders(folder: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of names) {
    if (!name.endsWith('.safetensors')) continue;
    const file = path.join(folder, name);
    const source = await openByteSource(file);
    try {
      const prefix = source.size < 8 ? new Uint8Array(8) : await source.read(0, 8);
      const length = new DataView(prefix.buffer).getBigUint64(0, true);
      if (length <= LARGEST_HEADER || length > BigInt(source.size)) continue;
      const reason = `its header takes ${length} bytes, and that of a model takes some kilobytes`;
      throw fault('formats/safetensors-damaged', { file, reason });
    } finally {
      await source.close();
    }
  }
}

const hasHead = ({ architecture, newlyInitialized }: BaseModel): boolean =>
  !newlyInitialized.some((name) => isUnder(architecture.names.head, name));

function treeOf(base: BaseModel): TreeNode[] {
  const missing = new Set(base.newlyInitialized.map((name) => name.replace(/\.[^.]+$/, '')));
  const nodes: TreeNode[] = [];
  const add = (node: ModuleNode, place: string, depth: number): number => {
    const own = (node.parameters ?? []).reduce((sum, { shape }) => sum + elements(shape), 0);
    const line: TreeNode = {
      path: place,
      name: node.name,
      type: node.type,
      depth: Math.max(0, depth),
      parameters: own,
      shape: node.parameters?.[0] ? [...node.parameters[0].shape] : null,
      adaptable: node.type === 'Linear' && !isUnder(base.architecture.names.head, place),
      newlyInitialized: missing.has(place),
    };
    if (depth >= 0) nodes.push(line);
    for (const child of node.children ?? []) {
      line.parameters += add(child, place === '' ? child.name : `${place}.${child.name}`, depth + 1);
    }
    return line.parameters;
  };
  add(base.tree, '', -1);
  return nodes;
}

/** The licence that README.md names in its header, and the text of a licence file. */
async function licenceIn(folder: string, names: ReadonlySet<string>) {
  const file = [...names].find((name) => /^(LICEN[CS]E|COPYING)(\.(txt|md))?$/i.test(name));
  const text = file === undefined ? null : await readStart(path.join(folder, file));
  const card = names.has('README.md') ? await readStart(path.join(folder, 'README.md')) : null;
  return { licence: card === null ? null : licenceOfCard(card), licenceText: text };
}

async function readStart(file: string): Promise<string | null> {
  const { size } = await stat(file);
  return size > LONGEST_LICENCE ? null : readFile(file, 'utf8').catch(() => null);
}

function licenceOfCard(card: string): string | null {
  const [, header] = /^---\r?\n(.*?)\r?\n---/s.exec(card) ?? [];
  if (header === undefined) return null;
  try {
    const parsed = z.object({ license: z.string() }).safeParse(parseYaml(header));
    return parsed.success ? parsed.data.license : null;
  } catch {
    return null;
  }
}
