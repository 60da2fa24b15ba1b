import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { useTestFolder } from './fakes.mjs';
import { isComplete, pointLink, publish, requireSpace, sweep } from './folder.mjs';

const { dir } = useTestFolder();

async function fillWith(text, folder, wait = 0) {
  await sleep(wait);
  fs.writeFileSync(`${folder}/library`, text);
  return ['library'];
}

test('a folder is published whole and not filled a second time', async () => {
  await publish(dir('runtime'), (folder) => fillWith('one', folder));
  expect(isComplete(dir('runtime'))).toBe(true);
  await publish(dir('runtime'), () => expect.unreachable());
  expect(fs.readFileSync(dir('runtime/library'), 'utf8')).toBe('one');
});

test('a half-unpacked folder is noticed and replaced', async () => {
  fs.mkdirSync(dir('runtime'));
  fs.writeFileSync(dir('runtime/library'), 'ha');
  await publish(dir('runtime'), (folder) => fillWith('whole', folder));
  expect(fs.readFileSync(dir('runtime/library'), 'utf8')).toBe('whole');

  fs.writeFileSync(dir('runtime/library'), 'cut');
  expect(isComplete(dir('runtime'))).toBe(false);
  await publish(dir('runtime'), (folder) => fillWith('again', folder));
  expect(fs.readFileSync(dir('runtime/library'), 'utf8')).toBe('again');
  expect(fs.readdirSync(dir())).toEqual(['runtime']);
});

test('two set-ups that fill the same folder at the same time both end with a whole one', async () => {
  await Promise.all([
    publish(dir('runtime'), (folder) => fillWith('first', folder, 20)),
    publish(dir('runtime'), (folder) => fillWith('other', folder, 20)),
    publish(dir('runtime'), (folder) => fillWith('third', folder)),
  ]);
  expect(isComplete(dir('runtime'))).toBe(true);
  expect(fs.readdirSync(dir())).toEqual(['runtime']);
});

test('a fill that fails leaves the old state and no rest', async () => {
  fs.mkdirSync(dir('runtime'));
  fs.writeFileSync(dir('runtime/old'), 'old');
  const cut = () => Promise.reject(new Error('cut'));
  await expect(publish(dir('runtime'), cut)).rejects.toThrow('cut');
  expect(fs.readdirSync(dir())).toEqual(['runtime']);
  expect(fs.readdirSync(dir('runtime'))).toEqual(['old']);
});

test('a disk that becomes full is a message with the folder and the remedy', async () => {
  const full = () => Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
  await expect(publish(dir('runtime'), full)).rejects.toMatchObject({
    message: `The disk became full while ${dir('runtime')} was filled. What was there before is unchanged.`,
    remedy: expect.stringContaining('GRAFT_CACHE'),
  });
  expect(() => requireSpace(dir(), 1e12)).toThrow(/MB free; 1000000000000 MB are needed/);
});

test('what killed set-ups left is swept away, and nothing else', () => {
  fs.mkdirSync(dir('runtime.tmp-12-abc'));
  fs.mkdirSync(dir('runtime'));
  sweep(dir());
  expect(fs.readdirSync(dir())).toEqual(['runtime']);
});

test('a link takes the place of a folder, and of a link to another one', () => {
  for (const name of ['old', 'cpu', 'cuda']) fs.mkdirSync(dir(name));
  fs.writeFileSync(dir('old/library'), '');
  fs.renameSync(dir('old'), dir('deps'));
  pointLink(dir('cpu'), dir('deps'));
  expect(fs.readlinkSync(dir('deps'))).toBe(dir('cpu'));
  pointLink(dir('cuda'), dir('deps'));
  expect(fs.readlinkSync(dir('deps'))).toBe(dir('cuda'));
  expect(fs.readdirSync(dir()).sort()).toEqual(['cpu', 'cuda', 'deps']);
});
