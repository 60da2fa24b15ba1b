import { execFile } from 'node:child_process';
import { cp, mkdtemp, open as openFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, type ExpectStatic } from 'vitest';
import { Content, shortRun, temporaryFolder } from '../content.ts';
import { hostsOfLongWay } from '../hosts/index.ts';

const graft = fileURLToPath(new URL('../../scripts/graft.mjs', import.meta.url));
const MINUTE_MS = 60_000;

/** Three ways to train, as a person would compare them. */
const methods: Record<string, Record<string, unknown>> = {
  'LoRA r=16': { ...shortRun.adapter, r: 16, lora_alpha: 32 },
  'LoRA r=32, all linear': { ...shortRun.adapter, r: 32, lora_alpha: 64, target_modules: 'all-linear' },
  'Head only': { peft_type: 'HEAD_ONLY' },
};

// Both hosts begin where the six runs have ended: they are the same work on each.
let trained: string;
let base: string;
beforeAll(async () => {
  trained = await mkdtemp(path.join(os.tmpdir(), 'graft-six-runs-'));
  base = `${trained}-models/tiny`;
  await Content.fill(trained, async (content) => {
    const modelId = await content.addModel(base);
    const versionId = await content.importRows(`${trained}-data`, 'Messages', toldByAWord(600));
    for (const [name, adapter] of Object.entries(methods)) {
      for (const seed of [42, 43]) {
        const training = { ...shortRun.training, per_device_train_batch_size: 8, num_train_epochs: 8, seed };
        const run = { ...shortRun, modelId, versionId, name: `${name}, seed ${seed}`, adapter };
        await content.run({ ...run, training: { ...training, eval_strategy: 'no' } });
      }
    }
  });
}, 12 * MINUTE_MS);
afterAll(async () => {
  for (const made of ['', '-models', '-data']) await rm(trained + made, { recursive: true, force: true });
});

// Side by side: each waits much, for a process or for a page.
describe.concurrent.each(hostsOfLongWay('web host'))('on the $name', ({ open }) => {
  test(
    'six runs are compared, and the winner is exported to every target with a proof that a changed byte breaks',
    { timeout: 10 * MINUTE_MS },
    async ({ expect, onTestFinished }) => {
      const workspace = await temporaryFolder(onTestFinished);
      await cp(trained, workspace, { recursive: true });
      const session = await open(workspace);
      onTestFinished(() => session.close().catch(() => undefined));
      const { page } = session;

      await page.goto(session.address('/compare'));
      await page.getByRole('checkbox', { name: 'Choose all' }).check();
      await page.getByRole('button', { name: 'Compare 6 experiments' }).click();
      const verdict = page.getByRole('region', { name: 'Verdict' }).getByRole('status');
      await expect
        .poll(() => verdict.innerText(), { timeout: MINUTE_MS })
        .toMatch(
          /LoRA r=32, all linear.* is better than .* by [\d.]+ points \(95 % interval [\d.]+ to [\d.]+/,
        );

      await page.getByRole('link', { name: 'Disagreements' }).click();
      await page.getByRole('button', { name: /^Differ/, pressed: true }).waitFor({ timeout: MINUTE_MS });
      await page.getByText(/^1 to [1-9]\d* of [1-9]\d*$/).waitFor({ timeout: MINUTE_MS });

      await page.getByRole('link', { name: 'Merge and export the winner' }).click();
      await page.getByRole('button', { name: 'All that can be made' }).click();
      const folder = path.join(`${workspace}-exports`, 'spam');
      onTestFinished(() => rm(`${workspace}-exports`, { recursive: true, force: true }));
      await page.getByRole('textbox', { name: 'Where to' }).fill(folder);
      await page.getByRole('button', { name: 'Merge and export' }).click();
      await page.waitForURL(/#\/exports\/(?!new)[\w-]+/, { timeout: MINUTE_MS });
      await everyProofPassed(page, expect);
      await session.close();

      const targets = await readdir(folder);
      expect(targets).toHaveLength(8);
      for (const target of targets.filter((one) => one !== 'script')) {
        expect(await verify(path.join(folder, target), target), target).toEqual({
          passed: true,
          problems: [],
        });
      }
      const weights = path.join(folder, 'onnx', 'onnx', 'model.onnx');
      await changeOneByte(weights);
      const again = await verify(path.join(folder, 'onnx'), 'onnx');
      expect(again.passed).toBe(false);
      expect(again.problems.join(' ')).toContain('onnx/model.onnx');
    },
  );
});

/** Rows whose class is told by one word in four: more of the model has to learn than its head. */
function toldByAWord(count: number): [string, string, string][] {
  const told = { ham: 'slow never bad cold broken', spam: 'good great loved free prize' };
  const rest = 'food service room it again came back call now the was and';
  return Array.from({ length: count }, (_, i) => {
    const word = (from: string, k: number): string => {
      const words = from.split(' ');
      return words[(i * 7 + k * 13 + (i >> 2) * k) % words.length]!;
    };
    const label = i % 2 === 0 ? 'ham' : 'spam';
    const text = [word(rest, 1), word(rest, 4), word(told[label], 2), word(rest, 3)].join(' ');
    return [text, label, i % 3 === 2 ? 'test' : 'train'];
  });
}

/** Seven targets have a proof; a script has none. */
async function everyProofPassed(page: Page, expect: ExpectStatic): Promise<void> {
  const table = page.getByRole('table', { name: 'Proof of each target' });
  const ended = table.getByText(/^(proved|failed|not written|cancelled)$/);
  await expect.poll(() => ended.count(), { timeout: 6 * MINUTE_MS, interval: 1000 }).toBe(7);
  expect(await ended.allInnerTexts()).toEqual(Array<string>(7).fill('proved'));
}

/** What `graft verify` says, in a process of its own. An adapter alone needs its base. */
async function verify(dir: string, target: string): Promise<{ passed: boolean; problems: string[] }> {
  const args = [graft, 'verify', dir, '--json', ...(target === 'peft' ? ['--model', base] : [])];
  const { code, out } = await new Promise<{ code: number; out: string }>((resolve) => {
    execFile(process.execPath, args, (error, stdout) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, out: stdout });
    });
  });
  const { passed, problems } = JSON.parse(out) as { passed: boolean; problems: string[] };
  expect(code).toBe(passed ? 0 : 1);
  return { passed, problems };
}

async function changeOneByte(file: string): Promise<void> {
  const handle = await openFile(file, 'r+');
  const { size } = await handle.stat();
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, size >> 1);
  byte[0]! ^= 1;
  await handle.write(byte, 0, 1, size >> 1);
  await handle.close();
}
