import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../engine/formats/test-support.ts';
import { ended, errorSchema, golden, graft, startGraft } from '../test-support.ts';

const model = join(golden, 'models/bert');
const startedSchema = z.object({ address: z.string(), labels: z.array(z.string()) });

/** A server on a free port, as soon as it says where it is. */
async function served(...args: string[]) {
  const child = startGraft(['serve-model', ...args, '--port', '0', '--json']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const run = ended(child);
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    run.then(({ stdout, stderr }) => Promise.reject(new Error(stdout + stderr))),
  ])) as [string];
  return { child, run, ...startedSchema.parse(JSON.parse(line)) };
}

async function predict(address: string, text: string): Promise<{ label: string; score: number }> {
  const response = await fetch(`${address}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  });
  const schema = z.object({ predictions: z.array(z.object({ label: z.string(), score: z.number() })) });
  return schema.parse(await response.json()).predictions[0]!;
}

describe('serve-model', () => {
  it('answers as predict does, for a model and for an adapter on its base, until it is ended', async () => {
    const adapter = join(golden, 'adapters/lora-qv');
    const server = await served(adapter, '--model', model);
    const found = await predict(server.address, 'great food');
    expect(server.labels).toContain(found.label);
    const { stdout } = await graft(
      ['predict', '--model', model, '--adapter', adapter, '--input', '-'],
      'great food',
    );
    const expected = z.object({ label: z.string(), score: z.number() }).parse(JSON.parse(stdout));
    expect(found.label).toBe(expected.label);
    expect(found.score).toBeCloseTo(expected.score, 5);
    server.child.kill('SIGTERM');
    expect((await server.run).status).toBe(0);
  });

  it('finds the base of an adapter beside it by its name, and where an older adapter says', async () => {
    const folder = await temporaryFolder();
    await cp(model, join(folder, 'bert'), { recursive: true });
    for (const named of ['bert', model]) {
      const adapter = join(folder, 'stars');
      await cp(join(golden, 'adapters/lora-qv'), adapter, { recursive: true });
      const file = join(adapter, 'adapter_config.json');
      const config: unknown = JSON.parse(await readFile(file, 'utf8'));
      await writeFile(file, JSON.stringify({ ...(config as object), base_model_name_or_path: named }));
      const { status, stdout } = await graft(['inspect', '--adapter', adapter, '--json']);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ adapter: { trainable: expect.any(Number) as number } });
    }
  });

  it('says what is missing: a folder, a model in it, which of several, the base of an adapter', async () => {
    const folder = await temporaryFolder();
    const refused = async (...args: string[]) => {
      const { status, stdout } = await graft(['serve-model', ...args, '--json']);
      expect(status).toBe(1);
      return errorSchema.parse(JSON.parse(stdout)).error;
    };
    expect(await refused(join(folder, 'nothing'))).toMatchObject({ code: 'files/missing' });
    expect(await refused(folder)).toMatchObject({ code: 'serving/nothing' });
    for (const name of ['hf', 'onnx']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'config.json'), '{}');
    }
    const several = await refused(folder);
    expect(several.code).toBe('serving/several');
    expect(several.remedy).toContain(join(folder, 'onnx'));
    const alone = join(folder, 'alone');
    await mkdir(alone);
    for (const named of ['/another/machine', 'a-folder']) {
      await writeFile(join(alone, 'adapter_config.json'), JSON.stringify({ base_model_name_or_path: named }));
      const needed = await refused(alone);
      expect(needed.code).toBe('export/base-needed');
      expect(needed.message).toContain(named);
    }
  });
});
