import { join } from 'node:path';
import { z } from 'zod';
import { fault, type Fault } from '../../../shared/faults/index.ts';
import {
  addedToken,
  contentOf,
  tokenFields,
  type AddedToken,
  type NamedToken,
  type PlacedToken,
} from './added-tokens.ts';
import { readJsonFile } from './files.ts';
import { tokenizerClass, type TokenizerClass } from './tokenizer-class.ts';

const addedTokenSchema = tokenFields.transform(({ content, ...flags }) => addedToken(content, flags));

/** A special token stands as a string or, with its matching options, as an object; null says that there is none. */
const namedTokenSchema = z.union([z.string(), addedTokenSchema]).nullable();

/** In the order in which transformers adds them. */
export const ROLES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;
export type SpecialTokenRole = (typeof ROLES)[number];

const roleShape = Object.fromEntries(ROLES.map((role) => [role, namedTokenSchema.optional()])) as Record<
  SpecialTokenRole,
  z.ZodOptional<typeof namedTokenSchema>
>;
const namedTokens = z.union([
  z.array(z.union([z.string(), addedTokenSchema])),
  z.record(z.string(), z.union([z.string(), addedTokenSchema])),
]);
const tokensShape = {
  ...roleShape,
  extra_special_tokens: namedTokens.nullish(),
  additional_special_tokens: namedTokens.nullish(),
};

const tokenMapSchema = z.looseObject(tokensShape);
type TokenMap = z.output<typeof tokenMapSchema>;

const option = z.boolean().nullish();
const side = z.enum(['left', 'right']).optional();

/** What of tokenizer_config.json changes token ids; other keys are for other programs. */
const configSchema = z.looseObject({
  ...tokensShape,
  added_tokens_decoder: z
    .record(z.string().regex(/^\d{1,9}$/, 'an added token stands under its id'), addedTokenSchema)
    .optional(),
  tokenizer_class: z.string().nullish(),
  model_input_names: z.array(z.string()).nullish(),
  model_max_length: z.number().positive().nullish(),
  max_len: z.number().positive().nullish(),
  padding_side: side,
  truncation_side: side,
  split_special_tokens: option,
  do_lower_case: option,
  strip_accents: option,
  tokenize_chinese_chars: option,
  keep_accents: option,
  split_by_punct: option,
  add_prefix_space: option,
  trim_offsets: option,
  add_bos_token: option,
  add_eos_token: option,
  unk_id: z.int().nonnegative().nullish(),
  do_basic_tokenize: option,
  never_split: z.unknown().optional(),
  auto_map: z.unknown().optional(),
});
type Config = z.output<typeof configSchema>;

const modelSchema = z.looseObject({
  model_type: z.string().optional().catch(undefined),
  tokenizer_class: z.string().nullish().catch(undefined),
});

/** What stands in tokenizer.json beside the vocabulary and decides on settings. */
export interface DocumentSettings {
  added: readonly PlacedToken[];
  padding: { side: 'left' | 'right'; token: string } | null;
  truncationSide: 'left' | 'right' | null;
}

/** The settings of a checkpoint's tokenizer, from all the files that have any. */
export interface TokenizerSettings {
  class: TokenizerClass;
  /** The file that names the class, or the model type that has it. */
  classFile: string;
  /** The file that a setting is best corrected in. */
  file: string;
  /** Special tokens that some file names: by role, then by other names. Null: named as missing. */
  tokens: ReadonlyMap<string, NamedToken | null>;
  extra: readonly NamedToken[] | null;
  declared: readonly PlacedToken[];
  options: Config;
  modelMaxLength: number | null;
  hasTokenTypeIds: boolean;
  paddingSide: 'left' | 'right';
  truncationSide: 'left' | 'right';
  /** What the files say that has no effect here. */
  notes: Fault[];
}

/** Above this, model_max_length is transformers' stand-in for "no limit" (1e30). */
const NO_LIMIT = 1e12;

/**
 * The settings of a folder as `AutoTokenizer` of transformers 5.17 takes them. `otherwise`: the class where no file says
 * which. Throws `tokenizer/unreadable`, `tokenizer/field`.
 */
