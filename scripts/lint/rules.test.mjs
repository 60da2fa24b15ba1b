import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test, onTestFinished } from 'vitest';
import { checks } from '../checks.mjs';
import { projectDir } from '../setup/places.mjs';

/** A tree with these files under the project's own rules. */
function planted(files) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'graft-rules-'));
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
  for (const rules of [
    '.dependency-cruiser.mjs',
    '.oxlintrc.json',
    'scripts/lint/storage.mjs',
    'package.json',
    'tsconfig.json',
  ]) {
    fs.mkdirSync(path.dirname(path.join(dir, rules)), { recursive: true });
    fs.copyFileSync(path.join(projectDir, rules), path.join(dir, rules));
  }
  fs.symlinkSync(path.join(projectDir, 'node_modules'), path.join(dir, 'node_modules'));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

/** What a tool says of the tree, and its exit code. */
function run(dir, tool, args) {
  const script = path.join(projectDir, 'node_modules', tool);
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { cwd: dir }, (error, out, err) =>
      resolve({ code: error ? error.code : 0, said: out + err }),
    );
  });
}
const imports = (files) =>
  run(planted(files), 'dependency-cruiser/bin/dependency-cruiser.mjs', [
    'src',
    '--config',
    '.dependency-cruiser.mjs',
  ]);
const lint = (files) => run(planted(files), 'oxlint/bin/oxlint', ['src']);

const lora = 'src/main/engine/peft/lora.ts';

test.each([
  [
    'a circle, of types alone',
    'no-circle',
    {
      'src/shared/a.ts': `import type { B } from './b.ts';\nexport interface A { b: B }\n`,
      'src/shared/b.ts': `import type { A } from './a.ts';\nexport interface B { a: A | null }\n`,
    },
  ],
  [
    '`instanceof Lora` outside peft',
    'method-behind-its-seam',
    {
      [lora]: 'export class Lora {}\n',
      'src/main/engine/export/merge.ts': `import { Lora } from '../peft/lora.ts';\nexport const is = (m: unknown) => m instanceof Lora;\n`,
    },
  ],
  [
    'TensorFlow behind a file that the backend uses',
    'backend-has-no-tensorflow',
    {
      'src/main/backend/models/a.ts': `import { size } from '../../engine/models/size.ts';\nexport const a = size;\n`,
      'src/main/engine/models/size.ts': `import '@tensorflow/tfjs-node-gpu';\nexport const size = 1;\n`,
    },
  ],
  [
    'SQLite opened outside the storage',
    'sql-is-storage',
    {
      'src/main/web/lock.ts': `import Database from 'better-sqlite3';\nexport const open = () => new Database(':memory:');\n`,
    },
  ],
])('%s is refused', async (_, rule, files) => {
  const { code, said } = await imports(files);
  expect(said).toContain(`error ${rule}`);
  expect(code).toBeGreaterThan(0);
});

test('a statement outside the storage is refused, in it none', async () => {
  const statement =
    'export const read = (db: { prepare(sql: string): unknown }) => db.prepare(`SELECT id FROM runs`);\n';
  const { code, said } = await lint({ 'src/main/backend/compare/runs.ts': statement });
  expect(said).toContain('SQL stands in src/main/storage');
  expect(code).toBe(1);
  expect(await lint({ 'src/main/storage/runs.ts': statement })).toMatchObject({ code: 0 });
});

test('a wrong type is refused, a right one passes', async () => {
  const { tool, args } = checks.find(({ name }) => name.startsWith('Types'));
  const check = (text) => run(planted({ 'src/shared/size.ts': text }), tool, [...args, 'src']);
  const { code, said } = await check(`export const size: number = 'large';\n`);
  expect(said).toContain("Type 'string' is not assignable to type 'number'");
  expect(code).toBe(1);
  expect(await check('export const size: number = 1;\n')).toMatchObject({ code: 0 });
});

test('what keeps to the rules passes', async () => {
  const files = {
    [lora]: 'export class Lora {}\n',
    'src/main/engine/peft/methods.ts': `import { Lora } from './lora.ts';\nexport const all = [Lora];\n`,
  };
  expect(await imports(files)).toMatchObject({ code: 0 });
});
