// How long from `graft serve` to a usable window, with 1,000 experiments in the store:
//   node e2e/measure/cold-start.ts [times]
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { z } from 'zod';
import { openDatabase } from '../../src/main/storage/database.ts';
import { openWorkspace } from '../../src/main/storage/workspace.ts';
import { findBrowser } from '../hosts/browser.ts';

const main = fileURLToPath(new URL('../../out/main/cli/main.js', import.meta.url));
const EXPERIMENTS = 1000;
const STEPS = 100;

/** Finished experiments with curves, as the recorder leaves them. */
function fill(workspace: string): void {
  const db = openDatabase(openWorkspace(workspace).database);
  const experiment = db.prepare(
    `INSERT INTO experiments (id, name, state, model_name, data_name, method, seed, precision, config, folder, step,
       total_steps, epoch, loss, metrics, created_at, started_at, finished_at)
     VALUES (?, ?, 'finished', 'sentence-transformers/all-MiniLM-L6-v2', 'SMS Spam', 'LoRA r=16', 42, 'fp32', '{}', ?,
       ?, ?, 3, ?, ?, ?, ?, ?)`,
  );
  const step = db.prepare(`INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)`);
  db.transaction(() => {
    for (let place = 0; place < EXPERIMENTS; place += 1) {
      const id = randomUUID();
      const at = Date.now() - (EXPERIMENTS - place) * 60_000;
      const metrics = JSON.stringify({ accuracy: 0.9 + (place % 90) / 1000, f1_macro: 0.9, loss: 0.1 });
      experiment.run(
        id,
        `Experiment ${place}`,
        path.join('experiments', id),
        STEPS,
        STEPS,
        0.1,
        metrics,
        at,
        at,
        at,
      );
      for (let one = 1; one <= STEPS; one += 1) step.run(id, one, one / 33, 1 / one, 1e-3, 1, 9000);
    }
  })();
  db.close();
}

const workspace = await mkdtemp(path.join(os.tmpdir(), 'graft-cold-start-'));
const binary = await findBrowser();
if (!binary) throw new Error('There is no Chromium, Chrome or Edge.');
const browser = await chromium.launch(binary);
try {
  fill(workspace);
  for (let time = 0; time < Number(process.argv[2] ?? 3); time += 1) {
    const started = performance.now();
    const args = [main, 'serve', '--json', '--port', '0', '--workspace', workspace];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const line = await new Promise<string>((resolve) => {
      child.stdout.once('data', (part: Buffer) => resolve(part.toString()));
    });
    const served = performance.now();
    const page = await browser.newPage();
    const { address } = z.object({ address: z.string() }).parse(JSON.parse(line));
    await page.goto(address);
    await page.getByRole('link', { name: /Experiments 1,000/ }).waitFor();
    const usable = performance.now();
    await page.getByRole('link', { name: /Experiments/ }).click();
    await page.getByText('Experiment 999').first().waitFor();
    const listed = performance.now();
    const ms = (from: number, to: number) => `${Math.round(to - from)} ms`;
    process.stdout.write(
      `serving ${ms(started, served)}, usable ${ms(started, usable)}, list of 1,000 ${ms(usable, listed)} later\n`,
    );
    await page.close();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
} finally {
  await browser.close();
  await rm(workspace, { recursive: true, force: true });
}
