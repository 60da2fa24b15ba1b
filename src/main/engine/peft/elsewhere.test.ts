import path from 'node:path';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { faultOf, golden, temporaryFolder, textOf } from '../formats/test-support.ts';
import { bytesOf } from '../formats/dtype.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { isUnder } from '../models/architecture.ts';
import { architectures } from '../models/architectures.ts';
import { openBaseModel } from '../models/base-model.ts';
import { walk } from '../models/module-tree.ts';
import { elements } from '../models/parameters.ts';
import { changedModel, goldenBert, openedModel } from '../models/test-support.ts';
import { adaptedValue, lostLayers, planAdapter, readAdapter, writeAdapter } from './adapter.ts';
import { changedAdapter, fieldsOf, goldenAdapter, loraFields } from './test-support.ts';

/** Adapters of PEFT on the golden models of all architectures that are trained here. */
const types = architectures
  .flatMap(({ modelTypes }) => modelTypes)
  .filter((type) => readdirSync(path.join(golden, 'seed1/models')).includes(type));
const model = (type: string): string => path.join(golden, 'seed1/models', type);
const adapter = (type: string, kind: string): string =>
  path.join(golden, 'seed1/arch-adapters', `${type}-${kind}`);

/** A model as a file of its encoder alone has it: without head, and without what stands between the two. */
async function bareModel(type: string): Promise<string> {
  const { architecture } = await openedModel(model(type));
  const isEncoder = (name: string): boolean =>
    name.startsWith(architecture.names.prefix) && !name.includes('pooler');
  return changedModel(
    {},
    (tensors) => {
      for (const name of tensors.keys()) if (!isEncoder(name)) tensors.delete(name);
    },
    model(type),
  );
}

/** What PEFT neither trains nor saves by itself, though a fresh checkpoint of the encoder lacks it. */
const lost: Readonly<Record<string, string[] | null>> = {
  bert: ['bert.pooler.dense'],
  roberta: null,
  'xlm-roberta': null,
  camembert: null,
  distilbert: null,
  electra: null,
  mpnet: null,
  albert: ['albert.pooler'],
  'deberta-v2': ['pooler.dense'],
  modernbert: ['head.dense', 'head.norm'],
};

describe.each(types)('an adapter that PEFT made on %s', (type) => {
  it('without targets has query and value; what its checkpoint lacks is always saved with it', async () => {
    const folder = await bareModel(type);
    const base = await openedModel(folder, { head: 'sequence', labelNames: ['ham', 'spam'] });
    const { config, method, saved } = planAdapter(
      base,
      { peft_type: 'LORA', task_type: 'SEQ_CLS' },
      'adapter',
    );
    expect(config['target_modules']).toEqual(base.architecture.names.attention);
    const given = await fieldsOf(path.join(adapter(type, 'qv'), 'adapter_config.json'));
    const chosen = planAdapter(base, { ...given, modules_to_save: null }, 'adapter');
    expect([...method.targets.keys()]).toEqual([...chosen.method.targets.keys()]);
    for (const name of base.newlyInitialized) expect(saved.map((spec) => spec.name)).toContain(name);
  });

  it('takes all-linear for every linear layer but the head and those that the checkpoint lacks', async () => {
    const base = await openedModel(await bareModel(type), { head: 'sequence', labelNames: ['ham', 'spam'] });
    const { method } = planAdapter(base, { ...loraFields, target_modules: 'all-linear' }, 'adapter');
    const linear = [...walk(base.tree)]
      .filter(({ node }) => node.type === 'Linear')
      .map((found) => found.path);
    const isLeftOut = (found: string): boolean =>
      isUnder(base.architecture.names.head, found) || base.newlyInitialized.includes(`${found}.weight`);
    expect([...method.targets.keys()]).toEqual(linear.filter((found) => !isLeftOut(found)));
  });

  it.each(['qv', 'all-linear'])('%s is read and written again as it was', async (kind) => {
    const base = await openedModel(model(type));
    const { plan, values } = await readAdapter(adapter(type, kind), base);
    const folder = await temporaryFolder();
    await writeAdapter(folder, base, plan, values);
    expect((await readAdapter(folder, base)).values).toEqual(values);
    expect(await lostLayers(folder, base)).toBeNull();
  });

  it('on a checkpoint without its layers is known to lack them, and is trained further alone', async () => {
    const labelNames = Array.from({ length: 5 }, (_, id) => `LABEL_${id}`);
    const base = await openedModel(await bareModel(type), { head: 'sequence', labelNames });
    const folder = adapter(type, 'qv');
    const modules = lost[type] ?? null;
    expect(await lostLayers(folder, base)).toEqual(modules && { modules, adapted: false });
    if (modules === null) return expect((await readAdapter(folder, base)).values.size).toBeGreaterThan(0);
    const refusal = textOf(await faultOf(() => readAdapter(folder, base)), folder);
    expect(refusal).toContain(`adapter_model.safetensors lacks ${modules.join(', ')}, and the checkpoint in`);
    expect(refusal).toContain('init_adapter');
    const { values } = await readAdapter(folder, base, 'left out');
    expect([...values.keys()].some((name) => isUnder(modules, name))).toBe(false);
    const all = adapter(type, 'all-linear');
    const adapted = await lostLayers(all, base);
    expect(adapted).toMatchObject({ modules, adapted: true });
    expect((await readAdapter(all, base, 'left out')).values.size).toBeGreaterThan(0);
  });
});

