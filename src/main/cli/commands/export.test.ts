import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { golden, graft } from '../test-support.ts';

it('graft export takes no folder for a hub id, and is called as its output', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'graft-export-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const output = join(dir, 'stars');
  const given = ['--model', 'models/bert', '--adapter', 'adapters/lora-qv', '--format', 'peft'];
  const { status } = await graft(['export', ...given, '--output', `${output}/`], '', golden);
  expect(status).toBe(0);
  const config: unknown = JSON.parse(await readFile(join(output, 'adapter_config.json'), 'utf8'));
  expect(config).toMatchObject({ base_model_name_or_path: 'bert' });
  expect(await readFile(join(output, 'verification.json'), 'utf8')).not.toContain(golden);
  const card = await readFile(join(output, 'README.md'), 'utf8');
  expect(card).toContain('# stars\n');
  expect(card).not.toContain('base_model:');
}, 60_000);
