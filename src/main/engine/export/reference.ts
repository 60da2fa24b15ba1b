import { readExamples } from '../data/examples.ts';
import { labelMap, matchLabels } from '../data/labels.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';
import { publicName } from '../hub/repository.ts';
import type { Pooling } from '../models/inference.ts';
import type { CardSource } from './card/sources.ts';
import { FIXED_TEXTS } from './fixed-texts.ts';
import { weightsHash } from './folder-hashes.ts';
import { answerInFreshProcess } from './fresh-process.ts';
import { targets, type TargetKey, type WeightPrecision } from './targets.ts';
import type { TrainedModel } from './trained-model.ts';
import type { Verification } from './verification.ts';

/** A file of rows that every export answers. */
export interface RowsFile {
  file: string;
  textColumn?: string;
  textPairColumn?: string;
  labelColumn?: string;
}

export interface ExportOptions {
  /** Folders. */
  model: string;
  adapter?: string | undefined;
  /** Where each target goes. */
  targets: readonly { target: TargetKey; folder: string }[];
  overwrite: boolean;
  /** Of merged safetensors. */
  precision: WeightPrecision;
  /** Of vectors; null: as the base's modules.json says, else the mean. */
  pooling: Pooling | null;
  /** Points of accuracy that an export may lose. */
  mostPointsLost: number;
  /** Rows to compare on; with labels the accuracy is compared too. */
  rows: RowsFile | null;
  maxLength?: number | undefined;
  card: CardSource;
}

/** What the trained model answers, once for all targets: the fixed texts first, then the rows. */
export class Reference {
  readonly texts: readonly TextInput[];
  /** Places of the true classes of the rows; null without labels. */
  readonly expected: readonly number[] | null;
  /** What it was made from. */
  readonly source: Pick<Verification, 'base' | 'adapter'>;
  private readonly logits: Float32Array | null;
  private readonly vectors: Float32Array | null;

  private constructor(
    given: Pick<Reference, 'texts' | 'expected' | 'source'>,
    logits: Float32Array | null,
    vectors: Float32Array | null,
  ) {
    this.texts = given.texts;
    this.expected = given.expected;
    this.source = given.source;
    this.logits = logits;
    this.vectors = vectors;
  }

  /**
   * Answers in a process of its own: its memory goes back before a target is written. `onShare`: 0 to 1. Throws as
   * `answerInFreshProcess` and `readProofRows` do.
   */
  static async open(
    trained: TrainedModel,
    options: ExportOptions,
    signal: AbortSignal,
    onShare: (share: number) => void,
  ): Promise<Reference> {
    const { model, adapterFolder, head, base } = trained;
    onShare(0);
    const rows = await readProofRows(options.rows, base.labelNames);
    const texts = [...FIXED_TEXTS.map((text): TextInput => ({ text })), ...rows.texts];
    const wanted = options.targets.filter(({ target }) => trained.refusal(target) === null);
    const kinds = [
      wanted.some(({ target }) => !targets[target].vectors) ? null : undefined,
      wanted.some(({ target }) => targets[target].vectors) ? trained.vectors : undefined,
    ];
    const asked = kinds.filter((kind) => kind !== undefined).length;
    let before = 0;
    const answers: (Float32Array | null)[] = [];
    for (const vectors of kinds) {
      if (vectors === undefined) {
        answers.push(null);
        continue;
      }
      const adapter = adapterFolder === undefined ? {} : { adapter: adapterFolder };
      const { values } = await answerInFreshProcess(
        {
          kind: 'trained',
          folder: model,
          ...adapter,
          head,
          vectors,
          maxLength: vectors?.maxLength ?? trained.maxLength,
          texts,
          timed: [],
          serve: null,
        },
        signal,
        (done) => onShare((before + done / texts.length) / asked),
      );
      before++;
      answers.push(values);
    }
    const source = {
      base: { name: publicName(options.card.modelName), ...(await weightsHash(model)) },
      adapter: adapterFolder === undefined ? null : await weightsHash(adapterFolder),
    };
    return new Reference({ texts, expected: rows.expected, source }, answers[0] ?? null, answers[1] ?? null);
  }

  /** Logits or vectors of all texts, as a target gives them, [texts, width]. */
  valuesFor(target: keyof typeof targets): { values: Float32Array; width: number } {
    const values = (targets[target].vectors ? this.vectors : this.logits)!;
    return { values, width: values.length / this.texts.length };
  }
}

/** What a proof asks beside the fixed texts. */
interface ProofRows {
  texts: TextInput[];
  /** Places of the true classes; null without labels, or where one of them is not the model's. */
  expected: number[] | null;
}

/** Throws what `readExamples` throws. */
async function readProofRows(rows: RowsFile | null, labels: readonly string[]): Promise<ProofRows> {
  if (rows === null) return { texts: [], expected: null };
  const { file, ...columns } = rows;
  const { examples, classNames } = await readExamples(file, { ...columns, textOnly: true });
  const values = examples.flatMap(({ label }) => label ?? []);
  const map = matchLabels(values, labelMap(labels), { file: classNames });
  const known = examples.flatMap(({ label }) => (label === undefined ? [] : (map.idOf(label) ?? [])));
  return {
    texts: examples.map(({ text, textPair }) => (textPair === undefined ? { text } : { text, textPair })),
    expected: known.length === examples.length ? known : null,
  };
}
