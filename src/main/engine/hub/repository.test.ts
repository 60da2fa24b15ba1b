import { expect, it } from 'vitest';
import { publicName } from './repository.ts';

it.each([
  ['org/bert', 'org/bert'],
  ['/work/models/bert', 'bert'],
  ['/work/models/bert/', 'bert'],
  ['C:\\models\\bert', 'bert'],
  [`/home/ada/.cache/huggingface/hub/models--org--bert/snapshots/${'a1'.repeat(20)}`, 'org/bert'],
  [`D:\\hub\\models--bert-base-uncased\\snapshots\\${'a1'.repeat(20)}`, 'bert-base-uncased'],
])('others are told of %s as %s', (model, name) => {
  expect(publicName(model)).toBe(name);
});
