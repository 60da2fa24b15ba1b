import { datasetInfo } from '@huggingface/hub';
import { z } from 'zod';
import { classNamesOf } from '../data/class-names.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { HubClient, HubFile } from './hub-fetch.ts';
import { listTree, understood } from './list-files.ts';
import { licenceOf } from './model-info.ts';

/** The branch to which the hub converts every data set. */
const CONVERTED = 'refs%2Fconvert%2Fparquet';

export interface HubSplit {
  name: string;
  /** As the card says; the files alone do not tell. */
  rows: number | null;
  files: (HubFile & { url: string })[];
}

/** A data set as the hub holds it in Parquet. */
export interface HubDataset {
  id: string;
  licence: string | null;
  gated: boolean;
  /** `classNames`: of class numbers, by column, as the card says. */
  configs: { name: string; splits: HubSplit[]; classNames: Record<string, string[]> }[];
}

const splitsSchema = z.looseObject({
  config_name: z.string().default('default'),
  features: z.unknown(),
  splits: z
    .array(z.looseObject({ name: z.string(), num_examples: z.int().nonnegative().optional() }))
    .catch([]),
});
const infoSchema = z.object({
  gated: z.union([z.boolean(), z.string()]).catch(false),
  tags: z.array(z.string()).catch([]),
  cardData: z
    .looseObject({
      license: z
        .union([z.string(), z.array(z.string())])
        .nullish()
        .catch(null),
      dataset_info: z.union([z.array(splitsSchema), splitsSchema.transform((only) => [only])]).catch([]),
    })
    .nullish()
    .catch(null),
});
const listSchema = z.record(z.string(), z.record(z.string(), z.array(z.string())));

/** Configurations, splits and files of a data set, with sizes and hashes. Throws `hub/…`. */
export async function listDataset(client: HubClient): Promise<HubDataset> {
  const { environment, repository, fetch } = client;
  const { endpoint } = environment;
  const { id, revision } = repository;
  return understood(client, 'its list of Parquet files cannot be read', async () => {
    const info = infoSchema.parse(
      await datasetInfo({
        name: id,
        revision,
        hubUrl: endpoint,
        fetch,
        additionalFields: ['tags', 'cardData'],
      }),
    );
    const list = listSchema.parse(await (await fetch(`${endpoint}/api/datasets/${id}/parquet`)).json());
    if (Object.keys(list).length === 0) throw fault('hub/no-parquet', { endpoint, id });
    const tree = await listTree(client, CONVERTED, true);
    const rows = (config: string, split: string) =>
      info.cardData?.dataset_info
        .find(({ config_name }) => config_name === config)
        ?.splits.find(({ name }) => name === split)?.num_examples ?? null;
    const classNames = (config: string) =>
      classNamesOf(info.cardData?.dataset_info.find(({ config_name }) => config_name === config)?.features);
    const configs = Object.entries(list).map(([name, splits]) => ({
      name,
      classNames: classNames(name),
      splits: Object.entries(splits).map(([split, urls]) => ({
        name: split,
        rows: rows(name, split),
        files: filesOf(client, tree, `${name}/`, split, urls.length),
      })),
    }));
    return {
      id,
      licence: licenceOf(info.tags, info.cardData?.license ?? null),
      gated: info.gated !== false,
      configs,
    };
  });
}

/** The files of a split in order. Of a very large data set the hub converts the beginning, as "partial-train". */
function filesOf(
  { environment, repository }: HubClient,
  tree: ReadonlyMap<string, HubFile>,
  config: string,
  split: string,
  count: number,
): HubSplit['files'] {
  const { endpoint } = environment;
  const { id, kind } = repository;
  const inFolder = (folder: string) =>
    [...tree.values()].filter(({ name }) => name.startsWith(config + folder));
  const converted = inFolder(`${split}/`);
  const found = converted.length > 0 ? converted : inFolder(`partial-${split}/`);
  if (found.length !== count) {
    const what = `it announces ${count} files for ${config}${split}, and ${found.length} are there`;
    throw fault('hub/answer', { endpoint, kind, id, what });
  }
  return found
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((file) => ({
      ...file,
      url: `${endpoint}/datasets/${id}/resolve/${CONVERTED}/${encodeURI(file.name)}`,
    }));
}
