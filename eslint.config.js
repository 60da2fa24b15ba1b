import tseslint from 'typescript-eslint';

/** Where code may run is a folder; what it may import is this table (STYLE: "Where code may run is visible"). */
const forbidden = (files, names, why) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', { patterns: names.map((regex) => ({ regex, message: why })) }],
  },
});

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'out', 'fixtures', 'bench/reference'] },
  ...tseslint.configs.strictTypeChecked.map((c) => ({ ...c, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off', '@typescript-eslint/no-floating-promises': 'off' },
  },
  forbidden(
    ['src/main/engine/**'],
    ['^electron', 'better-sqlite3', '/backend/', '/storage/', '/desktop/', '/web/', '/cli/', '/renderer/'],
    'The engine knows no Electron, no SQLite and no host.',
  ),
  forbidden(
    ['src/main/backend/**', 'src/main/storage/**'],
    ['^electron', '@tensorflow'],
    'The backend knows no Electron and no TensorFlow.',
  ),
  forbidden(['src/renderer/**'], ['/main/', '^electron', '^node:'], 'The renderer imports only shared code.'),
  forbidden(
    ['src/shared/**'],
    ['/main/', '/renderer/', '^electron', '^node:'],
    'Shared code runs in every process.',
  ),
);
