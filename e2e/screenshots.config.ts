import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/screenshots.ts'],
    globalSetup: ['e2e/build-first.ts'],
    testTimeout: 1_800_000,
  },
});
