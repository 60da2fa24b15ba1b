import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const main = resolve(import.meta.dirname, 'main.ts');
const golden = resolve(import.meta.dirname, '../../../fixtures/golden/seed1');
const tokenizerFolder = join(golden, 'tokenizer');
const errorSchema = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() }),
});

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the real command line, as a shell would. */
function graft(args: string[], input = '', cwd?: string): Promise<Run> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [main, ...args], { cwd });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', fail).on('close', (status) => done({ status, stdout, stderr }));
    child.stdin.end(input);
  });
}

function lines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'graft-cli-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('help', () => {
  it('lists every command with a sentence', async () => {
    const { status, stdout } = await graft(['--help']);
    expect(status).toBe(0);
    for (const command of [
      'train',
      'eval',
      'predict',
      'embed',
      'tokenize',
      'merge',
      'export',
      'inspect',
      'doctor',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} \\[options\\] +[A-Z]`, 'm'));
    }
  });

  it.each(['train', 'eval', 'predict', 'embed', 'tokenize', 'merge', 'export', 'inspect', 'doctor'])(
    'of %s has an example, --json and --workspace, and does not load TensorFlow',
    async (command) => {
      const { status, stdout, stderr } = await graft([command, '--help']);
      expect(status).toBe(0);
      expect(stdout).toContain(`  graft ${command} --`);
      expect(stdout).toContain('--json');
      expect(stdout).toContain('--workspace');
      expect(stderr).toBe('');
    },
  );

  it('of train explains every training setting with its default', async () => {
    const { stdout } = await graft(['train', '--help']);
    expect(stdout).toMatch(/learning_rate +0\.00005 +Size of the first step/);
    expect(stdout).toMatch(/lr_scheduler_kwargs\.num_cycles +0\.5/);
    expect(stdout).toMatch(/text_column +"text"/);
  });
});

describe('wrong usage', () => {
  it.each([
    [[], 'A command is missing.'],
    [['trian'], 'Unknown command'],
    [['tokenize', '--model', 'x'], "Required option '--input <FILE>' not specified."],
    [['tokenize', '--model', 'x', '--input', '-', '--pading', 'none'], 'Did you mean --padding?'],
    [
      ['tokenize', '--model', 'x', '--input', '-', '--max-length', '0'],
      'It takes a whole number, 1 or more.',
    ],
    [['predict', '--model', 'x', '--input', '-', '--precision', 'fp16'], 'Allowed choices are fp32, bf16.'],
    [['inspect'], 'Nothing to inspect: give --model M, --adapter A or --data FILE.'],
    [['serve'], 'comes with the window'],
    [['export', '--model', 'x', '--format', 'onnx', '--output', 'y'], '--format onnx comes later'],
  ])('%j exits with 2 and says what is wrong', async (args, message) => {
    const { status, stdout, stderr } = await graft(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('is one JSON object on stdout with --json', async () => {
    const { status, stdout } = await graft(['tokenize', '--json']);
    expect(errorSchema.parse(JSON.parse(stdout)).error.code).toBe('cli/usage');
    expect(status).toBe(2);
  });
});

describe('train', () => {
  const config = {
    model: 'no-such-model',
    data: { train: 'train.csv' },
    adapter: { peft_type: 'LORA' },
    output_dir: 'out',
  };

  async function trainWith(training: Record<string, unknown>, ...args: string[]): Promise<Run> {
    await writeFile(join(dir, 'run.json'), JSON.stringify({ ...config, training }));
    return graft(['train', '--config', 'run.json', ...args], '', dir);
  }

  it('refuses an unknown setting, naming the file, the key and the nearest name', async () => {
    const { status, stderr } = await trainWith({ lerning_rate: 1 });
    expect(stderr).toBe('run.json: training.lerning_rate is not a setting.\nDid you mean learning_rate?\n');
    expect(status).toBe(2);
  });

  it('applies --set before it checks', async () => {
    const { stdout, status } = await trainWith({}, '--json', '--set', 'training.learning_rate="fast"');
    expect(errorSchema.parse(JSON.parse(stdout)).error.message).toContain('training.learning_rate is "fast"');
    expect(status).toBe(2);
    expect((await trainWith({}, '--set', 'seed')).stderr).toContain(
      '--set seed is not of the form path=value.',
    );
  });

  it('says which arguments have no effect', async () => {
    const { stderr } = await trainWith({ report_to: 'wandb' });
    expect(stderr).toContain('run.json: training.report_to has no effect');
  });

  it('names a config that is missing or not well-formed', async () => {
    const missing = await graft(['train', '--config', join(dir, 'none.json')]);
    expect(missing.stderr).toContain('none.json does not exist.');
    expect(missing.status).toBe(1);
    await writeFile(join(dir, 'bad.yaml'), 'model: [x');
    const bad = await graft(['train', '--config', join(dir, 'bad.yaml'), '--json']);
    expect(errorSchema.parse(JSON.parse(bad.stdout)).error.code).toBe('cli/config-syntax');
    expect(bad.status).toBe(1);
  });

  it('needs an output folder', async () => {
    await writeFile(join(dir, 'no-output.json'), JSON.stringify({ ...config, output_dir: null }));
    const { stderr, status } = await graft(['train', '--config', join(dir, 'no-output.json')]);
    expect(stderr).toContain('no-output.json names no output folder.');
    expect(status).toBe(2);
  });
});

const goldenCases = z.array(
  z.object({
    text: z.string(),
    pair: z.string().nullable(),
    options: z.object({
      max_length: z.number().optional(),
      padding: z.union([z.literal(false), z.string()]),
    }),
    input_ids: z.array(z.number()),
    attention_mask: z.array(z.number()),
    token_type_ids: z.array(z.number()),
  }),
);

describe('tokenize', () => {
  it('gives the ids of the reference for the golden texts, in order, from JSON Lines on stdin', async () => {
    const all = goldenCases.parse(JSON.parse(await readFile(join(golden, 'tokenization.json'), 'utf8')));
    const cases = all.filter((one) => one.options.max_length === 64 && one.options.padding === false);
    expect(cases.length).toBeGreaterThan(5);
    const input = cases.map(({ text, pair }) =>
      JSON.stringify({ text, ...(pair !== null && { text_pair: pair }) }),
    );
    const { status, stdout } = await graft(
      ['tokenize', '--model', tokenizerFolder, '--input', '-', '--max-length', '64'],
      input.join('\n'),
    );
    expect(status).toBe(0);
    expect(lines(stdout)).toEqual(
      cases.map(({ input_ids, attention_mask, token_type_ids }) => ({
        input_ids,
        attention_mask,
        token_type_ids,
      })),
    );
  });

  it('pads as asked', async () => {
    const rowLengths = async (...args: string[]) => {
      const run = await graft(
        ['tokenize', '--model', tokenizerFolder, '--input', '-', ...args],
        'a\na b c d\n',
      );
      return lines(run.stdout).map(
        (line) => z.object({ input_ids: z.array(z.number()) }).parse(line).input_ids.length,
      );
    };
    const [short, long] = await rowLengths();
    expect(short).toBeLessThan(long!);
    expect(await rowLengths('--padding', 'longest')).toEqual([long, long]);
    expect(await rowLengths('--padding', 'max_length', '--max-length', '20')).toEqual([20, 20]);
  });

  it('prints one JSON object with --json, and writes a file with --output', async () => {
    const args = ['tokenize', '--model', tokenizerFolder, '--input', '-'];
    const collected = await graft([...args, '--json'], 'one\ntwo\n');
    const result = z.object({ status: z.string(), rows: z.number(), results: z.array(z.unknown()) });
    expect(result.parse(JSON.parse(collected.stdout))).toMatchObject({ status: 'finished', rows: 2 });

    const output = join(dir, 'ids.jsonl');
    const written = await graft([...args, '--json', '--output', output], 'one\ntwo\n');
    expect(JSON.parse(written.stdout)).toMatchObject({ output, rows: 2 });
    expect(lines(await readFile(output, 'utf8'))).toEqual(result.parse(JSON.parse(collected.stdout)).results);
  });

  it('leaves the old output file whole when a row is refused', async () => {
    const output = join(dir, 'kept.jsonl');
    await writeFile(output, 'old\n');
    const input = '{"text":"a"}\n{"body":"b"}\n';
    const { status, stderr } = await graft(
      ['tokenize', '--model', tokenizerFolder, '--input', '-', '--output', output],
      input,
    );
    expect(stderr).toContain('Row 2 of stdin has no text in column "text".');
    expect(status).toBe(1);
    expect(await readFile(output, 'utf8')).toBe('old\n');
  });

  it('ends quietly when its reader has enough', async () => {
    const child = spawn(process.execPath, [main, 'tokenize', '--model', tokenizerFolder, '--input', '-']);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined);
    child.stdout.once('data', () => child.stdout.destroy());
    child.stdin.end('a text\n'.repeat(20_000));
    const status = await new Promise((done) => child.on('close', done));
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('stops at Ctrl-C with what was done, exit 1', async () => {
    const child = spawn(process.execPath, [main, 'tokenize', '--model', tokenizerFolder, '--input', '-']);
    let stdout = '';
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stdout.once('data', () => child.kill('SIGINT'));
    // One batch and a row more, and stdin stays open: only the signal ends it.
    child.stdin.write('a text\n'.repeat(1025));
    const status = await new Promise((done) => child.on('close', done));
    expect(lines(stdout)).toHaveLength(1025);
    expect(stderr).toContain('Stopping after this step; what was done is kept.');
    expect(stderr).toContain('Stopped after 1025 rows.');
    expect(status).toBe(1);
  });
});

describe('inspect --data', () => {
  it('says columns, labels and lengths of a file', async () => {
    const file = join(dir, 'rows.csv');
    await writeFile(file, 'stars,text\n5,"good, very"\n1,bad\n5,fine\n');
    const { stdout, status } = await graft(['inspect', '--data', file, '--label-column', 'stars', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 3,
      columns: [
        { name: 'stars', filled: 3, distinct: 2 },
        { name: 'text', filled: 3, distinct: 3 },
      ],
      labels: {
        column: 'stars',
        counts: [
          { label: '1', rows: 1 },
          { label: '5', rows: 2 },
        ],
      },
      characters: { least: 3, median: 4, most: 10 },
      tokens: null,
    });
    const text = await graft([
      'inspect',
      '--data',
      file,
      '--label-column',
      'stars',
      '--model',
      tokenizerFolder,
    ]);
    expect(text.stdout).toContain('3 rows, 2 columns, csv');
    expect(text.stdout).toMatch(/^tokens +\d/m);
  });

  it('names a file that is missing', async () => {
    const { stdout, status } = await graft(['inspect', '--data', join(dir, 'none.csv'), '--json']);
    expect(errorSchema.parse(JSON.parse(stdout)).error.message).toContain('none.csv does not exist.');
    expect(status).toBe(1);
  });

  it('counts the sample of 5,574 messages', async () => {
    const sample = resolve(import.meta.dirname, '../../../resources/sample/sms-spam.tsv');
    expect(existsSync(sample)).toBe(true);
    const { stdout } = await graft(['inspect', '--data', sample, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 5574,
      labels: {
        counts: [
          { label: 'ham', rows: 4827 },
          { label: 'spam', rows: 747 },
        ],
      },
    });
  });
});
