import { fault } from '../../shared/faults/index.ts';
import { taskNamed } from '../../shared/tasks/index.ts';
import type { Precision } from '../../shared/settings/training.ts';
import { longestText, openBaseModel, type BaseModel, type Head } from './models/base-model.ts';
import { isBehindEncoder, isUnder } from './models/architecture.ts';
import type { EncodedText } from './models/batch.ts';
import { Inference, type Pooling } from './models/inference.ts';
import { otherHeadFault } from './models/checkpoint-head.ts';
import { adapterFolderLabels, isEncoderAdapter } from './peft/adapter-head.ts';
import { adaptation, type Adapter } from './peft/adapter.ts';
import { openAdapter } from './peft/taken-out.ts';
import { loadTensorFlow } from './runtime/tensorflow.ts';
import { engineTask } from './tasks/index.ts';
import type { EngineTask } from './tasks/task.ts';
import { loadTokenizer } from './tokenizer/load-tokenizer.ts';
import type { TextTokenizer } from './tokenizer/text-tokenizer.ts';

export type EncodedExample = EncodedText;

export interface PredictorOptions {
  /** A folder. */
  model: string;
  adapter?: string | undefined;
  precision: Precision;
  head: Head;
  maxLength?: number | undefined;
  batchSize?: number;
  /** False: the adapter is computed beside the base weights; see `adaptation`. */
  folded?: boolean;
}

/** A model, with an adapter or without, that answers texts. */
export interface Predictor {
  /** What the model was trained for. */
  readonly task: EngineTask;
  readonly labelNames: readonly string[];
  readonly hiddenSize: number;
  /** Texts are cut to this many tokens. */
  readonly maxLength: number;
  readonly tokenizer: TextTokenizer;
  /** [texts, labels], row-major, in the order given. Throws `models/token-id`. */
  logits(
    texts: readonly EncodedExample[],
    onBatch?: (done: number) => void | Promise<void>,
  ): Promise<Float32Array>;
  /** [texts, hidden], row-major, in the order given. Throws `models/token-id`. */
  embed(texts: readonly EncodedExample[], pooling: Pooling): Promise<Float32Array>;
  close(): void;
}

/** Throws `models/no-head` when neither checkpoint nor adapter has the head asked for. */
export async function openPredictor(options: PredictorOptions): Promise<Predictor> {
  loadTensorFlow(options.precision);
  const { base, adapter } = await openAdaptedModel(options.model, options.adapter, options.head);
  try {
    const tokenizer = await loadTokenizer(options.model);
    const { precision, head, batchSize, folded = true } = options;
    const inference = await Inference.open(base, adaptation(base, adapter, folded), {
      precision,
      head,
      ...(batchSize ? { batchSize } : {}),
    });
    const check = (texts: readonly EncodedExample[]): void => checkTokens(texts, base);
    return {
      task: taskOfModel(base),
      labelNames: base.labelNames,
      hiddenSize: base.config.hidden_size,
      maxLength: longestText(base, tokenizer, options.maxLength),
      tokenizer,
      logits(texts, onBatch) {
        check(texts);
        return inference.logits(texts, onBatch);
      },
      embed(texts, pooling) {
        check(texts);
        return inference.embeddings(texts, pooling);
      },
      close: () => inference.close(),
    };
  } finally {
    await base.close();
  }
}

/** The task that a checkpoint's config.json names by its `problem_type`; without one the usual task. */
const taskOfModel = ({ raw }: BaseModel): EngineTask => engineTask(taskNamed(raw['problem_type']).key);

/**
 * A base model and its adapter, the head's labels settled between them. For vectors an adapter of a classifier is opened
 * with its head, which the encoder's answers do not pass. The caller closes the base. Throws `models/other-head` and
 * `peft/other-task` where a head is needed and what is there is none of a classifier.
 */
export async function openAdaptedModel(
  model: string,
  adapterFolder: string | undefined,
  head: Head,
): Promise<{ base: BaseModel; adapter: Adapter | undefined }> {
  const bare = head === 'none' && (adapterFolder === undefined || (await isEncoderAdapter(adapterFolder)));
  const labelNames =
    adapterFolder === undefined || bare ? undefined : await adapterFolderLabels(adapterFolder, model);
  const base = await openBaseModel(model, {
    head: bare ? 'none' : 'sequence',
    ...(labelNames ? { labelNames } : {}),
  });
  try {
    const adapter = adapterFolder === undefined ? undefined : await openAdapter(adapterFolder, base);
    const missing = base.newlyInitialized.filter(
      (name) => !adapter?.values.has(name) && !(head === 'none' && isBehindEncoder(base.architecture, name)),
    );
    const isHeadless = missing.some((name) => isUnder(base.architecture.names.head, name));
    if (isHeadless && base.ownHead.kind === 'other') throw otherHeadFault(model, base.ownHead);
    if (missing.length > 0) throw fault('models/no-head', { folder: model, missing });
    return { base, adapter };
  } catch (error) {
    await base.close();
    throw error;
  }
}

/** Throws `models/…` for ids outside the vocabulary, unknown token types, and texts too short or too long. */
export function checkTokens(texts: readonly EncodedText[], base: BaseModel): void {
  const { vocab_size: size, type_vocab_size: types, max_tokens: longest } = base.config;
  for (const { inputIds, tokenTypeIds, origin } of texts) {
    const id = inputIds.find((id) => id < 0 || id >= size);
    if (id !== undefined) {
      throw origin?.tokenised
        ? fault('models/token-id', { ...origin, id, size })
        : fault('models/tokenizer-larger', { folder: base.folder, id, size });
    }
    // A model without token types does not read them.
    const type = types === 0 ? undefined : tokenTypeIds?.find((type) => type < 0 || type >= types);
    if (type !== undefined) {
      throw origin?.tokenised
        ? fault('models/token-type', { ...origin, type, types })
        : fault('models/one-token-type', { types });
    }
    if (inputIds.length === 0 || inputIds.length > longest) {
      throw fault('models/text-length', { ...origin, length: inputIds.length, longest });
    }
  }
}
