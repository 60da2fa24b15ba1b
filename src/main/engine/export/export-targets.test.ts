import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelConfig } from '../formats/model-config.ts';
import { faultOf, temporaryFolder } from '../formats/test-support.ts';
import type { JobEvent } from '../jobs.ts';
import type { RowsFile } from './reference.ts';
import { targetKeys, targets } from './targets.ts';
import { exported, goldenModel, quiet } from './test-support.ts';
import { verifyExport } from './verify-export.ts';

/** Changes one byte in the middle of a file. */
async function flipByte(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  const at = Math.floor((await handle.stat()).size / 2);
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.from([byte[0]! ^ 1]), 0, 1, at);
  await handle.close();
}

describe('an export to all targets at once', () => {
  it('is proven by fresh processes, proven again later, and found out after a byte is changed', async () => {
    const events: JobEvent[] = [];
    const { output, reports } = await exported(targetKeys, {}, { ...quiet, onEvent: (e) => events.push(e) });
    for (const { target, state, reason, verification } of reports) {
      expect({ target, state, reason }).toEqual({ target, state: 'passed', reason: null });
      const folder = path.join(output, target);
      const again = await verifyExport(folder, quiet, target === 'peft' ? goldenModel : undefined);
      expect(again).toMatchObject({ passed: true, problems: [] });
      expect(again.outcome!.largest_difference).toBeCloseTo(verification!.outcome.largest_difference, 3);

      const largest = [...verification!.files].sort((a, b) => b.bytes - a.bytes)[0]!.path;
      await flipByte(path.join(folder, largest));
      const changed = await verifyExport(folder, quiet, goldenModel);
      expect(changed).toMatchObject({
        passed: false,
        outcome: null,
        problems: [`${largest} was changed: its SHA-256 is another one.`],
      });
    }
    const progress = events.filter((event) => event.type === 'progress');
    const done = progress.map((event) => event.done / event.total);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBe(1);
    // Each is named with what is done of it; the trained model's answers and the writing of all overlap.
    const phases = new Set(progress.flatMap(({ phase }) => phase.split('; ')));
    for (const { name } of Object.values(targets))
      for (const stage of ['writing', 'answering from disk, in a fresh process', 'trying the snippets'])
        expect(phases).toContain(`${name}: ${stage}`);
    expect(progress.some(({ phase }) => /as it was trained.*; .*: writing$/.test(phase))).toBe(true);
    for (const { seconds } of reports) expect(Object.values(seconds).every((one) => one > 0)).toBe(true);
  }, 240_000);

  it('gives a base with a mere vocabulary the tokenizer.json that other programs want', async () => {
    const model = path.join(await temporaryFolder(), 'bert');
    await cp(goldenModel, model, { recursive: true });
    await rm(path.join(model, 'tokenizer.json'));
    await rm(path.join(model, 'tokenizer_config.json'));
    await copyFile(path.join(goldenModel, '../../tokenizer/vocab.txt'), path.join(model, 'vocab.txt'));
    const { output, reports } = await exported(['onnx'], { model });
    expect(reports[0]).toMatchObject({ state: 'passed', reason: null });
    const files = await readdir(path.join(output, 'onnx'));
    expect(files).toEqual(expect.arrayContaining(['tokenizer.json', 'tokenizer_config.json', 'vocab.txt']));
    const { snippets } = reports[0]!.verification!;
    expect(snippets.find(({ language }) => language === 'node')!.output).toMatch(/label/);
  });

  it('refuses what cannot be made, with the reason, and makes the rest', async () => {
    const { output, reports } = await exported(['peft', 'hf'], { adapter: undefined });
    expect(reports.map(({ target, state }) => [target, state])).toEqual([
      ['peft', 'refused'],
      ['hf', 'passed'],
    ]);
    expect(reports[0]!.reason).toMatch(/comes without an adapter/);
    expect(await readdir(output)).toEqual(['hf']);
  });

  it('keeps what is proven when it is stopped, and leaves nothing half there', async () => {
    const abort = new AbortController();
    const onEvent = (event: JobEvent): void => {
      if (event.type === 'progress' && event.phase.includes('ONNX: answering')) abort.abort();
    };
    const context = { signal: abort.signal, onEvent };
    const { output, reports } = await exported(['hf', 'onnx', 'savedmodel'], {}, context);
    expect(reports.map(({ state }) => state)).toEqual(['passed', 'cancelled', 'cancelled']);
    expect(await readdir(output)).toEqual(['hf']);
    expect(await verifyExport(path.join(output, 'hf'), quiet)).toMatchObject({ passed: true });
  });
});

