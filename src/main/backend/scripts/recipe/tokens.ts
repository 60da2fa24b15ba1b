import type { Recipe } from '../../../../shared/contract/scripts.ts';
import { constantOf, numberOf, plain, textOf, type Call, type Value } from '../python/values.ts';
import { columnBehind } from './data.ts';
import { originalColumn, type DataSource } from './data-source.ts';
import type { ScriptReading } from './script-reading.ts';

const isTokenizer = (value: Value): boolean => {
  if (value.kind !== 'call') return false;
  const { call } = value;
  if (call.name === 'from_pretrained') return /Tokenizer(Fast)?$|Processor$/.test(call.owner);
  return false;
};

/** Calls of a tokenizer on rows: `tokenizer(examples["text"], …)`. */
function tokenizerCalls(calls: readonly Call[]): Call[] {
  return calls.filter(({ callee, args }) => {
    const of = callee.kind === 'member' && /^(encode_plus|batch_encode_plus|__call__)$/.test(callee.name);
    const target = of ? callee.of : callee;
    if (isTokenizer(target)) return true;
    // A function that is given the tokenizer by its caller.
    return (
      target.kind === 'parameter' &&
      /token/i.test(target.name) &&
      args.some(({ value }) => columnBehind(value) !== undefined)
    );
  });
}

/** Arguments of a tokenizer that are read, or that change nothing of the ids. */
const readArguments = new Set(
  `text text_pair padding pad_to_max_length truncation max_length pad_to_multiple_of return_tensors
   return_token_type_ids return_attention_mask return_length verbose`.split(/\s+/),
);

type TokenSettings = Pick<Recipe, 'textColumn' | 'textPairColumn' | 'maxLength' | 'padding'>;

/** Columns, padding and cut of the call that tokenises the rows. */
export function readTokens(source: DataSource | undefined, script: ScriptReading): TokenSettings {
  const { calls } = script;
  const result: TokenSettings = { textColumn: null, textPairColumn: null, maxLength: null, padding: null };
  const candidates = tokenizerCalls(calls);
  const call =
    candidates.find(
      ({ args, named }) => columnBehind(args[0]?.value ?? named.get('text')?.value) !== undefined,
    ) ?? candidates.find(({ named }) => named.size > 0);
  if (!call) return result;
  const column = (name: string, position: number): string | null => {
    const given = call.argument(name, position);
    const found = columnBehind(given?.value);
    if (found === undefined) {
      if (given && constantOf(given.value) !== null) script.notTaken('texts', given.line, { name });
      return null;
    }
    const made = calls.find(({ items }) => items.has(found))?.items.get(found);
    if (!made) return originalColumn(source, found);
    script.notTaken('column', made.line, { name: found });
    return columnBehind(made.value) ?? null;
  };
  result.textColumn = column('text', 0);
  result.textPairColumn = column('text_pair', 1);
  if (result.textColumn !== null) script.found('data.textColumn', call.line, result.textColumn);
  if (result.textPairColumn !== null) script.found('data.textPairColumn', call.line, result.textPairColumn);
  const ownLimit = calls
    .find((made) => isTokenizer({ kind: 'call', call: made }))
    ?.named.get('model_max_length');
  const length = call.named.get('max_length') ?? ownLimit;
  result.maxLength = numberOf(length?.value) ?? null;
  // The model's own limit is what Graft takes where no length is set.
  const isLimit = length?.value.kind === 'member' && length.value.name === 'model_max_length';
  if (length && result.maxLength === null && !isLimit) script.value('max_length', length);
  if (result.maxLength !== null) script.found('data.maxLength', length!.line, result.maxLength);
  readPadding(call, result, script);
  for (const [name, { value, line }] of call.named) {
    const off = plain(value)?.data;
    if (!readArguments.has(name) && off !== false && off !== null && off !== 0)
      script.notTaken('tokenizer', line, { name });
  }
  const truncation = call.named.get('truncation');
  if (!truncation || constantOf(truncation.value) === false) script.trap('no-truncation', call.line, {});
  return result;
}

function readPadding({ named }: Call, result: TokenSettings, script: ScriptReading): void {
  const old = named.get('pad_to_max_length');
  const padding = named.get('padding') ?? old;
  if (!padding) return;
  const { line, value } = padding;
  if (old) script.trap('deprecated-name', line, { name: 'pad_to_max_length', today: 'padding="max_length"' });
  const isFull = old ? constantOf(value) === true : textOf(value) === 'max_length';
  result.padding = isFull ? 'max_length' : 'longest';
  script.found('data.padding', line, result.padding);
  if (isFull) script.trap('padding-max-length', line, {});
}
