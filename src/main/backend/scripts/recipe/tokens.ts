import type { Recipe } from '../../../../shared/contract/scripts.ts';
import {
  argument,
  calledName,
  constantOf,
  numberOf,
  ownerName,
  textOf,
  type Call,
  type Value,
} from '../python/values.ts';
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
      args.some(({ value }) => columnOf(value) !== undefined)
    );
  });
}

/** `examples["text"]` → text; also inside str(…), list(…) and the like. */
function columnOf(value: Value | undefined): string | undefined {
  if (value?.kind === 'item') {
    const key = constantOf(value.key);
    return typeof key === 'string' && value.of.kind === 'parameter' ? key : undefined;
  }
  if (value?.kind === 'member' && value.of.kind === 'parameter') return value.name;
  if (value?.kind === 'call') return columnOf(value.call.args[0]?.value);
  return undefined;
}

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
      ({ args, named }) => columnOf(args[0]?.value ?? named.get('text')?.value) !== undefined,
    ) ?? candidates.find(({ named }) => named.size > 0);
  if (!call) return result;
  const column = (name: string, place: number): string | null => {
    const given = argument(call, name, place);
    const found = columnOf(given?.value);
    return found === undefined ? null : originalColumn(source, found);
  };
  result.textColumn = column('text', 0);
  result.textPairColumn = column('text_pair', 1);
  if (result.textColumn !== null) findings.found('data.textColumn', call.line, result.textColumn);
  if (result.textPairColumn !== null) findings.found('data.textPairColumn', call.line, result.textPairColumn);
  const length = call.named.get('max_length');
  result.maxLength = numberOf(length?.value) ?? null;
  if (result.maxLength !== null) findings.found('data.maxLength', length!.line, result.maxLength);
  readPadding(call, result, findings);
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
