import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Handlers } from '../../../shared/contract.ts';

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().default('see its files'),
  dependencies: z.record(z.string(), z.string()).default({}),
});
type Package = z.infer<typeof packageSchema>;

/** The packages that Graft is made of, with their licences: what package.json names and what that needs. */
export function licenceHandlers(): Handlers<'system/licences'> {
  let found: Promise<Package[]> | undefined;
  return {
    'system/licences': async () => ({
      packages: (await (found ??= usedPackages())).map(({ name, version, license: licence }) => ({
        name,
        version,
        licence,
      })),
    }),
  };
}

async function usedPackages(): Promise<Package[]> {
  const modules = await modulesFolder();
  const own = await readPackage(path.dirname(modules));
  const found = new Map<string, Package>();
  const open = Object.keys(own?.dependencies ?? {});
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const one = await readPackage(path.join(modules, name));
    if (!one) continue;
    found.set(name, one);
    open.push(...Object.keys(one.dependencies));
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The node_modules folder that this program runs from. */
async function modulesFolder(): Promise<string> {
  let folder = import.meta.dirname;
  while (path.dirname(folder) !== folder) {
    const modules = path.join(folder, 'node_modules');
    if ((await readdir(modules).catch((): string[] => [])).includes('zod')) return modules;
    folder = path.dirname(folder);
  }
  return path.join(import.meta.dirname, 'node_modules');
}

async function readPackage(folder: string): Promise<Package | undefined> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = packageSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}
