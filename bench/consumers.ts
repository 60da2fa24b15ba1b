/**
 * Exports models to every target and lets the programs that the targets are for answer from them: transformers, PEFT,
 * sentence-transformers, onnxruntime, TensorFlow and transformers.js, against what Graft answers before the export.
 *
 *     node bench/consumers.ts [--architectures all|NAME,… | --sentences DIR [--data DIR]] [--record] [--keep DIR]
 *
 * The models: the sample's adapter (npm run demo makes it); the checkpoint below it as a sentence-transformers folder;
 * the two merged over a base whose tokenizer is a vocab.txt with added tokens. With --architectures: a small random
 * encoder of each, with an adapter that Graft trains, and with one that PEFT trained, whose answers Graft must give.
 * With --sentences: a sentence-transformers folder, whose vectors of 200 electronics reviews are compared.
 * GRAFT_BENCH_PYTHON names the Python with the reference libraries, GRAFT_BENCH_TENSORFLOW one with TensorFlow where
 * the first lacks it.
 */
import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { FIXED_TEXTS } from '../src/main/engine/export/fixed-texts.ts';
import { targetKeys } from '../src/main/engine/export/targets.ts';
import { readExamples } from '../src/main/engine/data/examples.ts';
import { selectRows } from '../src/main/engine/data/selection.ts';
import { bytesOf } from '../src/main/engine/formats/dtype.ts';
import { openSafetensors } from '../src/main/engine/formats/safetensors.ts';
import { writeSafetensors } from '../src/main/engine/formats/write-safetensors.ts';
import { architectures } from '../src/main/engine/models/architectures.ts';
import { describeMachine } from './machine.ts';
import { referencePython } from './reference-python.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const reference = path.join(project, 'bench/reference');
const run = promisify(execFile);
const text = { type: 'string' } as const;
const { values: options } = parseArgs({
  options: {
    record: { type: 'boolean' },
    ...{ keep: text, architectures: text, sentences: text },
    data: { ...text, default: path.join(project, '../shared/data') },
  },
});

const ADDED = ['[USER]', '<product>', 'zürich-west'];
const TEXTS = [
  ...FIXED_TEXTS,
  '[USER] bought <product> in Zürich-West.',
  '<product><product> zürich-west [USER]s [user] end',
  'word '.repeat(700),
];

/** Cut to this many tokens: the longest text of most small models. */
const SMALL_LENGTH = 32;

const compared = z.object({ difference: z.number(), limit: z.number().nullable() });
const rowSchema = z.object({
  target: z.string(),
  consumer: z.string(),
  texts: z.number(),
  passed: z.boolean(),
  /** What the program said while it loaded the folder. */
  heard: z.array(z.string()).default([]),
  logits: compared.optional(),
  scores: compared.optional(),
  vectors: compared.optional(),
});
type Row = z.infer<typeof rowSchema> & { model: string };

/** Runs the command line from source; gives what it printed. */
async function graft(...args: string[]): Promise<string> {
  const command = [path.join(project, 'scripts/graft.mjs'), ...args];
  const { stdout } = await run(process.execPath, command, { maxBuffer: 2 ** 28 });
  return stdout;
}

const lines = (text: string): unknown[] =>
  text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as unknown] : []));

interface Subject {
  name: string;
  model: string;
  adapter?: string;
  /** What was merged to make it: that is asked for the answers, and exported as an adapter. */
  origin?: { model: string; adapter: string };
  /** Exported for its vectors alone; `cls`: those of the first token. */
  vectors?: 'own' | 'cls';
  maxLength?: number;
  texts?: readonly string[];
  /** Programs that have no classifier of its type. */
  unknownTo?: readonly string[];
}

