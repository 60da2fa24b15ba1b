import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { countTests } from './checks.mjs';
import { useTestFolder } from './setup/fakes.mjs';

const { dir } = useTestFolder();
const here = import.meta.dirname;

/** Starts a process that runs `program` by runTask, as the launcher does. */
function launch(program) {
  const source = `
    import { runTask } from ${JSON.stringify(path.join(here, 'setup/process.mjs'))};
    process.exitCode = await runTask(process.execPath, ['-e', ${JSON.stringify(program)}]);`;
  fs.writeFileSync(dir('launch.mjs'), source);
  return [process.execPath, [dir('launch.mjs')]];
}

test('the exit code of a task is the exit code of the launcher', () => {
  expect(spawnSync(...launch('process.exit(3)')).status).toBe(3);
  expect(spawnSync(...launch('')).status).toBe(0);
});

test('a task that ends by a signal ends the launcher by the same one', () => {
  expect(spawnSync(...launch('process.kill(process.pid, "SIGTERM")')).signal).toBe('SIGTERM');
});

test.each(['SIGINT', 'SIGTERM'])('%s reaches the task, and its answer is what counts', async (signal) => {
  const program = `process.on('${signal}', () => process.exit(5)); setInterval(() => {}, 1000); console.log('ready')`;
  const child = spawn(...launch(program), { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.once('data', () => child.kill(signal));
  const code = await new Promise((resolve) => child.on('exit', resolve));
  expect(code).toBe(5);
});

test('an unknown task is wrong usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [path.join(here, 'run.mjs'), 'fly'], {
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /^Usage: .*setup\|start\|build\|e2e\|screenshots\|package\|demo\|bench\|check\|test/,
  );
});

test('the closing line counts what really ran; a file that breaks before its first test is a failure', () => {
  const result = (...statuses) => statuses.map((status) => ({ status }));
  const testResults = [
    { status: 'passed', assertionResults: result('passed', 'passed', 'pending', 'todo') },
    { status: 'failed', assertionResults: result('passed', 'failed') },
    { status: 'failed', assertionResults: [] },
  ];
  fs.writeFileSync(dir('report.json'), JSON.stringify({ testResults }));
  expect(countTests(dir('report.json'))).toEqual({ passed: 3, failed: 2, skipped: 2 });
  expect(countTests(dir('none.json'))).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
