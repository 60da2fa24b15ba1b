/**
 * Exports three models to every target and lets the programs that the targets are for answer from them: transformers,
 * PEFT, sentence-transformers, onnxruntime, TensorFlow and transformers.js, against what Graft answers before the export.
 *
 *     node bench/consumers.ts [--record] [--keep DIR]
 *
 * The models: the sample's adapter (npm run demo makes it); the checkpoint below it as a sentence-transformers folder;
 * the two merged over a base whose tokenizer is a vocab.txt with added tokens. GRAFT_BENCH_PYTHON names the Python with
 * the reference libraries, GRAFT_BENCH_TENSORFLOW one with TensorFlow where the first lacks it.
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
import { bytesOf } from '../src/main/engine/formats/dtype.ts';
import { openSafetensors } from '../src/main/engine/formats/safetensors.ts';
import { writeSafetensors } from '../src/main/engine/formats/write-safetensors.ts';
import { describeMachine } from './machine.ts';
import { referencePython } from './reference-python.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const reference = path.join(project, 'bench/reference');
const run = promisify(execFile);
const { values: options } = parseArgs({ options: { record: { type: 'boolean' }, keep: { type: 'string' } } });

const adapter = path.join(project, '.demo/adapter');
const demo = z
  .object({ model: z.string() })
  .parse(JSON.parse(await readFile(path.join(project, '.demo/demo.json'), 'utf8')));
const ADDED = ['[USER]', '<product>', 'zürich-west'];
const TEXTS = [
  ...FIXED_TEXTS,
  '[USER] bought <product> in Zürich-West.',
  '<product><product> zürich-west [USER]s [user] end',
  'word '.repeat(700),
];

const compared = z.object({ difference: z.number(), limit: z.number().nullable() });
const rowSchema = z.object({
  target: z.string(),
  consumer: z.string(),
  texts: z.number(),
  passed: z.boolean(),
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
  /** A bare encoder has only vectors. */
  headless?: true;
}

async function check(subject: Subject, place: string, python: string): Promise<Row[]> {
  await mkdir(place, { recursive: true });
  const input = path.join(place, 'texts.jsonl');
  await writeFile(input, TEXTS.map((text) => JSON.stringify({ text })).join('\n'));
  const of = (one: { model: string; adapter?: string }): string[] => [
    ...['--model', one.model],
    ...(one.adapter === undefined ? [] : ['--adapter', one.adapter]),
  ];
  const trained = subject.origin ?? subject;
  const from = of(trained);
  const ask = ['--input', input];
  const expected = path.join(place, 'expected.json');
  const logits = subject.headless
    ? null
    : lines(await graft('predict', ...from, ...ask)).map(
        (line) => z.object({ logits: z.array(z.number()) }).parse(line).logits,
      );
  const vectors = lines(await graft('embed', ...from, ...ask)).map(
    (line) => z.object({ embedding: z.array(z.number()) }).parse(line).embedding,
  );
  await writeFile(expected, JSON.stringify({ texts: TEXTS, logits, vectors }));
  const targets = targetKeys.filter((target) =>
    subject.headless ? target === 'embedding' : target !== 'peft' || trained.adapter !== undefined,
  );
  const output = path.join(place, 'exports');
  for (const target of targets) {
    const given = target === 'peft' ? trained : subject;
    await graft(
      'export',
      ...of(given),
      '--format',
      target,
      '--output',
      path.join(output, target),
      '--overwrite',
    );
  }
  const folders = targets.map((target) => path.join(output, target));
  const source = subject.headless ? ['--source', subject.model] : [];
  const script = [
    path.join(reference, 'check_exports.py'),
    '--json',
    '--expected',
    expected,
    '--base',
    trained.model,
    ...source,
  ];
  const others = process.env['GRAFT_BENCH_TENSORFLOW'];
  const inTensorFlow = others === undefined ? [] : folders.filter((folder) => folder.endsWith('savedmodel'));
  const onnx = folders.filter((folder) => path.basename(folder).startsWith('onnx'));
  const printed = [
    await answered(python, [...script, ...folders.filter((folder) => !inTensorFlow.includes(folder))]),
    ...(inTensorFlow.length === 0 ? [] : [await answered(others!, [...script, ...inTensorFlow])]),
    ...(onnx.length === 0
      ? []
      : [await answered(process.execPath, [path.join(reference, 'check_exports.mjs'), expected, ...onnx])]),
  ];
  return printed.flatMap(lines).map((line) => ({ ...rowSchema.parse(line), model: subject.name }));
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

const scratch = options.keep ?? (await mkdtemp(path.join(os.tmpdir(), 'graft-consumers-')));
try {
  const python = await referencePython();
  const [base, merged] = [path.join(scratch, 'added-tokens'), path.join(scratch, 'merged')];
  await withAddedTokens(demo.model, base);
  await graft('merge', '--model', base, '--adapter', adapter, '--output', merged, '--overwrite');
  const subjects: Subject[] = [
    { name: "the sample's adapter", model: demo.model, adapter },
    { name: 'MiniLM, embedding folder', model: demo.model, headless: true },
    { name: 'merged, vocab.txt with added tokens', model: merged, origin: { model: base, adapter } },
  ];
  const rows: Row[] = [];
  for (const [i, subject] of subjects.entries())
    rows.push(...(await check(subject, path.join(scratch, String(i)), python)));
  const text = table(rows);
  console.log(text);
  if (options.record) {
    const about =
      `Largest differences between what Graft answers before the export and what the named program answers from the exported folder, on ${TEXTS.length} texts ` +
      '(several scripts, added tokens, one beyond the length limit); the limit in brackets. Scores: what a pipeline gives with nothing said, or the softmax of the logits. transformers.js is asked the texts within the limit: beyond it, it cuts behind the special tokens.';
    appendFileSync(
      path.join(project, 'bench/RESULTS.md'),
      `\n## Exports in the programs that they are for\n\n${await describeMachine(python, project)}\n- \`node bench/consumers.ts --record\`\n\n${about}\n\n${text}\n`,
    );
  }
  if (rows.some(({ passed }) => !passed)) process.exitCode = 1;
} finally {
  if (options.keep === undefined) await rm(scratch, { recursive: true, force: true });
}
