import { defineConfig } from 'vitest/config';
import { nodeArguments } from '../scripts/setup/node24.mjs';

export default defineConfig({
  test: {
    include: ['e2e/**/*.spec.ts'],
    globalSetup: ['e2e/prepared.ts'],
    pool: 'forks',
    execArgv: nodeArguments,
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
