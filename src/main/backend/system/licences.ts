import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import packageJson from '../../../../package.json' with { type: 'json' };
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
  const modules = path.resolve(createRequire(import.meta.url).resolve('zod/package.json'), '../..');
  const found = new Map<string, Package>();
  const open = Object.keys(packageJson.dependencies);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const known = found.has(name) ? undefined : await readPackage(path.join(modules, name));
    if (!known) continue;
    found.set(name, known);
    open.push(...Object.keys(known.dependencies));
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

async function readPackage(folder: string): Promise<Package | undefined> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = packageSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}
