import fs from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { fakeTools, useTestFolder } from './fakes.mjs';
import { ensurePackages, packagesReady } from './packages.mjs';

const { dir } = useTestFolder();
const installs = 'mkdir -p node_modules && echo {} > node_modules/.package-lock.json';

beforeEach(() => {
  fs.mkdirSync(dir('project'));
  fs.writeFileSync(dir('project/package-lock.json'), '{"lockfileVersion":3}');
});

function withNpm(body) {
  const tools = fakeTools(dir('bin'), { npm: body });
  return { ...tools, env: { PATH: `${tools.path}:/usr/bin:/bin` } };
}

test('packages are installed once, and again when the lockfile has changed', async () => {
  const npm = withNpm(installs);
  await ensurePackages(dir('project'), npm.env);
  await ensurePackages(dir('project'), npm.env);
  expect(npm.calls()).toHaveLength(1);
  expect(npm.calls()[0]).toMatch(/^npm ci .*--ignore-scripts/);

  fs.writeFileSync(dir('project/package-lock.json'), '{"lockfileVersion":3,"packages":{}}');
  const later = new Date(Date.now() + 60_000);
  fs.utimesSync(dir('project/package-lock.json'), later, later);
  await ensurePackages(dir('project'), npm.env);
  expect(npm.calls()).toHaveLength(2);
});

test('a lockfile that was only touched installs nothing', async () => {
  const npm = withNpm(installs);
  await ensurePackages(dir('project'), npm.env);
  const later = new Date(Date.now() + 60_000);
  fs.utimesSync(dir('project/package-lock.json'), later, later);
  expect(packagesReady(dir('project'))).toBe(true);
});

test('an npm install by hand counts, an interrupted one does not', () => {
  fs.mkdirSync(dir('project/node_modules'));
  expect(packagesReady(dir('project'))).toBe(false);
  fs.writeFileSync(dir('project/node_modules/.package-lock.json'), '{}');
  expect(packagesReady(dir('project'))).toBe(true);
});

test('when npm fails, its last words are shown and nothing counts as installed', async () => {
  const npm = withNpm('echo "npm error network timeout"; exit 7');
  await expect(ensurePackages(dir('project'), npm.env)).rejects.toMatchObject({
    message: 'npm ci failed with exit code 7.',
    detail: 'npm error network timeout',
  });
  expect(packagesReady(dir('project'))).toBe(false);
});

test('without npm the message says what to install', async () => {
  await expect(ensurePackages(dir('project'), { PATH: '/nowhere' })).rejects.toMatchObject({
    message: 'npm is missing.',
    remedy: expect.stringContaining('Node.js 20'),
  });
});