describe('an adapter made elsewhere', () => {
  it('with a head that PEFT put an adapter on is told as such', async () => {
    const folder = await changedAdapter('lora-qv', (tensors) => {
      const [, first] = [...tensors].find(([name]) => name.includes('lora_A'))!;
      tensors.set('base_model.model.classifier.lora_A.weight', first);
    });
    expect(textOf(await faultOf(async () => readAdapter(folder, await openedModel())), folder)).toMatch(
      /^adapter_model\.safetensors holds base_model\.model\.classifier\.lora_A\.weight: an adapter on the head itself/,
    );
  });

  it('whose modules_to_save names a head twice is read', async () => {
    const folder = await changedAdapter('lora-qv', () => undefined);
    const file = path.join(folder, 'adapter_config.json');
    const fields = await fieldsOf(file);
    await writeFile(
      file,
      JSON.stringify({ ...fields, modules_to_save: ['classifier', 'classifier', 'score'] }),
    );
    const base = await openedModel();
    expect((await readAdapter(folder, base)).values).toEqual(
      (await readAdapter(goldenAdapter('lora-qv'), base)).values,
    );
  });

  it('of the encoder alone, whose names lack the prefix, is that of the encoder in a model with a head', async () => {
    const folder = await changedAdapter('lora-qv', (tensors) => {
      for (const [key, tensor] of [...tensors]) {
        tensors.delete(key);
        if (key.includes('lora_')) tensors.set(key.replace('.bert.', '.'), tensor);
      }
    });
    const file = path.join(folder, 'adapter_config.json');
    const fields = await fieldsOf(file);
    await writeFile(
      file,
      JSON.stringify({ ...fields, task_type: 'FEATURE_EXTRACTION', modules_to_save: null }),
    );
    const bare = await openBaseModel(goldenBert(), { head: 'none' });
    const withHead = await openedModel();
    const name = 'encoder.layer.0.attention.self.query.weight';
    const expected = await adaptedValue(
      withHead,
      await readAdapter(goldenAdapter('lora-qv'), withHead),
      `bert.${name}`,
    );
    expect(await adaptedValue(bare, await readAdapter(folder, bare), name)).toEqual(expected);
    // With the prefix it is the same adapter to the bare encoder.
    const prefixed = await changedAdapter('lora-qv', (tensors) => {
      for (const key of [...tensors.keys()]) if (!key.includes('lora_')) tensors.delete(key);
    });
    await writeFile(
      path.join(prefixed, 'adapter_config.json'),
      JSON.stringify({ ...fields, task_type: 'FEATURE_EXTRACTION', modules_to_save: null }),
    );
    expect(await adaptedValue(bare, await readAdapter(prefixed, bare), name)).toEqual(expected);
    await bare.close();
  });

  it('by remote code of NomicBERT, with one layer for query, key and value, is that of the three', async () => {
    const base = await openedModel(path.join(golden, '../architectures/nomic_bert'), { head: 'none' });
    const fields = { ...loraFields, task_type: 'FEATURE_EXTRACTION' };
    const ours = planAdapter(base, { ...fields, target_modules: ['q_proj', 'k_proj', 'v_proj'] }, 'adapter');
    const random = new Pcg64(3);
    const values = new Map(
      ours.saved.map(({ name, shape }) => [
        name,
        Float32Array.from({ length: elements(shape) }, () => random.standardNormal()),
      ]),
    );
    const theirs: { name: string; shape: readonly number[]; data: Float32Array }[] = [];
    for (const { name, shape } of ours.saved.filter((spec) => spec.name.includes('.q_proj.'))) {
      const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((part) => name.replace('q_proj', part));
      const old = `base_model.model.encoder.${name.replace('self_attn.q_proj', 'attn.Wqkv')}`;
      if (name.includes('lora_A')) {
        for (const part of [k!, v!]) values.set(part, values.get(q!)!);
        theirs.push({ name: old, shape, data: values.get(q!)! });
      } else {
        const data = Float32Array.from([q!, k!, v!].flatMap((part) => [...values.get(part)!]));
        theirs.push({ name: old, shape: [3 * shape[0]!, shape[1]!], data });
      }
    }
    const folder = await temporaryFolder();
    await writeFile(
      path.join(folder, 'adapter_config.json'),
      JSON.stringify({ ...fields, target_modules: ['Wqkv'] }),
    );
    const tensors = theirs.map(({ name, shape, data }) => ({
      name,
      shape,
      dtype: 'F32' as const,
      data: () => bytesOf(data),
    }));
    await writeSafetensors(path.join(folder, 'adapter_model.safetensors'), tensors, { format: 'pt' });
    const read = await readAdapter(folder, base);
    expect(theirs.length).toBeGreaterThan(0);
    expect(read.values).toEqual(values);
    expect([...read.plan.method.targets]).toEqual([...ours.method.targets]);
  });
});