async function check(subject: Subject, place: string, python: string): Promise<Row[]> {
  await mkdir(place, { recursive: true });
  const input = path.join(place, 'texts.jsonl');
  const { texts = TEXTS } = subject;
  await writeFile(input, texts.map((text) => JSON.stringify({ text })).join('\n'));
  const of = (asked: { model: string; adapter?: string }): string[] => [
    ...['--model', asked.model],
    ...(asked.adapter === undefined ? [] : ['--adapter', asked.adapter]),
    ...(subject.maxLength === undefined ? [] : ['--max-length', String(subject.maxLength)]),
  ];
  const trained = subject.origin ?? subject;
  const pooling = subject.vectors === 'cls' ? ['--pooling', 'cls'] : [];
  const expected = path.join(place, 'expected.json');
  const logits = subject.vectors ? null : await logitsOf(...of(trained), '--input', input);
  const vectors = lines(await graft('embed', ...of(trained), ...pooling, '--input', input)).map(
    (line) => z.object({ embedding: z.array(z.number()) }).parse(line).embedding,
  );
  await writeFile(expected, JSON.stringify({ texts, logits, vectors }));
  const targets = targetKeys.filter((target) =>
    subject.vectors ? target === 'embedding' : target !== 'peft' || trained.adapter !== undefined,
  );
  const output = path.join(place, 'exports');
  const folders = targets.map((target) => path.join(output, target));
  for (const given of new Set([subject, trained])) {
    const own = targets.filter((target) => given === (target === 'peft' ? trained : subject));
    // Of a single format, the folder is the output itself.
    const into = own.length === 1 ? path.join(output, own[0]!) : output;
    if (own.length > 0)
      await graft('export', ...of(given), ...pooling, '--format', ...own, '--output', into, '--overwrite');
  }
  const source = subject.vectors === 'own' ? ['--source', subject.model] : [];
  const script = [
    ...[path.join(reference, 'check_exports.py'), '--json', '--expected', expected],
    ...['--base', trained.model, ...source],
  ];
  const others = process.env['GRAFT_BENCH_TENSORFLOW'];
  const inTensorFlow = others === undefined ? [] : folders.filter((folder) => folder.endsWith('savedmodel'));
  const isInJs = !subject.unknownTo?.includes('transformers.js');
  const onnx = folders.filter((folder) => isInJs && path.basename(folder).startsWith('onnx'));
  const printed = [
    await answered(python, [...script, ...folders.filter((folder) => !inTensorFlow.includes(folder))]),
    ...(inTensorFlow.length === 0 ? [] : [await answered(others!, [...script, ...inTensorFlow])]),
    ...(onnx.length === 0
      ? []
      : [await answered(process.execPath, [path.join(reference, 'check_exports.mjs'), expected, ...onnx])]),
  ];
  return printed.flatMap(lines).map((line) => ({ ...rowSchema.parse(line), model: subject.name }));
}

/** What `graft predict` answers with these options. */
async function logitsOf(...args: string[]): Promise<number[][]> {
  const parsed = z.object({ logits: z.array(z.number()) });
  return lines(await graft('predict', ...args)).map((line) => parsed.parse(line).logits);
}

/** What a program printed, also where it says by its status that something is beyond its limit. */
async function answered(program: string, args: string[]): Promise<string> {
  const env = { ...process.env, HF_HUB_OFFLINE: '1', TF_CPP_MIN_LOG_LEVEL: '3' };
  const ended = await run(program, args, { env, maxBuffer: 2 ** 28 }).catch((error: unknown) => {
    const { stdout, stderr } = z.object({ stdout: z.string(), stderr: z.string() }).parse(error);
    if (!stdout.includes('"passed": false') && !stdout.includes('"passed":false'))
      throw new Error(stderr.slice(-2000));
    return { stdout };
  });
  return ended.stdout;
}

/** The checkpoint with rows for added tokens, and of its tokenizer the vocabulary and added_tokens.json alone. */
async function withAddedTokens(model: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(model, 'vocab.txt'), path.join(folder, 'vocab.txt'));
  const config = z
    .looseObject({ vocab_size: z.number() })
    .parse(JSON.parse(await readFile(path.join(model, 'config.json'), 'utf8')));
  const size = config.vocab_size;
  const added = Object.fromEntries(ADDED.map((token, i) => [token, size + i]));
  await writeFile(path.join(folder, 'added_tokens.json'), JSON.stringify(added));
  await writeFile(
    path.join(folder, 'config.json'),
    JSON.stringify({ ...config, vocab_size: size + ADDED.length }),
  );
  const file = await openSafetensors(path.join(model, 'model.safetensors'));
  const tensors = [...file.tensors].flatMap(([name, { dtype, shape }]) => {
    if (dtype !== 'F32') return [];
    const words = name.endsWith('word_embeddings.weight');
    return [
      {
        ...{ name, dtype: 'F32' as const, shape: words ? [size + ADDED.length, shape[1]!] : shape },
        data: async () => {
          const values = await file.readFloat32(name);
          // New rows: those of some other words.
          return bytesOf(
            words
              ? Float32Array.from([
                  ...values,
                  ...values.subarray(2000 * shape[1]!, (2000 + ADDED.length) * shape[1]!),
                ])
              : values,
          );
        },
      },
    ];
  });
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  await file.close();
}

