import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { ExportTarget } from '../../../shared/contract/exports.ts';
import { exported, importedBackend } from '../exports/test-support.ts';

const text = 'great food, slow service';

it('each export answers as the adapter that it was made of; only those of our engine explain it', async () => {
  const backend = await importedBackend();
  const folder = path.join(backend.dir, 'out');
  const { export: made } = await exported(backend, folder, ['peft', 'onnx', 'savedmodel']);
  const { id } = backend.source;
  const adapter = { kind: 'adapter', id } as const;
  const { answer } = await backend.call('playground/answer', { answerer: adapter, text });
  const { choices } = await backend.call('playground/choices', {});
  const of = (target: ExportTarget) => ({ kind: 'export', id: made.id, target }) as const;
  expect(
    choices.flatMap(({ answerer }) => (answerer.kind === 'export' ? [answerer.target] : [])).sort(),
  ).toEqual(['onnx', 'peft', 'savedmodel']);
  expect(choices.find(({ answerer }) => answerer.kind === 'adapter')).toMatchObject({
    adapterId: id,
    textPair: null,
  });
  for (const target of ['peft', 'onnx', 'savedmodel'] as const) {
    const found = await backend.call('playground/answer', { answerer: of(target), text });
    expect(found.answer.labels).toEqual(answer.labels);
    expect(found.answer.tokens).toBe(answer.tokens);
    found.answer.probabilities.forEach((value, i) => expect(value).toBeCloseTo(answer.probabilities[i]!, 4));
    const pair = { text: 'great', textPair: 'slow' };
    const pairs = await Promise.all(
      [adapter, of(target)].map((answerer) => backend.call('playground/answer', { answerer, ...pair })),
    );
    pairs[1]!.answer.probabilities.forEach((value, i) =>
      expect(value).toBeCloseTo(pairs[0]!.answer.probabilities[i]!, 4),
    );
  }
  const label = answer.labels[0]!;
  const explained = await backend.call('playground/attribute', { answerer: of('peft'), text, label });
  expect(explained.attribution.tokens.length).toBe(answer.tokens);
  await expect(
    backend.call('playground/attribute', { answerer: of('onnx'), text, label }),
  ).rejects.toMatchObject({ fault: { code: 'playground/no-attributions' } });

  // An export has files of its own.
  await rm((await backend.call('adapters/read', { id })).adapter.folder, { recursive: true });
  const alone = await backend.call('playground/answer', { answerer: of('peft'), text });
  expect(alone.answer.labels).toEqual(answer.labels);
  await expect(backend.call('playground/answer', { answerer: adapter, text })).rejects.toMatchObject({
    fault: { code: 'adapters/gone' },
  });

  await rm(path.join(folder, 'onnx'), { recursive: true });
  await expect(backend.call('playground/answer', { answerer: of('onnx'), text })).rejects.toMatchObject({
    fault: { code: 'playground/gone' },
  });
});

it('a base that changed since training is refused, with what differs', async () => {
  const backend = await importedBackend();
  const answerer = { kind: 'adapter', id: backend.source.id } as const;
  await backend.call('playground/answer', { answerer, text });
  const weights = path.join(backend.modelFolder, 'model.safetensors');
  const bytes = await readFile(weights);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(weights, bytes);
  await expect(backend.call('playground/answer', { answerer, text })).rejects.toMatchObject({
    fault: { code: 'adapters/base-changed' },
  });
  await rm(backend.modelFolder, { recursive: true });
  await expect(backend.call('playground/answer', { answerer, text })).rejects.toMatchObject({
    fault: { code: 'adapters/base-gone' },
  });
});
