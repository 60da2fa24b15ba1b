import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applySetting, readConfigFile } from './config-file.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'graft-config-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(dir, name), text);
  return join(dir, name);
}

describe('readConfigFile', () => {
  it('reads the same config from JSON and from YAML', async () => {
    const json = await file('a.json', '{"training": {"learning_rate": 1e-3, "eval_strategy": "no"}}');
    const yaml = await file('a.yaml', 'training:\n  learning_rate: 1e-3\n  eval_strategy: no\n');
    expect(await readConfigFile(yaml)).toEqual(await readConfigFile(json));
  });

  it('names the file and the place of a syntax error', async () => {
    await expect(readConfigFile(await file('b.json', '{"a": 1,}'))).rejects.toThrow(
      /b\.json is not well-formed: .*position 8/,
    );
    await expect(readConfigFile(await file('b.yaml', 'a: [1'))).rejects.toThrow(
      /b\.yaml is not well-formed: .*line 1/,
    );
  });

  it('says that a file is missing', async () => {
    await expect(readConfigFile(join(dir, 'none.json'))).rejects.toMatchObject({ code: 'files/missing' });
  });
});

describe('applySetting', () => {
  it('sets JSON values and texts, making objects on the way', () => {
    const config: Record<string, unknown> = { training: { seed: 1 } };
    applySetting(config, 'training.learning_rate=1e-3');
    applySetting(config, 'data.train=rows.csv');
    applySetting(config, 'adapter.target_modules=["query","value"]');
    applySetting(config, 'model=a=b');
    expect(config).toEqual({
      training: { seed: 1, learning_rate: 1e-3 },
      data: { train: 'rows.csv' },
      adapter: { target_modules: ['query', 'value'] },
      model: 'a=b',
    });
  });

  it.each(['training.seed', '=1', 'a..b=1', '__proto__.x=1'])('refuses %s', (assignment) => {
    expect(() => applySetting({}, assignment)).toThrow('is not of the form path=value');
  });

  it('refuses to set a field of something that is not an object', () => {
    expect(() => applySetting({ model: 'x' }, 'model.name=1')).toThrow(
      '"model" in the config is not an object',
    );
  });
});