function table(rows: readonly Row[]): string {
  const cell = (found: z.infer<typeof compared> | undefined): string =>
    found === undefined
      ? ''
      : `${found.difference.toExponential(1)}${found.limit === null ? '' : ` (${found.limit.toPrecision(1)})`}`;
  return [
    '| model | target | loaded in | logits | scores | vectors | |',
    '| --- | --- | --- | ---: | ---: | ---: | --- |',
    ...rows.map(
      ({ model, target, consumer, logits, scores, vectors, passed }) =>
        `| ${[model, target, consumer, cell(logits), cell(scores), cell(vectors), passed ? 'equal' : '**differs**'].join(' | ')} |`,
    ),
  ].join('\n');
}

/** The same by model: what differs most, in each program that loads each target. */
function tableByModel(rows: readonly Row[]): string {
  const column = ({ target, consumer }: Row): string => `${target} in ${consumer}`;
  const columns = [...new Set(rows.map(column))];
  const cells = [...Map.groupBy(rows, ({ model }) => model)].map(([model, own]) => {
    const differences = columns.map((name) => {
      const row = own.find((row) => column(row) === name);
      const found = row && [row.logits, row.vectors, row.scores].find((kind) => kind && kind.limit !== null);
      if (!found) return row && !row.passed ? '**failed**' : '';
      const words = row.heard.length > 0 ? ' (warns)' : '';
      return row.passed
        ? found.difference.toExponential(1)
        : `**${found.difference.toExponential(1)}**${words}`;
    });
    return [model, ...differences];
  });
  const lines = [['', ...columns], ['---', ...columns.map(() => '---:')], ...cells];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** The sample and what is made of it. */
async function checkSample(scratch: string, python: string): Promise<Row[]> {
  const adapter = path.join(project, '.demo/adapter');
  const demo = z
    .object({ model: z.string() })
    .parse(JSON.parse(await readFile(path.join(project, '.demo/demo.json'), 'utf8')));
  const [base, merged] = [path.join(scratch, 'added-tokens'), path.join(scratch, 'merged')];
  await withAddedTokens(demo.model, base);
  await graft('merge', '--model', base, '--adapter', adapter, '--output', merged, '--overwrite');
  const subjects: Subject[] = [
    { name: "the sample's adapter", model: demo.model, adapter },
    { name: 'MiniLM, embedding folder', model: demo.model, vectors: 'own' },
    { name: 'merged, vocab.txt with added tokens', model: merged, origin: { model: base, adapter } },
  ];
  const rows: Row[] = [];
  for (const [i, subject] of subjects.entries())
    rows.push(...(await check(subject, path.join(scratch, String(i)), python)));
  return rows;
}

/** Vectors of reviews, of a folder as sentence-transformers keeps it. */
async function checkSentences(model: string, scratch: string, python: string): Promise<Row[]> {
  const file = path.join(options.data, 'electronics-reviews-test.csv');
  const { examples } = await readExamples(file, { textColumn: 'text', textOnly: true });
  const chosen = selectRows(examples.length, { shuffle_seed: 42, count: 200 });
  const texts = Array.from(chosen, (row) => examples[row]!.text);
  const name = `${path.basename(model)}, ${texts.length} reviews`;
  return check({ name, model, vectors: 'own', texts }, path.join(scratch, 'sentences'), python);
}

/** A small random encoder of each type: adapters of both sides on it, exports, vectors. */
async function checkArchitectures(types: string[], scratch: string, python: string): Promise<Row[]> {
  const texts = path.join(scratch, 'texts.json');
  await writeFile(texts, JSON.stringify(TEXTS));
  const targetsOf = (type: string): readonly string[] =>
    architectures.find(({ modelTypes }) => modelTypes.includes(type))!.names.attention;
  const named = types.map((type) => `${type}=${targetsOf(type).join()}`);
  const golden = path.join(project, 'fixtures/golden/seed1');
  const script = path.join(reference, 'make_architectures.py');
  await run(python, [script, '--golden', golden, '--texts', texts, '--output', scratch, ...named]);
  const data = path.join(scratch, 'train.jsonl');
  const labelled = TEXTS.map((text, i) => JSON.stringify({ text, label: `label ${i % 5}` }));
  await writeFile(data, labelled.join('\n'));
  const rows: Row[] = [];
  for (const type of types) {
    const row = { target: 'all', consumer: 'Graft', texts: 0, passed: false };
    const own = await checkArchitecture(type, path.join(scratch, type), { data, python }).catch(
      (error: unknown) => [{ model: type, ...row, heard: [String(error)] }],
    );
    rows.push(...own);
    // What has been found is kept, whatever becomes of the rest.
    console.error(tableByModel(own));
  }
  return rows;
}

async function checkArchitecture(
  type: string,
  folder: string,
  { data, python }: { data: string; python: string },
): Promise<Row[]> {
  const { names, unknownTo = [] } = architectures.find(({ modelTypes }) => modelTypes.includes(type))!;
  const model = path.join(folder, 'model');
  const { logits, max_length: longest } = z
    .object({ logits: z.array(z.array(z.number())), max_length: z.number() })
    .parse(JSON.parse(await readFile(path.join(folder, 'expected.json'), 'utf8')));
  const ofPeft = ['--adapter', path.join(folder, 'adapter'), '--max-length', String(longest)];
  const found = await logitsOf('--model', model, ...ofPeft, '--input', data);
  const differences = found.flatMap((row, i) => row.map((value, k) => Math.abs(value - logits[i]![k]!)));
  const largest = { difference: Math.max(...differences), limit: 1e-4 };
  const row = { target: "PEFT's adapter", consumer: 'Graft', texts: found.length, heard: [] };
  const rows: Row[] = [{ model: type, ...row, passed: largest.difference <= largest.limit, logits: largest }];

  const adapter = path.join(folder, 'trained');
  const lora = { peft_type: 'LORA', task_type: 'SEQ_CLS', r: 4, lora_alpha: 8 };
  const config = {
    model,
    data: { train: data, eval: data, max_length: SMALL_LENGTH },
    adapter: { ...lora, target_modules: names.attention },
    training: { num_train_epochs: 2, learning_rate: 1e-2, per_device_train_batch_size: 4 },
  };
  const file = path.join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config));
  await graft('train', '--config', file, '--output', adapter, '--json');
  const subject: Subject = { name: type, model, adapter, maxLength: SMALL_LENGTH, unknownTo };
  rows.push(...(await check(subject, path.join(folder, '0'), python)));
  const first = await check({ ...subject, vectors: 'cls' }, path.join(folder, '1'), python);
  return [...rows, ...first.map((row) => ({ ...row, target: `${row.target}, first token` }))];
}

