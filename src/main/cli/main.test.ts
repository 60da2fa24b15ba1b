import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorSchema, graft, type Run } from './test-support.ts';

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
    [
      ['predict', '--model', 'x', '--input', '-', '--precision', 'fp16'],
      'Allowed choices are fp32, tf32, bf16.',
    ],
    [['inspect'], 'Nothing to inspect: give --model M, --adapter A or --data FILE.'],
    [['export', '--model', 'x', '--format', 'pdf', '--output', 'y'], 'Allowed choices are hf, peft, onnx'],
    [['verify'], "Missing required argument 'dir'."],
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
