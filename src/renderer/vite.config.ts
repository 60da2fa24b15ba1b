import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

/** The window: plain files that any host can serve, under any address. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [tailwindcss(), svelte({ configFile: false, compilerOptions: { runes: true } })],
  build: {
    outDir: '../../out/renderer',
    emptyOutDir: true,
    target: 'chrome130',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
});
