/**
 * Which way arrows may point; `npm run check` keeps it. Type-only imports count, and "reachable" looks through
 * everything in between. ARCHITECTURE.md draws it.
 */
const TESTS = '\\.test\\.(ts|mjs)$|test-support|/test-|/fake-';
/** Areas of the backend, lowest first: each may use those before it, and of them only what stands in their first floor. */
const AREAS = [
  'jobs',
  'system',
  'models',
  'datasets',
  'adapters',
  'experiments',
  'preflight',
  'playground',
  'compare',
  'scripts',
  'exports',
];
const backend = (areas) => `^src/main/backend/(${areas.join('|')})/`;

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Files that import each other can only be read together.',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { circular: true },
    },
    {
      name: 'shared-is-alone',
      comment: 'Shared code runs in every process: it reaches neither main, renderer nor Node.',
      severity: 'error',
      from: { path: '^src/shared/', pathNot: TESTS },
      to: { path: '^src/(main|renderer|preload)/|^node:|^electron', reachable: true },
    },
    {
      name: 'window-knows-shared-only',
      comment: 'The window is sandboxed: what it asks of the rest goes over the contract.',
      severity: 'error',
      from: { path: '^src/renderer/', pathNot: TESTS },
      to: { path: '^src/(main|preload)/|^node:', reachable: true },
    },
    {
      name: 'pages-are-apart',
      comment: 'What two pages show is a component.',
      severity: 'error',
      from: { path: '^src/renderer/pages/([^/]+)/' },
      to: { path: '^src/renderer/pages/([^/]+)/', pathNot: '^src/renderer/pages/$1/' },
    },
    {
      name: 'engine-knows-no-host',
      comment: 'The engine is one process with one entry; it knows no SQLite, Electron or host.',
      severity: 'error',
      from: { path: '^src/main/engine/', pathNot: TESTS },
      to: { path: '^src/main/(backend|storage|desktop|web|cli)/|better-sqlite3|^electron', reachable: true },
    },
    {
      name: 'backend-has-no-tensorflow',
      comment: 'The backend answers within 50 ms: what computes is the engine, in its own process.',
      severity: 'error',
      from: { path: '^src/main/(backend|storage)/', pathNot: TESTS },
      to: { path: '@tensorflow|^electron|^src/main/(desktop|web|cli)/', reachable: true },
    },
    {
      name: 'storage-is-below',
      comment: 'Tables know nothing of what is done with them.',
      severity: 'error',
      from: { path: '^src/main/storage/', pathNot: TESTS },
      to: { path: '^src/main/(backend|engine)/' },
    },
    {
      name: 'sql-is-storage',
      comment: 'Statements stand beside the tables they read; the rest of the backend asks the stores.',
      severity: 'error',
      from: { path: '^src/', pathNot: [TESTS, '^src/main/storage/'] },
      to: { path: 'better-sqlite3' },
    },
    ...AREAS.map((area, i) => ({
      name: `area-${area}`,
      comment: 'An area of the backend uses those below it.',
      severity: 'error',
      from: { path: backend([area]), pathNot: TESTS },
      to: { path: backend([...AREAS.slice(i + 1), '(?!.)']) },
    })),
    {
      name: 'area-insides',
      comment: 'The folders of an area are its own.',
      severity: 'error',
      from: { path: '^src/main/backend/([^/]+)/', pathNot: TESTS },
      to: { path: '^src/main/backend/[^/]+/[^/]+/', pathNot: '^src/main/backend/$1/' },
    },
    {
      name: 'method-behind-its-seam',
      comment: 'Only the registry knows the methods one by one.',
      severity: 'error',
      from: { path: '^src/', pathNot: [TESTS, '^src/main/engine/peft/'] },
      to: { path: '^src/main/engine/peft/(lora|full|head-only)\\.ts$' },
    },
    {
      name: 'models-below-methods',
      comment: 'A model is given hooks; it does not know what hangs on them.',
      severity: 'error',
      from: { path: '^src/main/engine/models/', pathNot: TESTS },
      to: { path: '^src/main/engine/peft/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6'],
  },
};