export async function readTokenizerSettings(
  folder: string,
  document: DocumentSettings | null,
  otherwise: () => TokenizerClass,
): Promise<TokenizerSettings> {
  const file = join(folder, 'tokenizer_config.json');
  const config = (await readJsonFile(file, configSchema)) ?? configSchema.parse({});
  const modelFile = join(folder, 'config.json');
  const model = await readJsonFile(modelFile, modelSchema);
  const named = config.tokenizer_class ?? model?.tokenizer_class ?? undefined;
  const found = tokenizerClass(named, model?.model_type) ?? otherwise();

  const [tokens, extra] = givenTokens(config);
  let declared: PlacedToken[];
  if (config.added_tokens_decoder !== undefined) {
    declared = Object.entries(config.added_tokens_decoder).map(([id, token]) => ({
      id: Number(id),
      ...token,
    }));
  } else {
    const map = await readJsonFile(join(folder, 'special_tokens_map.json'), tokenMapSchema);
    if (map !== null) override(tokens, extra, map);
    declared = [...(await readAddedTokens(folder, tokens, extra)), ...(document?.added ?? [])];
    // By this older name transformers takes tokens only after it has read added_tokens.json.
    if (extra.length === 0 && Array.isArray(map?.additional_special_tokens))
      extra.push(...map.additional_special_tokens);
  }
  // A role that an added token has is matched as that token is.
  const byContent = new Map<string, AddedToken>(
    declared.map(({ id: _, ...token }) => [token.content, token]),
  );
  for (const role of ROLES) {
    const token = tokens.get(role);
    if (token != null) tokens.set(role, byContent.get(contentOf(token)) ?? token);
  }
  const limit = config.model_max_length ?? config.max_len ?? Infinity;
  return {
    class: found,
    classFile: config.tokenizer_class == null ? modelFile : file,
    file,
    tokens,
    extra: extra.length === 0 && config.extra_special_tokens == null ? null : extra,
    declared,
    options: config,
    modelMaxLength: limit > NO_LIMIT ? null : limit,
    hasTokenTypeIds: config.model_input_names?.includes('token_type_ids') ?? found.tokenTypes,
    paddingSide: config.padding_side ?? document?.padding?.side ?? 'right',
    truncationSide: config.truncation_side ?? document?.truncationSide ?? 'right',
    notes: notesOn(config, file, found),
  };
}

/** Special tokens by role and by other names, and those without a name. */
function givenTokens(config: Config): [Map<string, NamedToken | null>, NamedToken[]] {
  const tokens = new Map<string, NamedToken | null>();
  for (const role of ROLES) if (config[role] !== undefined) tokens.set(role, config[role]);
  for (const [key, value] of Object.entries(config))
    if (key.endsWith('_token') && typeof value === 'string') tokens.set(key, value);
  const extra = config.extra_special_tokens ?? config.additional_special_tokens ?? [];
  if (Array.isArray(extra)) return [tokens, [...extra]];
  for (const [name, token] of Object.entries(extra)) tokens.set(name, token);
  return [tokens, []];
}

/** Lets special_tokens_map.json have the last word. */
function override(tokens: Map<string, NamedToken | null>, extra: NamedToken[], map: TokenMap): void {
  for (const role of ROLES) {
    const token = map[role];
    if (token === undefined) continue;
    tokens.set(role, typeof token === 'object' && token !== null ? { ...token, special: true } : token);
  }
  const more = map.extra_special_tokens ?? [];
  if (!Array.isArray(more)) for (const [name, token] of Object.entries(more)) tokens.set(name, token);
  else extra.push(...more.filter((token) => !extra.some((known) => contentOf(known) === contentOf(token))));
}

async function readAddedTokens(
  folder: string,
  tokens: ReadonlyMap<string, NamedToken | null>,
  extra: readonly NamedToken[],
): Promise<PlacedToken[]> {
  const schema = z.record(z.string(), z.int().nonnegative());
  const added = (await readJsonFile(join(folder, 'added_tokens.json'), schema)) ?? {};
  const named = ROLES.map((role) => tokens.get(role)).filter((token) => token != null);
  const special = new Set([...named, ...extra].map(contentOf));
  return Object.entries(added).map(([content, id]) => ({
    id,
    ...addedToken(content, { special: special.has(content) }),
  }));
}

function notesOn(config: Config, file: string, found: TokenizerClass): Fault[] {
  const notes: Fault[] = [];
  if (config.do_basic_tokenize === false)
    notes.push(fault('tokenizer/no-effect', { file, key: 'do_basic_tokenize' }));
  if (Array.isArray(config.never_split) && config.never_split.length > 0)
    notes.push(fault('tokenizer/no-effect', { file, key: 'never_split' }));
  if (config.auto_map != null) notes.push(fault('tokenizer/own-code', { file, taken: found.name }));
  return notes;
}
