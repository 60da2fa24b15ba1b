import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { ensureCheckpoint } from './setup/checkpoint.mjs';
import { taskEnvironment } from './setup/node24.mjs';
import { projectDir } from './setup/places.mjs';
import { runTask, runTool } from './setup/process.mjs';
import { step } from './setup/report.mjs';

export const checks = [
  {
    name: 'Window',
    tool: 'svelte-check/bin/svelte-check',
    args: ['--tsconfig', 'src/renderer/tsconfig.json'],
  },
  // Types too, each file by the tsconfig.json nearest to it: the checker that its rules ask is TypeScript's own.
  { name: 'Types and lint', tool: 'oxlint/bin/oxlint', args: ['--type-check', '--deny-warnings'] },
  { name: 'Format', tool: 'prettier/bin/prettier.cjs', args: ['--check', '.'] },
  {
    name: 'Imports',
    tool: 'dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['src', '--config', '.dependency-cruiser.mjs'],
  },
  { name: 'Unused code', tool: 'knip/bin/knip.js', args: [] },
];

/** Types, lint, format, imports and unused code, all at once; shows what the failing ones say. Resolves to an exit code. */
export async function runChecks(node) {
  const options = { cwd: projectDir, env: taskEnvironment(node, projectDir) };
  const start = ({ tool, args }) =>
    runTool(node.bin, [path.join(projectDir, 'node_modules', tool), ...args], options);
  const results = await step('Checks: types, lint, format, imports, unused code', () =>
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
    // Once, before tests that run side by side find it missing.
    await build(node);
    // One after the other: the specs need the machine for themselves.
    const unit = await runVitest(node, path.join(dir, 'unit.json'), args);
    const specs = args.length > 0 ? passed : await runSpecs(node, path.join(dir, 'specs.json'));
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const run of [unit, specs]) {
      for (const key of Object.keys(counts)) counts[key] += run.counts[key];
    }
    const codes = checked + unit.code + specs.code;
    const failing = codes !== 0 || counts.failed > 0 || counts.passed === 0;
    if (checked !== 0) process.stderr.write('npm run check: failed, see above\n');
    process.stdout.write(
      `tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`,
    );
    return failing ? 1 : 0;
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

const passed = { code: 0, counts: { passed: 0, failed: 0, skipped: 0 } };

/** Runs vitest in the foreground. Resolves to its exit code and its counts. */
async function runVitest(node, report, args, added = {}) {
  const vitest = path.join(projectDir, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const env = { ...taskEnvironment(node, projectDir), ...added };
  const options = { cwd: projectDir, env };
  const code = await runTask(node.bin, [vitest, 'run', ...reporters, ...args], options);
  return { code, counts: countTests(report) };
}

/** The specs of the window, with the checkpoint that the sample needs; the longest ones on one host only. */
async function runSpecs(node, report) {
  await ensureCheckpoint();
  return runVitest(node, report, ['--config', 'e2e/vitest.config.ts'], { GRAFT_SPECS: 'short' });
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
