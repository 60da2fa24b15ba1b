import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { fault, type Fault } from '../../../shared/faults/index.ts';
import { openCheckpoint } from '../formats/checkpoint.ts';
import { readModelConfig, type ModelConfig } from '../formats/model-config.ts';
import type { TensorFile } from '../formats/tensor.ts';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { bareName, isUnder, type Architecture } from './architecture.ts';
import { architectureOf } from './architectures.ts';
import { parameterSpecs } from './module-tree.ts';
import { architectureNames } from './weight-names.ts';

/** A head that Graft does not answer with, as its own files describe it. */
export interface OtherHead {
  kind: 'other';
  /** What the model is by it: "a regressor, …". */
  what: string;
  /** Where that stands: the file, and in it the key with its value or the tensor. */
  file: string;
  seen: string;
  /** Set where its layers are those of another head that Graft knows. */
  outputs?: HeadSpec['kind'];
}

/** What a checkpoint's head is for. Nothing is guessed from a size alone. */
export type CheckpointHead =
  /** One of several classes a text, transformers' `single_label_classification`. */
  { kind: 'classes'; labels: readonly string[] } | { kind: 'none' } | OtherHead;

/** The file of a checkpoint's weights, and its tensors by the names that the architecture gives them. */
interface Weights {
  file: TensorFile;
  names: ReadonlyMap<string, string>;
  architecture: Architecture;
}

type Evidence = Pick<OtherHead, 'what' | 'seen'>;

const TOKEN_CLASSIFIER = /ForTokenClassification$/;

/** The classes that transformers gives a head's model, by the ends of their names. */
const classes: readonly (readonly [RegExp, string])[] = [
  [TOKEN_CLASSIFIER, 'a token classifier, which labels each token'],
  [/ForQuestionAnswering$/, 'a question answerer, which finds a span of the text'],
  [/ForMultipleChoice$/, 'a multiple-choice model, which compares several texts'],
  [/ForNextSentencePrediction$/, 'a next-sentence predictor'],
  [/^ElectraForPreTraining$/, 'a discriminator, which finds replaced words and has no classes'],
  [/ForMaskedLM$|ForPreTraining$/, 'a masked language model, which fills in words and has no classes'],
  [
    /ForCausalLM$|LMHead(?:Model)?$|DoubleHeads/,
    'a causal language model, which writes text and has no classes',
  ],
  [
    /ForConditionalGeneration$|EncoderDecoder|ForSeq2Seq/,
    'a sequence-to-sequence model, which writes text and has no classes',
  ],
];
const SEQUENCE_CLASSIFIER = /ForSequenceClassification$/;

/** What a class of transformers is for, where that is not the classification of texts; undefined: it is, or an encoder. */
export function otherClass(name: string): string | undefined {
  if (SEQUENCE_CLASSIFIER.test(name)) return undefined;
  const known = classes.find(([ending]) => ending.test(name))?.[1];
  if (known !== undefined) return known;
  return /For[A-Z]|Head|CRF/.test(name) ? `a ${name}, whose head Graft does not know` : undefined;
}

/** The head of a checkpoint, by its config.json, its tensors' names and the files beside them; null: weights in another format. */
export function checkpointHead(folder: string, config: ModelConfig, weights: Weights | null): CheckpointHead {
  const pickle = path.join(folder, 'model_head.pkl');
  const configFile = path.join(folder, 'config.json');
  if (existsSync(pickle)) {
    const what = 'a SetFit model, whose classes a scikit-learn classifier in a pickle decides on';
    return { kind: 'other', what, file: pickle, seen: 'the file is there' };
  }
  const [architecture] = config.architectures;
  const byClass = architecture === undefined ? undefined : otherClass(architecture);
  if (byClass !== undefined) {
    const seen = `architectures is "${architecture}"`;
    const isOfTokens = TOKEN_CLASSIFIER.test(architecture!);
    return { kind: 'other', what: byClass, file: configFile, seen, ...(isOfTokens && { outputs: 'tokens' }) };
  }
  const byTensors = weights && otherTensors(weights, config);
  if (byTensors) return { kind: 'other', ...byTensors, file: weights.file.path };
  if (weights && !weights.names.has(`${weights.architecture.names.output}.weight`)) return { kind: 'none' };
  const byConfig = otherOutputs(config);
  if (byConfig) return { kind: 'other', ...byConfig, file: configFile };
  return { kind: 'classes', labels: config.id2label };
}

