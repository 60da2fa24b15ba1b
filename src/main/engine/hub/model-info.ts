import { listModels, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import type { HubEnvironment } from './environment.ts';
import { hubClient, type HubClient } from './hub-fetch.ts';
import { understood } from './list-files.ts';

/** What the hub says about a model without a file of it being read. */
export interface HubModelInfo {
  id: string;
  downloads: number | null;
  likes: number | null;
  pipeline: string | null;
  /** ISO 8601. */
  updatedAt: string | null;
  gated: boolean;
  licence: string | null;
  /** `model_type` of config.json. */
  architecture: string | null;
  parameters: number | null;
}

const optional = <Value extends z.ZodType>(value: Value) =>
  value
    .nullish()
    .catch(null)
    .transform((it) => it ?? null);
const count = optional(z.int().nonnegative());

/** What the library passes on from the hub's answer as it stands; a field of another kind counts as missing. */
const entrySchema = z.object({
  name: z.string(),
  downloads: count,
  likes: count,
  task: optional(z.string()),
  updatedAt: optional(z.date()),
  gated: z.union([z.boolean(), z.string()]).catch(false),
  tags: z.array(z.string()).catch([]),
  cardData: optional(z.looseObject({ license: optional(z.union([z.string(), z.array(z.string())])) })),
  config: optional(z.looseObject({ model_type: optional(z.string()) })),
  safetensors: optional(z.looseObject({ total: count })),
});

const fields = ['tags', 'config', 'safetensors'] as const;

function infoOf(entry: unknown): HubModelInfo {
  const { name, task, updatedAt, gated, tags, cardData, config, safetensors, ...rest } =
    entrySchema.parse(entry);
  return {
    ...rest,
    id: name,
    pipeline: task,
    updatedAt: updatedAt?.toISOString() ?? null,
    gated: gated !== false,
    licence: licenceOf(tags, cardData?.license ?? null),
    architecture: config?.model_type ?? null,
    parameters: safetensors?.total ?? null,
  };
}

/** The licence of a repository, as its card or its tags name it: "apache-2.0". */
export function licenceOf(tags: readonly string[], inCard: string | string[] | null): string | null {
  if (inCard !== null && inCard.length > 0) return [inCard].flat().join(', ');
  return tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length) ?? null;
}

/** The models of the hub whose name holds the words, the most fetched first; at most `limit`. Throws `hub/…`. */
export async function searchModels(
  environment: HubEnvironment,
  words: string,
  limit: number,
  signal?: AbortSignal,
): Promise<HubModelInfo[]> {
  const client = hubClient(environment, { kind: 'search', id: words, revision: 'main' }, signal);
  return understood(client, 'its list of models cannot be read', async () => {
    const found: HubModelInfo[] = [];
    const { endpoint: hubUrl } = environment;
    const search = words === '' ? {} : { query: words };
    const { fetch } = client;
    for await (const entry of listModels({
      search,
      hubUrl,
      fetch,
      limit,
      sort: 'downloads',
      additionalFields: [...fields],
    })) {
      found.push(infoOf(entry));
    }
    return found;
  });
}

/** What the hub says about one model. Throws `hub/…`. */
export async function hubModelInfo(client: HubClient): Promise<HubModelInfo> {
  const { environment, repository, fetch } = client;
  return understood(client, 'its description cannot be read', async () =>
    infoOf(
      await modelInfo({
        name: repository.id,
        revision: repository.revision,
        hubUrl: environment.endpoint,
        fetch,
        additionalFields: [...fields, 'cardData'],
      }),
    ),
  );
}
