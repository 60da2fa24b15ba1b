import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { golden } from '../formats/test-support.ts';
import { readModelConfig } from '../formats/model-config.ts';
import type { JobContext } from '../jobs.ts';
import { exportModel, judge, type ExportOptions } from './export-model.ts';
import { targetKeys } from './targets.ts';
import { verifyExport } from './verify-export.ts';

const model = path.join(golden, 'seed1/models/bert');
const adapter = path.join(golden, 'seed1/adapters/lora-qv');
const context: JobContext = { signal: new AbortController().signal, onEvent: () => undefined };

async function folder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'graft-export-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function made(target: ExportOptions['target'], change: Partial<ExportOptions> = {}) {
  const output = path.join(await folder(), 'out');
  const options = { model, adapter, output, target, overwrite: false, ...change };
  return { output, report: await exportModel(options, context) };
}

describe('an export', () => {
  it.each(targetKeys)('as %s is proven by a fresh process, and proven again later', async (target) => {
    const { output, report } = await made(target);
    expect(report.verification.outcome).toMatchObject({ passed: true, reason: null });
    expect(report.output).toBe(output);
    const again = await verifyExport(output, context, target === 'peft' ? model : undefined);
    expect(again).toMatchObject({ passed: true, problems: [] });
    expect(again.outcome?.largest_difference).toBeCloseTo(report.verification.outcome.largest_difference, 4);
  });

  it('whose byte was changed, or that lost or gained a file, is found out', async () => {
    const { output } = await made('onnx');
    const file = path.join(output, 'onnx/model.onnx');
    const handle = await open(file, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, 5000);
    await handle.write(Buffer.from([byte[0]! ^ 1]), 0, 1, 5000);
    await handle.close();
    expect((await verifyExport(output, context)).problems).toEqual([
      'onnx/model.onnx was changed: its SHA-256 is another one.',
    ]);
    await rm(file);
    await writeFile(path.join(output, 'extra.txt'), '');
    expect(await verifyExport(output, context)).toMatchObject({
      passed: false,
      problems: ['onnx/model.onnx is missing.', 'extra.txt was added.'],
    });
  });

  it('compares the accuracy on labelled rows, and is kept aside as failed where it loses too much', async () => {
    const rows = path.join(await folder(), 'rows.csv');
    const { id2label: labels } = await readModelConfig(adapter).catch(() => readModelConfig(model));
    const texts = Array.from({ length: 60 }, (_, i) => `row ${i} of a small table,${labels[i % 2]!}`);
    await writeFile(rows, `text,label\n${texts.join('\n')}\n`);
    const { report } = await made('onnx-int8', { verify: rows, labelColumn: 'label' });
    const { accuracy } = report.verification.outcome;
    expect(accuracy).toMatchObject({ rows: 60 });
    expect(accuracy!.reference.low).toBeLessThanOrEqual(accuracy!.reference.value);

    const failing = judge(
      'onnx-int8',
      Float32Array.of(1, 0, 1, 0),
      Float32Array.of(0, 1, 0, 1),
      [0, 0],
      2,
      1,
    );
    expect(failing).toMatchObject({
      passed: false,
      reason: 'It loses 100.0 points of accuracy; 1 may be lost.',
    });
    const nan = judge('onnx', Float32Array.of(1, 0), Float32Array.of(NaN, 0), null, 2, 1);
    expect(nan.passed).toBe(false);
  });

  it('into a folder that holds something is refused and leaves it as it was', async () => {
    const dir = await folder();
    await writeFile(path.join(dir, 'mine.txt'), 'mine');
    const options = { model, adapter, output: dir, target: 'onnx', overwrite: false } as const;
    await expect(exportModel(options, context)).rejects.toThrow(/exists/);
    expect(await readdir(dir)).toEqual(['mine.txt']);
  });

  it('that is stopped leaves nothing', async () => {
    const dir = await folder();
    const abort = new AbortController();
    const stopping: JobContext = {
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'progress' && event.done === 1) abort.abort();
      },
    };
    const output = path.join(dir, 'out');
    await expect(
      exportModel({ model, adapter, output, target: 'savedmodel', overwrite: false }, stopping),
    ).rejects.toThrow();
    expect(await readdir(dir)).toEqual([]);
  });

  it('without a proof is said to have none', async () => {
    await expect(verifyExport(model, context)).rejects.toThrow(/no verification\.json/);
    const { output } = await made('hf');
    expect(existsSync(path.join(output, 'verification.json'))).toBe(true);
    expect(JSON.parse(await readFile(path.join(output, 'verification.json'), 'utf8'))).toMatchObject({
      target: 'hf',
      adapter: { bytes: expect.any(Number) as number },
    });
  });
});