/** Labels of a checkpoint's classification head; null when it has none that Graft answers with. Throws `formats/…`, `files/…`. */
export async function headLabels(folder: string): Promise<readonly string[] | null> {
  const config = await readModelConfig(folder);
  const file = await openCheckpoint(folder);
  await file.close();
  const architecture = architectureOf(config, path.join(folder, 'config.json'));
  const names = architectureNames(file, architecture);
  const head = checkpointHead(folder, config, { file, names, architecture });
  const size = file.tensors.get(names.get(`${architecture.names.output}.weight`) ?? '')?.shape[0];
  return head.kind === 'classes' && size === head.labels.length ? head.labels : null;
}

/** Why a checkpoint cannot answer as a classifier. */
export const otherHeadFault = (folder: string, { what, file, seen }: OtherHead): Fault =>
  fault('models/other-head', { folder, what, file, seen });

/** Evidence in the names of tensors; those of size one tell a head apart only together with their names. */
function otherTensors({ file, names, architecture }: Weights, config: ModelConfig): Evidence | undefined {
  const [named] = config.architectures;
  const has = (...modules: string[]): string | undefined =>
    [...names.keys()].find((name) => isUnder(modules, name));
  const head = has(...architecture.names.head);
  const answers = has('qa_outputs');
  if (answers !== undefined)
    return { what: 'a question answerer, which finds a span of the text', seen: `it holds ${answers}` };
  const crf = has('crf');
  if (crf !== undefined) return { what: 'a token classifier with a CRF', seen: `it holds ${crf}` };
  if (head === undefined || (named !== undefined && SEQUENCE_CLASSIFIER.test(named))) return undefined;
  if (named !== undefined) {
    const what = `an encoder by its config.json (architectures is "${named}"), with a head of unknown kind`;
    return { what, seen: `it holds ${head}` };
  }
  const parameters = (kind: HeadSpec['kind']): string[] =>
    parameterSpecs(architecture.open(config, { kind, outputs: 2 }, file.path).tree).map(({ name }) => name);
  const ofTokens = parameters('tokens');
  const pooling = parameters('sequence').filter((name) => !ofTokens.includes(name));
  const isThere = (name: string): boolean => names.has(name) || names.has(bareName(architecture, name));
  if (pooling.length === 0 || pooling.some(isThere)) return undefined;
  const what =
    'a token classifier or another model without a pooler, and its config.json names no architectures';
  return { what, seen: `it holds ${head} and no pooler` };
}

/** Evidence in the config of a sequence classifier, transformers' own and a sentence-transformers cross-encoder's. */
export function otherOutputs({
  problem_type: problem,
  num_labels: outputs,
  raw,
}: ModelConfig): Evidence | undefined {
  const named = activationSchema.parse(raw);
  const activation = named.sentence_transformers?.activation_fn ?? named.sbert_ce_default_activation_function;
  const seenProblem = `problem_type is "${problem}"`;
  if (problem === 'multi_label_classification')
    return { what: 'a multi-label classifier, which scores each label by itself', seen: seenProblem };
  if (problem === 'regression') return { what: 'a regressor, which gives numbers', seen: seenProblem };
  // Cross-encoders of several classes have Identity: what they give are a classifier's logits.
  if (activation !== undefined && (outputs === 1 || !/\.(?:Identity|Softmax)$/.test(activation))) {
    const what = `a cross-encoder, whose ${outputs === 1 ? 'one output is' : 'outputs are'} scored each by itself`;
    return { what, seen: `sentence_transformers names the activation ${activation}` };
  }
  if (outputs > 1) return undefined;
  return { what: 'a regressor or a cross-encoder, which gives one number', seen: 'it has one label' };
}

const activationSchema = z.object({
  sentence_transformers: z
    .object({ activation_fn: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  sbert_ce_default_activation_function: z.string().optional().catch(undefined),
});
