import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { addonPlaces, addonReady, ensureAddon } from './addon.mjs';
import { fakeTools, useTestFolder } from './fakes.mjs';

const { dir } = useTestFolder();

/** A Node that "loads" an addon when it reads "sound", and whose node-pre-gyp builds such a one. */
const fakeNode = `
if [ "$1" = -e ]; then
  if grep -q sound "$3"; then echo; echo version=2.21.0; else echo "invalid ELF header" >&2; exit 1; fi
else
  test -e deps/lib/libtensorflow.so || exit 3
  mkdir -p lib/napi-v8 && echo sound > lib/napi-v8/tfjs_binding.node
fi`;
const compilers = { 'g++': '', make: '' };
let node;

beforeEach(() => {
  const { packageDir } = addonPlaces(dir('project'));
  fs.mkdirSync(path.join(packageDir, 'binding'), { recursive: true });
  fs.writeFileSync(path.join(packageDir, 'binding.gyp'), '{}');
  fs.writeFileSync(path.join(packageDir, 'package.json'), '{"version":"4.22.0"}');
  fs.mkdirSync(dir('runtime/lib'), { recursive: true });
  fs.writeFileSync(dir('runtime/lib/libtensorflow.so'), '');
  useTools({ node: fakeNode, ...compilers });
});

function useTools(tools) {
  fs.rmSync(dir('bin'), { recursive: true, force: true });
  const fakes = fakeTools(dir('bin'), tools);
  delete process.env.CXX;
  process.env.PATH = dir('bin');
  for (const name of ['grep', 'mkdir', 'head', 'test']) fs.symlinkSync(`/usr/bin/${name}`, dir('bin', name));
  node = {
    bin: dir('bin/node'),
    prefix: dir('node'),
    builds: () => fakes.calls().filter((c) => c.includes('install')),
  };
}

const ensure = (project = 'project') =>
  ensureAddon(dir(project), dir('runtime'), node, { cache: dir('cache') });
const places = () => addonPlaces(dir('project'));

test('the addon is compiled once, and not even loaded the next time', async () => {
  await ensure();
  expect(fs.readFileSync(places().addon, 'utf8')).toBe('sound\n');
  expect(fs.realpathSync(places().deps)).toBe(fs.realpathSync(dir('runtime')));
  expect(addonReady(dir('project'), dir('runtime'))).toBe(true);
  await ensure();
  expect(node.builds()).toHaveLength(1);
  expect(fs.readdirSync(dir('cache'))).toHaveLength(1);
});

test('a new clone takes the addon from the cache', async () => {
  await ensure();
  fs.cpSync(dir('project'), dir('clone'), { recursive: true, filter: (name) => !/deps|napi/.test(name) });
  await ensure('clone');
  expect(fs.readFileSync(addonPlaces(dir('clone')).addon, 'utf8')).toBe('sound\n');
  expect(node.builds()).toHaveLength(1);
});

test('a foreign addon in the clone is replaced', async () => {
  await ensure();
  fs.writeFileSync(places().addon, 'built for another machine');
  expect(addonReady(dir('project'), dir('runtime'))).toBe(false);
  await ensure();
  expect(fs.readFileSync(places().addon, 'utf8')).toBe('sound\n');
  expect(node.builds()).toHaveLength(1);
});

test('a broken addon in the cache is built again', async () => {
  await ensure();
  const [name] = fs.readdirSync(dir('cache'));
  fs.writeFileSync(dir('cache', name, 'tfjs_binding.node'), 'broke\n');
  fs.rmSync(places().addon);
  await ensure();
  expect(fs.readFileSync(places().addon, 'utf8')).toBe('sound\n');
  expect(node.builds()).toHaveLength(2);
});

test('another runtime is linked without compiling again', async () => {
  await ensure();
  fs.cpSync(dir('runtime'), dir('cuda'), { recursive: true });
  expect(addonReady(dir('project'), dir('cuda'))).toBe(false);
  await ensureAddon(dir('project'), dir('cuda'), node, { cache: dir('cache') });
  expect(fs.realpathSync(places().deps)).toBe(fs.realpathSync(dir('cuda')));
  expect(node.builds()).toHaveLength(1);
});

test('without a compiler the message names what is missing and how to get it', async () => {
  useTools({ node: fakeNode });
  await expect(ensure()).rejects.toMatchObject({
    message: 'g++ and make are missing; the addon for TensorFlow is compiled here.',
    remedy: expect.stringMatching(/apt-get install g\+\+ make.*dnf install gcc-c\+\+.*xcode-select/),
  });
});

test('a build that fails shows the compiler’s words and leaves nothing', async () => {
  useTools({ node: 'echo "error: no member"; exit 1', ...compilers });
  await expect(ensure()).rejects.toMatchObject({
    message: 'The addon for TensorFlow could not be compiled.',
    detail: 'error: no member',
  });
  expect(fs.readdirSync(dir('cache'))).toEqual([]);
  expect(addonReady(dir('project'), dir('runtime'))).toBe(false);
});
