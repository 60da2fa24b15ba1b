import type { Snippet } from '../../../../shared/contract/exports.ts';
import { javascriptString, oneLine, pythonLiteral, shellWord } from '../../../../shared/quoting.ts';
import { onnxFiles } from '../targets.ts';
import type { TargetKey } from '../targets.ts';
import { isHubId } from '../../hub/repository.ts';

export interface SnippetOptions {
  target: TargetKey;
  /** Of the export's folder; a program is started beside it. */
  folderName: string;
  /** The base's hub id, or the name of its folder, which then lies beside the export's. */
  modelName: string;
  labels: readonly string[];
  maxLength: number;
  /** Programs that have no classifier of the model's type. */
  unknownTo?: readonly string[];
}

export type SnippetCode = Pick<Snippet, 'language' | 'code'>;

/** What the snippets classify. */
const TEXT = 'The battery lasts two days, and the screen is sharp.';
/** Where `graft serve-model` answers in the snippets. */
export const SNIPPET_PORT = 8000;

/** How to use an export from other programs, started in the folder that holds the export's. */
export function snippetsOf(options: SnippetOptions): SnippetCode[] {
  const { target, unknownTo = [] } = options;
  if (target === 'embedding') return [{ language: 'python', code: embedding(options) }];
  const isInJs = target.startsWith('onnx') && !unknownTo.includes('transformers.js');
  return [
    { language: 'python', code: python[target](options) },
    { language: 'node', code: isInJs ? transformersJs(options) : fetched(options) },
    { language: 'curl', code: curl(options) },
  ];
}

const baseName = (name: string): string => (isHubId(name) ? name : `./${name}`);
const lines = (...all: string[]): string => all.join('\n');
const text = pythonLiteral(TEXT);
/** A folder beside the program, for Python. */
const beside = (folderName: string): string => pythonLiteral(`./${folderName}`);

const python: Record<Exclude<TargetKey, 'embedding'>, (options: SnippetOptions) => string> = {
  hf: ({ folderName }) =>
    lines(
      'from transformers import pipeline',
      '',
      `classify = pipeline("text-classification", model=${beside(folderName)})`,
      `print(classify(${text}))`,
    ),
  peft: ({ folderName, modelName, labels }) =>
    lines(
      'from peft import PeftModel',
      'from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline',
      '',
      `base = ${pythonLiteral(baseName(modelName))}`,
      `model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=${labels.length})`,
      `model = PeftModel.from_pretrained(model, ${beside(folderName)}).merge_and_unload()`,
      `model.config.id2label = dict(enumerate(${pythonLiteral(labels)}))`,
      'tokenizer = AutoTokenizer.from_pretrained(base)',
      'classify = pipeline("text-classification", model=model, tokenizer=tokenizer)',
      `print(classify(${text}))`,
    ),
  onnx: (options) => onnxPython(options, onnxFiles.onnx.file),
  'onnx-fp16': (options) => onnxPython(options, onnxFiles['onnx-fp16'].file),
  'onnx-int8': (options) => onnxPython(options, onnxFiles['onnx-int8'].file),
  savedmodel: ({ folderName, labels, maxLength }) =>
    lines(
      'import tensorflow as tf',
      'from transformers import AutoTokenizer',
      '',
      `tokenizer = AutoTokenizer.from_pretrained(${beside(folderName)})`,
      `model = tf.saved_model.load(${beside(folderName)}).signatures["serving_default"]`,
      `inputs = tokenizer([${text}], truncation=True, max_length=${maxLength}, return_tensors="np")`,
      'names = model.structured_input_signature[1]',
      'feeds = {name: tf.constant(ids, tf.int32) for name, ids in inputs.items() if name in names}',
      'logits = model(**feeds)["logits"]',
      `print(${pythonLiteral(labels)}[int(logits[0].numpy().argmax())])`,
    ),
};

function onnxPython({ folderName, labels, maxLength }: SnippetOptions, file: string): string {
  return lines(
    'import onnxruntime',
    'from transformers import AutoTokenizer',
    '',
    `tokenizer = AutoTokenizer.from_pretrained(${beside(folderName)})`,
    `session = onnxruntime.InferenceSession(${beside(`${folderName}/onnx/${file}`)})`,
    `inputs = tokenizer([${text}], truncation=True, max_length=${maxLength}, return_tensors="np")`,
    'names = [given.name for given in session.get_inputs()]',
    'feeds = {name: ids.astype("int64") for name, ids in inputs.items() if name in names}',
    '(logits,) = session.run(["logits"], feeds)',
    `print(${pythonLiteral(labels)}[logits[0].argmax()])`,
  );
}

function embedding({ folderName }: SnippetOptions): string {
  return lines(
    'from sentence_transformers import SentenceTransformer',
    '',
    `model = SentenceTransformer(${beside(folderName)})`,
    `vectors = model.encode([${text}, "Yes."])`,
    'print(vectors.shape, float(model.similarity(vectors[0], vectors[1])))',
  );
}

const dtypes: Partial<Record<TargetKey, string>> = { onnx: 'fp32', 'onnx-fp16': 'fp16', 'onnx-int8': 'q8' };

function transformersJs({ target, folderName }: SnippetOptions): string {
  return lines(
    "import { env, pipeline } from '@huggingface/transformers';",
    '',
    'env.allowRemoteModels = false;',
    "env.localModelPath = './';",
    `const classify = await pipeline('text-classification', ${javascriptString(folderName)}, { dtype: '${dtypes[target]}' });`,
    `console.log(await classify(${javascriptString(TEXT)}));`,
  );
}

/** For a comment, which ends with its line. */
function serving({ target, folderName, modelName }: SnippetOptions): string {
  const model = target === 'peft' ? ` --model ${shellWord(baseName(modelName))}` : '';
  return oneLine(`graft serve-model ${shellWord(`./${folderName}`)}${model} --port ${SNIPPET_PORT}`);
}

function fetched(options: SnippetOptions): string {
  return lines(
    `// ${serving(options)}`,
    `const reply = await fetch('http://127.0.0.1:${SNIPPET_PORT}/predict', {`,
    "  method: 'POST',",
    "  headers: { 'content-type': 'application/json' },",
    `  body: JSON.stringify({ texts: [${javascriptString(TEXT)}] }),`,
    '});',
    'console.log(JSON.stringify(await reply.json()));',
  );
}

function curl(options: SnippetOptions): string {
  return lines(
    `# ${serving(options)}`,
    `curl --silent http://127.0.0.1:${SNIPPET_PORT}/predict \\`,
    "  --header 'content-type: application/json' \\",
    `  --data ${shellWord(JSON.stringify({ texts: [TEXT] }))}`,
  );
}
