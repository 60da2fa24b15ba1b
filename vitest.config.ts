import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { nodeArguments } from './scripts/setup/node24.mjs';

export default defineConfig({
  // The window's managers keep their state in runes (`x.svelte.ts`).
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
  test: {
    include: ['src/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.mjs'],
    // TensorFlow keeps one process-wide runtime: each test file gets a process of its own, one at a time a core.
    pool: 'forks',
    execArgv: nodeArguments,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
