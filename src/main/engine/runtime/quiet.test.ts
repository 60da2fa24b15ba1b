import { expect, test } from 'vitest';
import { quietly, troubles } from './quiet.ts';

test('what TensorFlow tells about itself is dropped, with the lines that belong to it', () => {
  const log = [
    'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
    'I0000 00:00:1795424218.9 6530 port.cc:153] oneDNN custom operations are on.',
    'I0000 00:00:1795424624.2 10744 cpu_feature_guard.cc:227] This TensorFlow binary is optimized.',
    'To enable the following instructions: AVX2, rebuild TensorFlow.',
    '2026-01-02 03:04:05.678901: I tensorflow/core/util/port.cc:153] older style',
    '',
  ].join('\n');
  expect(troubles(log)).toBe('');
});

test('warnings and errors stay, with the lines that belong to them', () => {
  const error = 'E0000 00:00:1795424624.2 10744 cuda_platform.cc:52] failed call to cuInit\nmore about it';
  const note = 'I0000 00:00:1795424624.3 10744 port.cc:153] a note';
  expect(troubles(`${note}\n${error}\n${note}\n`)).toBe(`${error}\n`);
});

test('a crash report that is no log line stays', () => {
  expect(troubles('terminate called after throwing an instance\n')).toBe(
    'terminate called after throwing an instance\n',
  );
});

test('quiet work returns its result and passes its failure on', () => {
  expect(quietly(() => 7)).toBe(7);
  expect(() =>
    quietly(() => {
      throw new Error('no library');
    }),
  ).toThrow('no library');
});
