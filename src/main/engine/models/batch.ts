import type { RowOrigin } from '../data/table.ts';
import type { Feeds } from '../graph/graph.ts';

/** A tokenised text. */
export interface EncodedText {
  inputIds: Int32Array;
  tokenTypeIds?: Int32Array;
  /** 0 for tokens that are only padding; absent where all are real. */
  attentionMask?: Int32Array;
  /** For messages, where the text is a row of a file; `tokenised`: so are its ids. */
  origin?: RowOrigin & { tokenised: boolean };
}

/** The vectors of a batch, and the order in which its texts stand in them. */
export interface BatchFeeds {
  feeds: Feeds;
  /** order[i] is the index in the given list of the i-th row of every output. */
  order: number[];
  tokens: number;
}

const MASKED = -1e9;

/**
 * TensorFlow prepares a kernel for each shape it meets and keeps it. Lengths rounded up leave it few shapes: no time
 * is lost to speak of, and memory does not grow with the number of steps.
 */
const CELL_STEP = 16;

/** At most 1/64 more tokens than there are, or 15. */
const roundedTokens = (tokens: number): number =>
  roundUp(tokens, Math.max(16, 2 ** Math.floor(Math.log2(tokens / 64))));

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

/**
 * The vectors of a batch for `GroupedLayout`: the texts sorted by length and cut into `groups` rectangles so that the
 * cells of all S×S squares together are fewest. `heads` as in the model.
 */
export function groupedFeeds(texts: readonly EncodedText[], groups: number, heads: number): BatchFeeds {
  const order = texts
    .map((_, i) => i)
    .sort((a, b) => texts[a]!.inputIds.length - texts[b]!.inputIds.length || a - b);
  const sorted = order.map((i) => texts[i]!);
  const lengths = sorted.map((text) => text.inputIds.length);
  const real = lengths.reduce((sum, length) => sum + length, 0);
  const cuts = bestCuts(lengths, groups);
  const widths = Array.from({ length: groups }, (_, group) =>
    roundUp(Math.max(1, ...lengths.slice(cuts[group], cuts[group + 1])), CELL_STEP),
  );
  const filled = widths.reduce((sum, width, group) => sum + width * (cuts[group + 1]! - cuts[group]!), 0);
  // Rectangles that texts fill to the last cell, in a list that needs no rounding, go without a dummy token.
  const exact = filled === real && roundedTokens(real) === real;
  if (!exact && filled === real) widths[groups - 1]! += CELL_STEP;
  const flat = flatten(sorted, exact ? 0 : roundedTokens(real + 1) - real);
  const dummy = flat.tokens - 1;
  const feeds: Record<string, Feeds[string]> = { ...flat.feeds };
  const tokenCell = new Int32Array(flat.tokens);
  const headStride = new Int32Array(flat.tokens);
  const groupRows = new Int32Array(groups);
  let token = 0;
  let offset = 0;
  let spare = { cell: 0, stride: 0 };
  for (let group = 0; group < groups; group++) {
    const members = sorted.slice(cuts[group], cuts[group + 1]);
    const width = widths[group]!;
    const cells = new Int32Array(members.length * width).fill(dummy);
    const bias = new Float32Array(members.length * width).fill(MASKED);
    members.forEach(({ inputIds, attentionMask }, row) => {
      const start = offset + row * heads * width;
      for (let j = 0; j < inputIds.length; j++, token++) {
        cells[row * width + j] = token;
        if (!attentionMask || attentionMask[j] === 1) bias[row * width + j] = 0;
        tokenCell[token] = start + j;
        headStride[token] = width;
      }
      if (inputIds.length < width) spare = { cell: start + inputIds.length, stride: width };
    });
    groupRows[group] = members.length;
    feeds[`cells_${group}`] = { shape: [members.length, width], data: cells };
    feeds[`bias_${group}`] = { shape: [members.length, width], data: bias };
    offset += members.length * heads * width;
  }
  tokenCell.fill(spare.cell, token);
  headStride.fill(spare.stride, token);
  return {
    feeds: { ...feeds, token_cell: tokenCell, head_stride: headStride, group_rows: groupRows },
    order,
    tokens: real,
  };
}

/**
 * The vectors of a batch for `SequenceLayout` of `rows` texts, in the order given. A shorter batch is filled up with
 * texts of one token, whose rows in `order` are beyond the texts given: their loss must weigh nothing.
 */
export function sequenceFeeds(texts: readonly EncodedText[], rows: number): BatchFeeds {
  const fillers = Array.from({ length: rows - texts.length }, (): EncodedText => ({
    inputIds: Int32Array.of(0),
  }));
  const filled = [...texts, ...fillers];
  const { feeds, tokens } = flatten(filled, 0);
  const lengths = Int32Array.from(filled, (text) => text.inputIds.length);
  return { feeds: { ...feeds, lengths }, order: filled.map((_, i) => i), tokens: tokens - fillers.length };
}

/** Tokens of all texts in one list, followed by `dummies` tokens that belong to none. */
function flatten(
  texts: readonly EncodedText[],
  dummies: number,
): { feeds: Record<string, Int32Array>; tokens: number } {
  const tokens = texts.reduce((sum, text) => sum + text.inputIds.length, dummies);
  const ids = new Int32Array(tokens);
  const positions = new Int32Array(tokens);
  const types = new Int32Array(tokens);
  const first = new Int32Array(texts.length);
  let at = 0;
  texts.forEach(({ inputIds, tokenTypeIds }, row) => {
    first[row] = at;
    ids.set(inputIds, at);
    if (tokenTypeIds) types.set(tokenTypeIds, at);
    for (let j = 0; j < inputIds.length; j++) positions[at + j] = j;
    at += inputIds.length;
  });
  return { feeds: { ids, positions, types, first }, tokens };
}

/**
 * Where to cut ascending lengths into `groups` runs so that Σ rows·longest² is least: dynamic programming over
 * (groups so far, rows so far). Gives groups + 1 indices; with fewer rows than groups the first runs are empty.
 */
export function bestCuts(lengths: readonly number[], groups: number): number[] {
  const rows = lengths.length;
  const used = Math.min(groups, rows);
  const empty = Array.from({ length: groups - used }, () => 0);
  let cost = lengths.map((length, i) => (i + 1) * length ** 2);
  const starts: number[][] = [];
  for (let group = 1; group < used; group++) {
    const next = cost.map(() => Infinity);
    const start = cost.map(() => 0);
    for (let end = group; end < rows; end++) {
      for (let from = group; from <= end; from++) {
        const total = cost[from - 1]! + (end - from + 1) * lengths[end]! ** 2;
        if (total < next[end]!) {
          next[end] = total;
          start[end] = from;
        }
      }
    }
    cost = next;
    starts.push(start);
  }
  const cuts = [rows];
  for (const start of starts.toReversed()) cuts.unshift(start[cuts[0]! - 1]!);
  return [0, ...empty, ...cuts];
}
