import { expect, it } from 'vitest';
import { shellPath } from './shell-path.ts';

it('a plain path stands as it is', () => {
  expect(shellPath('/work/exports/stars-1.0/onnx')).toBe('/work/exports/stars-1.0/onnx');
  expect(shellPath('C:\\work\\stars')).toBe('C:\\work\\stars');
});

it('a POSIX shell finds nothing to replace in a quoted path', () => {
  expect(shellPath('/work/$HOME `x` "a"')).toBe('\'/work/$HOME `x` "a"\'');
  expect(shellPath("/work/ada's")).toBe(String.raw`'/work/ada'\''s'`);
});

it('a path of Windows is quoted as its shells quote', () => {
  expect(shellPath("C:\\Users\\Ada's PC\\stars")).toBe(String.raw`"C:\Users\Ada's PC\stars"`);
});
