import { fault } from '../../../shared/faults/index.ts';
import type { Tell } from './threads.ts';

let asked = 0;

/** For the tests of threads. */
export const tasks = {
  /** How many times this thread was asked. */
  count: () => () => ++asked,
  double: () => Promise.resolve((n: number) => 2 * n),
  progress: () => (rows: number, tell: Tell) => {
    for (let row = 1; row <= rows; row++) tell('Reading', row, rows);
    tell('Writing', 1, 1, 'files');
  },
  wait: () => () => new Promise<never>(() => setInterval(() => undefined, 1000)),
  refuse: () => (file: string) => {
    throw fault('files/missing', { file });
  },
  fail: () => (detail: string) => {
    throw new TypeError(detail);
  },
  exit: () => () => process.exit(3),
  fill: () => () => {
    const held: number[][] = [];
    for (;;) held.push(new Array<number>(1e5).fill(1.5));
  },
};
