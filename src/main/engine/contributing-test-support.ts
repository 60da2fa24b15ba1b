/** The examples of CONTRIBUTING.md, for the tests that hold what it says of them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '../../..');

/** Writes the blocks of code as files, their imports meaning the tree's, and loads them: by file, what each exports. */
export async function contributingExamples(): Promise<Record<string, Record<string, unknown>>> {
  const text = await readFile(path.join(root, 'CONTRIBUTING.md'), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n\/\/ (src\/\S+)\n([\s\S]*?)^```$/gm)];
  const files = new Map(blocks.map(([, file, code]) => [file!, code!]));
  const folder = await mkdtemp(path.join(root, 'node_modules/.graft-examples-'));
  try {
    for (const [file, code] of files) {
      const target = path.join(folder, file);
      await mkdir(path.dirname(target), { recursive: true });
      const imports = code.replace(/from '(\.[^']+)'/g, (_, wanted: string) => {
        const found = path.join(path.dirname(file), wanted);
        return `from '${path.join(files.has(found) ? folder : root, found)}'`;
      });
      await writeFile(target, imports);
    }
    const loaded = [...files.keys()].map(async (file) => {
      const exported: unknown = await import(pathToFileURL(path.join(folder, file)).href);
      return [file, exported as Record<string, unknown>] as const;
    });
    return Object.fromEntries(await Promise.all(loaded));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
