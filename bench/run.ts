/** `npm run bench -- job|step|eval`: Graft and PyTorch + PEFT in turn, as processes of their own. Judges nothing. */
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { asPublishedText } from './as-published.ts';
import { runChild } from './child.ts';
import { describeMachine } from './machine.ts';
import { asPublished, evalMeasure, jobMeasure, stepMeasure, type Setting } from './measures.ts';
import { runPairs } from './pairs.ts';
import { benchCache, referencePython, visibly } from './reference-python.ts';
import { readModelConfig } from '../src/main/engine/formats/model-config.ts';
import { architectureOf, architectures } from '../src/main/engine/models/architectures.ts';
import { precisions, type Precision } from '../src/shared/settings/training.ts';
import { stepTable, table, type Measured, type MeasuredSteps } from './report.ts';

const projectDir = fileURLToPath(new URL('..', import.meta.url));
const say = (text: string) => void process.stderr.write(`${text}\n`);

const optionsSchema = z.object({
  model: z.string(),
  data: z.string(),
  runs: z.number(),
  precision: z.enum([...precisions, 'both']),
  length: z.enum(['128', '512', 'both']),
  architecture: z.string(),
  steps: z.number(),
  warmUp: z.number(),
  rows: z.number(),
  publishedRows: z.number(),
  json: z.string().optional(),
  record: z.boolean(),
});
type Options = z.infer<typeof optionsSchema>;

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It takes a whole number, ${least} or more.`);
    }
    return value;
  };
}

function oneOrBoth<Value extends string>(chosen: Value | 'both', all: Value[]): Value[] {
  return chosen === 'both' ? all : [chosen];
}

const types = architectures.flatMap(({ modelTypes }) => modelTypes);

const program = new Command('bench')
  .description(
    'Measures Graft beside PyTorch + PEFT on this machine: alternately, in one run, with the spread.',
  )
  .addArgument(new Argument('<what>', 'what to measure').choices(['job', 'step', 'eval']))
  .requiredOption(
    '--model <DIR>',
    'a checkpoint folder, or minilm or mpnet (fetched by npm run bench)',
    process.env['GRAFT_BENCH_MODEL'],
  )
  .option(
    '--data <DIR>',
    'the folder with electronics-reviews-{train,test}.csv',
    path.join(projectDir, '../shared/data'),
  )
  .option('--runs <N>', 'runs of each side', atLeast(1), 3)
  .addOption(
    new Option('--precision <P>', 'of both sides; both: fp32 and bf16; tf32 differs from fp32 on a GPU only')
      .choices([...precisions, 'both'])
      .default('both'),
  )
  .addOption(new Option('--length <N>', 'step: tokens a row').choices(['128', '512', 'both']).default('both'))
  .addOption(
    new Option(
      '--architecture <NAME>',
      'step: whose base checkpoint has the size of the model (random weights)',
    )
      .choices([...types, 'all'])
      .default('bert'),
  )
  .option('--steps <N>', 'step: measured steps a run', atLeast(1), 6)
  .option('--warm-up <N>', 'step: steps before them', atLeast(0), 2)
  .option('--rows <N>', 'job, eval: rows to train on and to evaluate', atLeast(1), 1000)
  .option('--published-rows <N>', 'job: rows for the script as published (0: leave it out)', atLeast(0), 96)
  .option('--json <FILE>', 'write every run to FILE')
  .option('--record', 'append the result to bench/RESULTS.md', false)
  .addHelpText(
    'after',
    '\nGRAFT_BENCH_PYTHON names a ready Python; otherwise one is set up in the cache (gigabytes).',
  )
  .action((what: string, options: unknown) => bench(what, optionsSchema.parse(options)));

async function bench(what: string, options: Options): Promise<void> {
  if (!existsSync(path.join(options.model, 'config.json'))) {
    throw new Error(`${options.model} is no model folder: it has no config.json. Name one with --model.`);
  }
  if (what !== 'step' && !existsSync(path.join(options.data, 'electronics-reviews-train.csv'))) {
    throw new Error(`${options.data} has no electronics-reviews-train.csv. Name its folder with --data.`);
  }
  const python = await referencePython();
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'graft-bench-'));
  const paths = { model: path.resolve(options.model), data: path.resolve(options.data) };
  const config = path.join(paths.model, 'config.json');
  const { names } = architectureOf(await readModelConfig(paths.model), config);
  const setting: Setting = { python, scratch, ...paths, targets: names.attention };
  try {
    const machine = await describeMachine(python, projectDir);
    const { measured, text } = await measure(what, setting, options);
    const report = `## ${what}\n\n${machine}\n\n${text}\n`;
    process.stdout.write(report);
    if (options.json !== undefined) {
      const runs = measured.map(({ title, pairs }) => ({ title, pairs }));
      writeFileSync(options.json, `${JSON.stringify({ what, machine, options, measured: runs }, null, 2)}\n`);
    }
    if (options.record) appendFileSync(path.join(projectDir, 'bench/RESULTS.md'), `\n${report}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function measure(
  what: string,
  setting: Setting,
  options: Options,
): Promise<{ measured: Measured[]; text: string }> {
  const chosen = oneOrBoth<Precision>(options.precision, ['fp32', 'bf16']);
  if (what === 'job') return measureJob(setting, options, chosen);
  if (what === 'step') return measureSteps(setting, options, chosen);
  const measured: Measured[] = [];
  for (const precision of chosen)
    measured.push(await runPairs(evalMeasure(setting, precision, options.rows), options.runs, say));
  return { measured, text: measured.map(table).join('\n\n') };
}

async function measureJob(setting: Setting, options: Options, chosen: Precision[]) {
  const measured: Measured[] = [];
  for (const precision of chosen) {
    measured.push(await runPairs(jobMeasure(setting, precision, options.rows), options.runs, say));
  }
  const sections = measured.map(table);
  const rows = Math.min(options.publishedRows, options.rows);
  if (rows > 0) {
    const published = await runChild(asPublished(setting, rows));
    say(`As published, ${rows} rows: ${published.wholeSeconds.toFixed(1)} s`);
    sections.push(asPublishedText(published, rows, options.rows, measured[0]!));
  }
  return { measured, text: sections.join('\n\n') };
}

/** One table a measure; of all architectures one row each, every side at its better precision. */
async function measureSteps(given: Setting, options: Options, chosen: Precision[]) {
  const { architecture: named, steps, warmUp, runs } = options;
  const isAll = named === 'all';
  const lengths = oneOrBoth(options.length, ['128', '512']).map(Number);
  const measured: Measured[] = [];
  const rows: MeasuredSteps[] = [];
  for (const type of isAll ? types : [named]) {
    const model = path.join(benchCache(), `${type}-base`);
    if (!existsSync(path.join(model, 'config.json'))) {
      const script = path.join(projectDir, 'bench/reference/make_base.py');
      await visibly({ file: given.python, args: [script, '--architecture', type, '--output', model] });
    }
    const architecture = architectures.find(({ modelTypes }) => modelTypes.includes(type))!;
    const setting = { ...given, model, targets: architecture.names.attention };
    for (const length of lengths) {
      const own: Measured[] = [];
      for (const precision of chosen) {
        const how = { precision, length, steps, warmUp };
        const measure = stepMeasure(setting, architecture.title, how);
        own.push(await runPairs(measure, runs, say));
      }
      measured.push(...own);
      rows.push({ type, length, precisions: chosen, measured: own });
      // What has been measured is kept, whatever becomes of the rest.
      if (isAll) say(stepTable(rows.slice(-1)));
    }
  }
  return { measured, text: isAll ? stepTable(rows) : measured.map(table).join('\n\n') };
}

program.exitOverride((error) => {
  process.exit(error.exitCode === 0 ? 0 : 2);
});
try {
  await program.parseAsync();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
