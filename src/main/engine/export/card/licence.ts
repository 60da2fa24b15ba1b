import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../formats/json.ts';
import { parseYaml } from '../../formats/yaml.ts';

/** What the base says of its licence, in the hub's words (https://huggingface.co/docs/hub/model-cards). */
const licenceSchema = z.object({
  license: z.union([z.string(), z.array(z.string())]),
  license_name: z.string().optional(),
  license_link: z.string().optional(),
});
export type Licence = z.infer<typeof licenceSchema>;

/** The licence that a model folder names in its README.md or config.json; null where it names none. */
export async function licenceOf(model: string): Promise<Licence | null> {
  return (await inReadme(path.join(model, 'README.md'))) ?? (await inConfig(path.join(model, 'config.json')));
}

async function inReadme(file: string): Promise<Licence | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const front = /^\uFEFF?---\r?\n(.*?)\r?\n---/s.exec(text)?.[1];
  if (front === undefined) return null;
  try {
    return licenceSchema.safeParse(parseYaml(front)).data ?? null;
  } catch {
    return null;
  }
}

async function inConfig(file: string): Promise<Licence | null> {
  try {
    return licenceSchema.safeParse(parseJson(await readFile(file, 'utf8'), { maxDepth: 64 })).data ?? null;
  } catch {
    return null;
  }
}
