import { globSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'electron-vite';

const isTest = (file: string): boolean => /\.test\.ts$|test-support\.ts$|\/(fixtures|demo)\//.test(file);
/** Processes and worker threads find their files beside them: every module stays a file of its own, at its place. */
const modules = globSync('src/{main,shared}/**/*.ts').filter(
  (file) => !isTest(file.split(path.sep).join('/')),
);
/** Neither a relative path nor an absolute one: a package, or a module of Node. */
const isPackage = /^(?![./\0]|[A-Za-z]:[\\/])/;

/** electron-vite puts CommonJS names into modules that seem to use them; ours make their own `require`. */
const withoutShims = {
  name: 'graft:without-shims',
  enforce: 'post' as const,
  renderChunk: (code: string) => ({
    code: code.replace(/\/\/ -- CommonJS Shims --\n(?:(?:import|const) .*\n)+/, ''),
  }),
};

export default defineConfig({
  main: {
    plugins: [withoutShims],
    build: {
      outDir: 'out',
      emptyOutDir: false,
      externalizeDeps: false,
      minify: false,
      sourcemap: false,
      rolldownOptions: {
        input: Object.fromEntries(
          modules.map((file) => [file.split(path.sep).slice(1).join('/').replace(/\.ts$/, ''), file]),
        ),
        external: [isPackage],
        output: {
          format: 'es',
          preserveModules: true,
          preserveModulesRoot: path.resolve('src'),
          entryFileNames: '[name].js',
          chunkFileNames: '[name].js',
        },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      minify: false,
      rolldownOptions: {
        input: { index: 'src/preload/index.ts' },
        external: ['electron'],
        // A sandboxed preload script is CommonJS.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
});
