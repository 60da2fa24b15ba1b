import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** More than any description of a data set; what is longer is not looked at. */
const MOST_BYTES = 2 ** 18;
const MOST_ALIASES = 10;

const named = z.array(z.string()).min(1);
/** In a card's front matter: names by class number. */
const cardFeature = z.looseObject({
  name: z.string(),
  dtype: z.looseObject({
    class_label: z.looseObject({ names: z.union([named, z.record(z.string(), z.coerce.string())]) }),
  }),
});
/** In dataset_infos.json and in the metadata of a Parquet file. */
const infosFeature = z.looseObject({ _type: z.literal('ClassLabel'), names: named });

/** The names of class numbers, by column, in a card's list of features or the record of the others. */
export function classNamesOf(features: unknown): Record<string, string[]> {
  if (Array.isArray(features)) {
    return Object.fromEntries(
      features.flatMap((feature) => {
        const found = cardFeature.safeParse(feature);
        if (!found.success) return [];
        const { names } = found.data.dtype.class_label;
        const list = Array.isArray(names) ? names : Object.keys(names).map((_, i) => names[String(i)]);
        return list.every((name) => name !== undefined) ? [[found.data.name, list]] : [];
      }),
    );
  }
  const record = z.record(z.string(), z.unknown()).safeParse(features);
  return Object.fromEntries(
    Object.entries(record.data ?? {}).flatMap(([column, feature]) => {
      const found = infosFeature.safeParse(feature);
      return found.success ? [[column, found.data.names]] : [];
    }),
  );
}

const info = z.looseObject({ features: z.unknown() });
const cardSchema = z.looseObject({
  dataset_info: z.union([z.array(info), info.transform((single) => [single])]),
});
const infosSchema = z.record(z.string(), info);

/**
 * What the description of a data set of the hub says, which lies beside its files or one folder above: `README.md` with
 * `dataset_info`, or `dataset_infos.json`. Configurations that name a column differently say nothing of it.
 */
export async function describedClassNames(file: string): Promise<Record<string, string[]>> {
  for (const folder of [dirname(file), dirname(dirname(file))]) {
    const card = await start(join(folder, 'README.md'));
    const [, front] = /^---\r?\n([^]*?)\r?\n---/.exec(card) ?? [];
    if (front?.includes('dataset_info')) {
      // Most files have no such card: the parser is loaded for those that do.
      const { parseYaml } = await import('../formats/yaml.ts');
      const parsed = cardSchema.safeParse(quietly(() => parseYaml(front, MOST_ALIASES)));
      if (parsed.success) return agreed(parsed.data.dataset_info);
    }
    const text = await start(join(folder, 'dataset_infos.json'));
    const infos = infosSchema.safeParse(quietly(() => JSON.parse(text) as unknown));
    if (infos.success) return agreed(Object.values(infos.data));
  }
  return {};
}

function agreed(infos: readonly { features?: unknown }[]): Record<string, string[]> {
  const all = infos.map(({ features }) => Object.entries(classNamesOf(features))).flat();
  return Object.fromEntries(
    all.filter(([column, names]) =>
      all.every(([other, others]) => other !== column || JSON.stringify(others) === JSON.stringify(names)),
    ),
  );
}

/** Null for what cannot be read: a description is a help, not a part of the data. */
function quietly(work: () => unknown): unknown {
  try {
    return work();
  } catch {
    return null;
  }
}

/** A small text file; empty where there is none, or a longer one. */
async function start(file: string): Promise<string> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return '';
  try {
    const stats = await handle.stat();
    return stats.isFile() && stats.size <= MOST_BYTES ? await handle.readFile('utf8') : '';
  } catch {
    return '';
  } finally {
    await handle.close();
  }
}
