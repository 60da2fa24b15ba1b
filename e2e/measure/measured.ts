import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { z } from 'zod';
import { openDatabase } from '../../src/main/storage/database.ts';
import { openWorkspace } from '../../src/main/storage/workspace.ts';
import { findBrowser } from '../hosts/browser.ts';

const main = fileURLToPath(new URL('../../out/main/cli/main.js', import.meta.url));

/** Puts finished experiments with curves of `steps` points into a workspace, as the recorder leaves them; their ids. */
export function fillWithRuns(workspace: string, runs: number, steps: number): string[] {
  const db = openDatabase(openWorkspace(workspace).database);
  const experiment = db.prepare(
    `INSERT INTO experiments (id, name, state, model_name, data_name, method, seed, precision, config, folder, step,
       total_steps, epoch, loss, metrics, created_at, started_at, finished_at)
     VALUES (?, ?, 'finished', 'sentence-transformers/all-MiniLM-L6-v2', 'SMS Spam', 'LoRA r=16', 42, 'fp32', '{}', ?,
       ?, ?, 3, ?, ?, ?, ?, ?)`,
  );
  const point = db.prepare(`INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const ids = Array.from({ length: runs }, () => randomUUID());
  db.transaction(() => {
    for (const [place, id] of ids.entries()) {
      const at = Date.now() - (runs - place) * 60_000;
      const metrics = JSON.stringify({ accuracy: 0.9 + (place % 90) / 1000, f1_macro: 0.9, loss: 0.1 });
      const folder = path.join('experiments', id);
      experiment.run(id, `Experiment ${place}`, folder, steps, steps, 0.1, metrics, at, at, at);
      for (let one = 1; one <= steps; one += 1) {
        const noise = Math.sin(one * 12.9898) * 0.2;
        point.run(id, one, (3 * one) / steps, 1 / Math.sqrt(one) + Math.abs(noise), 1e-3, 1 + noise, 9000);
      }
    }
  })();
  db.close();
  return ids;
}

/** A workspace and a browser for `work`; both go when it ends. */
export async function withBrowser(
  work: (workspace: string, browser: Browser) => Promise<void>,
): Promise<void> {
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'graft-measure-'));
  const binary = await findBrowser();
  if (!binary) throw new Error('There is no Chromium, Chrome or Edge.');
  const browser = await chromium.launch(binary);
  try {
    await work(workspace, browser);
  } finally {
    await browser.close();
    await rm(workspace, { recursive: true, force: true });
  }
}

/** Runs `graft serve` as long as `work` takes, from when it says its address. */
export async function withServer(workspace: string, work: (address: string) => Promise<void>): Promise<void> {
  const args = [main, 'serve', '--json', '--port', '0', '--workspace', workspace];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (part: Buffer) => resolve(part.toString()));
      child.once('exit', () => reject(new Error('graft serve ended before it said its address.')));
    });
    const { address } = z.object({ address: z.string() }).parse(JSON.parse(line));
    await work(address);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

export const ms = (from: number, to: number): string => `${Math.round(to - from)} ms`;
