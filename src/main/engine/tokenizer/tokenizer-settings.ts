import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile } from './files.ts';

/** A special token stands as a string or, with its matching options, as an object. */
const tokenSchema = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform((token) => token.content)])
  .nullish()
  .transform((token) => token ?? undefined);

const ROLES = [
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
  'bos_token',
  'eos_token',
] as const;
export type SpecialTokenRole = (typeof ROLES)[number];

const specialTokens = z.object(
  Object.fromEntries(ROLES.map((role) => [role, tokenSchema])) as Record<
    SpecialTokenRole,
    typeof tokenSchema
  >,
);

const side = z.enum(['left', 'right']).default('right');

/** The part of tokenizer_config.json that changes token ids; other keys are for other programs. */
const configSchema = specialTokens.extend({
  tokenizer_class: z.string().nullish(),
  model_input_names: z.array(z.string()).nullish(),
  model_max_length: z.number().positive().nullish(),
  padding_side: side,
  truncation_side: side,
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
  trim_offsets: z.boolean().nullish(),
});
export type TokenizerSettings = z.output<typeof configSchema>;

const modelSchema = z.object({ model_type: z.string().optional().catch(undefined) });

/**
 * tokenizer_config.json of `folder`, its special tokens completed from special_tokens_map.json and its class from the
 * model type in config.json. Files that are not there leave the defaults. Throws `tokenizer/unreadable`.
 */
export async function readTokenizerSettings(folder: string): Promise<TokenizerSettings> {
  const config =
    (await readJsonFile(join(folder, 'tokenizer_config.json'), configSchema)) ?? configSchema.parse({});
  const map = await readJsonFile(join(folder, 'special_tokens_map.json'), specialTokens);
  for (const role of ROLES) config[role] ??= map?.[role];
  if (config.tokenizer_class == null) {
    const model = await readJsonFile(join(folder, 'config.json'), modelSchema);
    config.tokenizer_class = model?.model_type?.replaceAll(/[-_]/g, '') ?? null;
  }
  return config;
}

/** Families whose tokenizer gives no token_type_ids unless model_input_names says so (transformers 5). */
const WITHOUT_TOKEN_TYPES =
  /^(albert|bigbird|camembert|data2vectext|distilbert|herbert|ibert|longformer|modernbert|mpnet|mra|roberta|robertaprelayernorm|xlmroberta|xlmrobertaxl|xmod)(tokenizer(fast)?)?$/i;

/** Whether `tokenizer(...)` of transformers gives token_type_ids under these settings. */
export function givesTokenTypeIds(settings: TokenizerSettings): boolean {
  return (
    settings.model_input_names?.includes('token_type_ids') ??
    !WITHOUT_TOKEN_TYPES.test(settings.tokenizer_class ?? '')
  );
}
