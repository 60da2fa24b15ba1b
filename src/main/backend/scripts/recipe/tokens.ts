import type { Recipe } from '../../../../shared/contract/scripts.ts';
import {
  argument,
  calledName,
  constantOf,
  numberOf,
  ownerName,
  plain,
  textOf,
  type Call,
  type Value,
} from '../python/values.ts';
import { columnBehind } from './data.ts';
import { originalColumn, type DataSource } from './data-source.ts';
import type { Findings } from './findings.ts';

const isTokenizer = (value: Value): boolean => {
  if (value.kind !== 'call') return false;
  const { call } = value;
  if (calledName(call) === 'from_pretrained') return /Tokenizer(Fast)?$|Processor$/.test(ownerName(call));
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
export function readTokens(
  calls: readonly Call[],
  source: DataSource | undefined,
  findings: Findings,
): TokenSettings {
  const result: TokenSettings = { textColumn: null, textPairColumn: null, maxLength: null, padding: null };
  const candidates = tokenizerCalls(calls);
  const call =
    candidates.find(
      ({ args, named }) => columnBehind(args[0]?.value ?? named.get('text')?.value) !== undefined,
    ) ?? candidates.find(({ named }) => named.size > 0);
  if (!call) return result;
  const column = (name: string, place: number): string | null => {
    const given = argument(call, name, place);
    const found = columnBehind(given?.value);
    if (found === undefined) {
      if (given && constantOf(given.value) !== null)
        findings.notUnderstood(given.line, `The texts of ${name} are worked out while the script runs.`);
      return null;
    }
    const made = calls.find(({ items }) => items.has(found))?.items.get(found);
    if (!made) return originalColumn(source, found);
    findings.notUnderstood(
      made.line,
      `The script makes the column ${found} here; join or change texts before they are imported.`,
    );
    return columnBehind(made.value) ?? null;
  };
  result.textColumn = column('text', 0);
  result.textPairColumn = column('text_pair', 1);
  if (result.textColumn !== null) findings.found('data.textColumn', call.line, result.textColumn);
  if (result.textPairColumn !== null) findings.found('data.textPairColumn', call.line, result.textPairColumn);
  const ownLimit = calls
    .find((one) => isTokenizer({ kind: 'call', call: one }))
    ?.named.get('model_max_length');
  const length = call.named.get('max_length') ?? ownLimit;
  result.maxLength = numberOf(length?.value) ?? null;
  // The model's own limit is what Graft takes where no length is set.
  const isLimit = length?.value.kind === 'member' && length.value.name === 'model_max_length';
  if (length && result.maxLength === null && !isLimit) findings.value('max_length', length);
  if (result.maxLength !== null) findings.found('data.maxLength', length!.line, result.maxLength);
  readPadding(call, result, findings);
  for (const [name, placed] of call.named) {
    const off = plain(placed.value)?.data;
    if (!readArguments.has(name) && off !== false && off !== null && off !== 0)
      findings.notUnderstood(placed.line, `${name} of the tokenizer is not taken over.`);
  }
  checkTruncation(call, findings);
  return result;
}

function readPadding(call: Call, result: TokenSettings, findings: Findings): void {
  const padding = call.named.get('padding') ?? call.named.get('pad_to_max_length');
  if (!padding) return;
  const isOld = call.named.has('pad_to_max_length');
  const value = constantOf(padding.value);
  if (isOld) {
    findings.trap(
      'deprecated-name',
      padding.line,
      'pad_to_max_length is an older name.',
      'Today it is padding="max_length".',
    );
  }
  const full = isOld ? value === true : textOf(padding.value) === 'max_length';
  result.padding = full ? 'max_length' : 'longest';
  findings.found('data.padding', padding.line, result.padding);
  if (!full) return;
  findings.trap(
    'padding-max-length',
    padding.line,
    'padding="max_length" fills every text up to the longest possible one: most of the time goes into padding.',
    'Set padding to longest. The results are the same and a step takes a fraction of the time.',
  );
}

function checkTruncation(call: Call, findings: Findings): void {
  const truncation = call.named.get('truncation');
  if (truncation && constantOf(truncation.value) !== false) return;
  findings.trap(
    'no-truncation',
    call.line,
    'Texts are not cut: one longer than the model takes stops the script.',
    'Graft always cuts at the maximum length, and says how many texts it cuts.',
  );
}
