import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { taskEnvironment } from './setup/node24.mjs';
import { projectDir } from './setup/places.mjs';
import { runTask, runTool } from './setup/process.mjs';
import { step } from './setup/report.mjs';

const checks = [
  { name: 'Types', tool: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'Lint', tool: 'eslint/bin/eslint.js', args: ['.', '--max-warnings=0'] },
  { name: 'Format', tool: 'prettier/bin/prettier.cjs', args: ['--check', '.'] },
  { name: 'Unused code', tool: 'knip/bin/knip.js', args: [] },
];

/** Types, lint, format and unused code, all at once; shows what the failing ones say. Resolves to an exit code. */
export async function runChecks(node) {
  const options = { cwd: projectDir, env: taskEnvironment(node, projectDir) };
  const start = ({ tool, args }) =>
    runTool(node.bin, [path.join(projectDir, 'node_modules', tool), ...args], options);
  const results = await step('Checks: types, lint, format, unused code', () =>
    Promise.all(checks.map(start)),
  );
  const failed = checks.filter((_, index) => results[index].code !== 0);
  for (const check of failed) {
    process.stderr.write(`${results[checks.indexOf(check)].output.trimEnd()}\n${check.name}: failed\n`);
  }
  return failed.length === 0 ? 0 : 1;
}

/** The checks, then the tests, then one line with what really ran. `args` go to vitest. */
export async function runTests(node, args) {
  const checked = await runChecks(node);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'graft-tests-'));
  try {
    const report = path.join(dir, 'report.json');
    const vitest = path.join(projectDir, 'node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const options = { cwd: projectDir, env: taskEnvironment(node, projectDir) };
    const code = await runTask(node.bin, [vitest, 'run', ...reporters, ...args], options);
    const counts = countTests(report);
    const failing = code !== 0 || checked !== 0 || counts.failed > 0 || counts.passed === 0;
    if (checked !== 0) process.stderr.write('npm run check: failed, see above\n');
    process.stdout.write(
      `tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`,
    );
    return failing ? 1 : 0;
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

/** Counts the tests in vitest's JSON report. A file that broke before its first test counts as one failure. */
export function countTests(reportFile) {
  if (!fs.existsSync(reportFile)) return { passed: 0, failed: 1, skipped: 0 };
  const { testResults } = JSON.parse(fs.readFileSync(reportFile, 'utf8'));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of testResults) {
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
      counts.failed += 1;
    for (const { status } of file.assertionResults) {
      counts[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
    }
  }
  return counts;
}
