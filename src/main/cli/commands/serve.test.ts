import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const printed = z.object({
  address: z.string(),
  port: z.number(),
  pid: z.number(),
  workspace: z.string(),
  already: z.boolean(),
});

function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'graft-serve-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function start(
  args: string[],
  command = [main],
): {
  child: ChildProcessByStdio<Writable, Readable, null>;
  line: Promise<string>;
  code: Promise<number | null>;
} {
  const child = spawn(process.execPath, [...command, 'serve', ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const line = new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (part: Buffer) => {
      text += part.toString();
      if (text.includes('\n')) resolve(text);
    });
    child.stdout.once('end', () => reject(new Error(`It ended with: ${text}`)));
  });
  line.catch(() => undefined);
  return { child, line, code };
}

const serving = async (args: string[]) => {
  const { line, ...rest } = start([...args, '--json']);
  return { ...rest, ...printed.parse(JSON.parse(await line)) };
};

test('it prints an address that works, and a signal closes it and gives the workspace back', async () => {
  const workspace = folder();
  const { address, child, code, port } = await serving(['--workspace', workspace, '--port', '0']);
  expect(address).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/#token=[\\w-]{43}$`));
  const page = await fetch(address);
  expect(await page.text()).toContain('<title>Graft');
  child.kill('SIGTERM');
  expect(await code).toBe(0);
  expect(existsSync(path.join(workspace, 'in-use.json'))).toBe(false);
});

test('a second start on the same workspace prints the address of the first and ends', async () => {
  const workspace = folder();
  const first = await serving(['--workspace', workspace, '--port', '0']);
  const second = await serving(['--workspace', workspace]);
  expect(second).toMatchObject({ address: first.address, pid: first.pid, already: true });
  expect(await second.code).toBe(0);
  const plain = start(['--workspace', workspace]);
  expect((await plain.line).trim()).toBe(first.address);
});

test('it closes when its parent ends, if asked to', async () => {
  const workspace = folder();
  const parent = `
    const { spawn } = await import('node:child_process');
    const args = ${JSON.stringify([main, 'serve', '--workspace', workspace, '--port', '0', '--json', '--close-with-parent'])};
    spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'ignore'] });
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', parent], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const line = await new Promise<string>((resolve) => {
    child.stdout.once('data', (part: Buffer) => resolve(part.toString()));
  });
  const { address } = printed.parse(JSON.parse(line));
  // The grandchild holds this pipe too: its end is the end of both.
  const bothEnded = new Promise((resolve) => child.stdout.once('close', resolve));
  child.kill('SIGKILL');
  await bothEnded;
  await expect(fetch(address)).rejects.toThrow();
  expect(existsSync(path.join(workspace, 'in-use.json'))).toBe(false);
});

test('a named port that is taken is said; without a name a free one is used', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => blocker.once('listening', resolve));
  onTestFinished(() => void blocker.close());
  const { port } = blocker.address() as AddressInfo;
  const { line, code } = start(['--workspace', folder(), '--port', String(port), '--json']);
  expect(await line).toContain('"code":"hosts/port"');
  expect(await code).toBe(1);
});