const scratch = path.resolve(options.keep ?? (await mkdtemp(path.join(os.tmpdir(), 'graft-consumers-'))));
try {
  await mkdir(scratch, { recursive: true });
  const python = await referencePython();
  const all = architectures.flatMap(({ modelTypes }) => modelTypes);
  const types = options.architectures === 'all' ? all : options.architectures?.split(',');
  const { sentences } = options;
  const rows = types
    ? await checkArchitectures(types, scratch, python)
    : sentences === undefined
      ? await checkSample(scratch, python)
      : await checkSentences(path.resolve(sentences), scratch, python);
  const text = types ? tableByModel(rows) : table(rows);
  console.log(text);
  for (const { model, target, consumer, heard } of rows)
    for (const words of heard) console.error(`${model}, ${target} in ${consumer}: ${words}`);
  if (options.record) {
    const of =
      'Largest differences between what Graft answers before the export and what the named program answers from the exported folder';
    const twelve = `${of}, on ${TEXTS.length} texts (several scripts, added tokens, one beyond the length limit)`;
    const [title, arguments_, about] = types
      ? [
          'Each architecture in the programs that it is for',
          `--architectures ${options.architectures} `,
          `${twelve}: a small random encoder of each type, an adapter trained by Graft on it, and one trained by PEFT that Graft answers with. Logits or vectors; of int8, and in transformers.js, the scores. A folder that transformers, PEFT or sentence-transformers warns of while loading fails; onnxruntime and TensorFlow are asked padded batches of 1, 3 and 8 texts.`,
        ]
      : sentences === undefined
        ? [
            'Exports in the programs that they are for',
            '',
            `${twelve}; the limit in brackets. Scores: what a pipeline gives with nothing said, or the softmax of the logits. transformers.js is asked the texts within the limit: beyond it, it cuts behind the special tokens.`,
          ]
        : [
            'Vectors of a sentence-transformers folder',
            `--sentences ${path.basename(sentences)} `,
            `${of}, and from the folder itself (its source); the limit in brackets.`,
          ];
    const command = `node bench/consumers.ts ${arguments_}--record`;
    appendFileSync(
      path.join(project, 'bench/RESULTS.md'),
      `\n## ${title}\n\n${await describeMachine(python, project)}\n- \`${command}\`\n\n${about}\n\n${text}\n`,
    );
  }
  if (rows.some(({ passed }) => !passed)) process.exitCode = 1;
} finally {
  if (options.keep === undefined) await rm(scratch, { recursive: true, force: true });
}