describe('a folder that holds something', () => {
  it('is refused and left as it was; the others are made', async () => {
    const output = await temporaryFolder();
    await mkdir(path.join(output, 'hf'));
    await writeFile(path.join(output, 'hf/mine.txt'), 'mine');
    const { reports } = await exported(['hf', 'peft'], { output });
    expect(reports.map(({ state }) => state)).toEqual(['refused', 'passed']);
    expect(reports[0]!.reason).toMatch(/hf exists and holds something\. Choose another folder/);
    expect(await readdir(path.join(output, 'hf'))).toEqual(['mine.txt']);
  });

  it('is refused before the model answers, where nothing else is to be made', async () => {
    const output = await temporaryFolder();
    await mkdir(path.join(output, 'hf'));
    await writeFile(path.join(output, 'hf/mine.txt'), 'mine');
    const phases: string[] = [];
    const onEvent = (event: JobEvent): void => void phases.push(event.type === 'progress' ? event.phase : '');
    const { reports } = await exported(['hf'], { output }, { ...quiet, onEvent });
    expect(reports.map(({ state }) => state)).toEqual(['refused']);
    expect(phases.filter((phase) => phase.includes('as it was trained'))).toEqual([]);
  });

  it('is replaced where that was asked for', async () => {
    const output = await temporaryFolder();
    await mkdir(path.join(output, 'hf'));
    await writeFile(path.join(output, 'hf/old.txt'), 'old');
    const { reports } = await exported(['hf'], { output, overwrite: true });
    expect(reports[0]!.state).toBe('passed');
    expect(existsSync(path.join(output, 'hf/old.txt'))).toBe(false);
  });

  it('is left as it was where a failed export would go, unless it is one itself', async () => {
    const dir = await temporaryFolder();
    const aside = path.join(dir, 'out/hf-failed');
    await mkdir(aside, { recursive: true });
    await writeFile(path.join(aside, 'mine.txt'), 'mine');
    const change = { rows: await labelledRows(dir, 5), output: path.join(dir, 'out'), mostPointsLost: -100 };
    const { output, reports } = await exported(['hf'], change);
    expect(reports[0]).toMatchObject({ state: 'refused' });
    expect(reports[0]!.reason).toMatch(/hf-failed exists and holds something/);
    expect(await readdir(output)).toEqual(['hf-failed']);
    expect(await readdir(aside)).toEqual(['mine.txt']);

    await rm(path.join(aside, 'mine.txt'));
    await writeFile(path.join(aside, 'verification.json'), '{}');
    expect((await exported(['hf'], change)).reports[0]).toMatchObject({ state: 'failed', folder: aside });
    expect(await readdir(aside)).toContain('model.safetensors');
  });
});

/** A file of rows in `dir`. */
async function labelledRows(dir: string, length: number): Promise<RowsFile> {
  const file = path.join(dir, 'rows.jsonl');
  const { id2label: labels } = await readModelConfig(goldenModel);
  const lines = Array.from({ length }, (_, i) =>
    JSON.stringify({ text: `row ${i} of a table`, text_pair: `and ${i % 7}`, label: labels[i % 5] }),
  );
  await writeFile(file, lines.join('\n'));
  return { file, labelColumn: 'label' };
}

describe('labelled rows', () => {
  it('give the accuracy before and after, with intervals; an export that loses too much is kept aside', async () => {
    const dir = await temporaryFolder();
    const change = { rows: await labelledRows(dir, 60), output: path.join(dir, 'out') };
    const { reports } = await exported(['hf', 'onnx-int8'], { ...change, mostPointsLost: 100 });
    for (const { verification } of reports) {
      const { accuracy, rows: answered } = verification!.outcome;
      expect(answered).toBe(69);
      expect(accuracy).toMatchObject({ rows: 60 });
      expect(accuracy!.reference.low).toBeLessThanOrEqual(accuracy!.reference.value);
    }
    expect(reports[1]!.verification!.scales!.kept).toMatch(/^per-(channel|tensor)$/);

    // No accuracy is less than this one, so that even an equal one has lost too much.
    const { output, reports: failing } = await exported(['onnx-int8', 'hf'], {
      ...change,
      output: path.join(dir, 'failing'),
      mostPointsLost: -100,
    });
    expect(failing.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(failing[0]!.reason).toMatch(/points of accuracy/);
    expect((await readdir(output)).sort()).toEqual(['hf-failed', 'onnx-int8-failed']);
    const again = await verifyExport(path.join(output, 'hf-failed'), quiet);
    expect(again).toMatchObject({ passed: false, problems: [failing[1]!.reason] });
  });
});

describe('a proof', () => {
  it('finds a file that was lost or added', async () => {
    const { output } = await exported(['onnx']);
    const folder = path.join(output, 'onnx');
    await rm(path.join(folder, 'onnx/model.onnx'));
    await writeFile(path.join(folder, 'extra.txt'), '');
    expect(await verifyExport(folder, quiet)).toMatchObject({
      passed: false,
      problems: ['onnx/model.onnx is missing.', 'extra.txt was added.'],
    });
  });

  it('of an adapter wants its base, and no other', async () => {
    const { output } = await exported(['peft']);
    const folder = path.join(output, 'peft');
    expect((await faultOf(() => verifyExport(folder, quiet))).code).toBe('export/base-needed');
    const other = goldenModel.replace('seed1', 'seed2');
    expect((await verifyExport(folder, quiet, other)).problems[0]).toMatch(/is not the one it was proven/);
  });

  it('that is not there is said to be missing', async () => {
    expect((await faultOf(() => verifyExport(goldenModel, quiet))).code).toBe('export/no-proof');
  });

  it('names what it was made of', async () => {
    const { output } = await exported(['hf']);
    const proof: unknown = JSON.parse(await readFile(path.join(output, 'hf/verification.json'), 'utf8'));
    expect(proof).toMatchObject({
      target: 'hf',
      precision: 'fp32',
      base: { name: 'org/bert', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      adapter: { bytes: expect.any(Number) as number },
    });
  });
});
