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

/** Tokens that stand one after the other in a row of a rectangle: the first of them, and how many. */
interface Run {
  token: number;
  count: number;
}

/**
 * The vectors of a batch for `GroupedLayout`: the texts sorted by length and cut into `groups` rectangles so that the
 * cells of all S×S squares together are fewest. `heads` and `window` as in the model.
 */
export function groupedFeeds(
  texts: readonly EncodedText[],
  groups: number,
  heads: number,
  window?: number,
): BatchFeeds {
  const order = texts
    .map((_, i) => i)
    .sort((a, b) => texts[a]!.inputIds.length - texts[b]!.inputIds.length || a - b);
  const sorted = order.map((i) => texts[i]!);
  const lengths = sorted.map((text) => text.inputIds.length);
  const real = lengths.reduce((sum, length) => sum + length, 0);
  const cuts = bestCuts(lengths, groups);
  const members = Array.from({ length: groups }, (_, group) => lengths.slice(cuts[group], cuts[group + 1]));
  const widths = members.map((of) => roundUp(Math.max(1, ...of), CELL_STEP));
  const inBlocks = members.map((of, group) => window !== undefined && isCutShort(of, widths[group]!, window));
  const filled = members.reduce((sum, of, group) => sum + widths[group]! * of.length, 0);
  // Rectangles that texts fill to the last cell, in a list that needs no rounding, go without a dummy token.
  const exact = filled === real && roundedTokens(real) === real && !inBlocks.includes(true);
  if (!exact && filled === real) widths[groups - 1]! += CELL_STEP;
  const { feeds, tokens } = flatten(sorted, exact ? 0 : roundedTokens(real + 1) - real);
  let token = 0;
  const runs = members.map((of) => of.map((count): Run => ({ token: (token += count) - count, count })));
  const bias = new Float32Array(tokens).fill(MASKED);
  token = 0;
  for (const { inputIds, attentionMask } of sorted)
    for (let j = 0; j < inputIds.length; j++) bias[token++] = attentionMask?.[j] === 0 ? MASKED : 0;
  const all = rectangles(runs, widths, heads, tokens);
  return {
    feeds: {
      ...feeds,
      ...all,
      ...perGroup('bias', all, bias),
      ...(window === undefined ? {} : localFeeds(runs, { widths, inBlocks, bias, heads, tokens, window })),
    },
    order,
    tokens: real,
  };
}

/**
 * Each run's tokens in a row of its group's rectangle: the token of each cell, the dummy token where there is none; and
 * of each token its cell in the first head, and how far on it stands in the next.
 */
function rectangles(
  groups: readonly (readonly Run[])[],
  widths: readonly number[],
  heads: number,
  tokens: number,
): Record<string, Feeds[string]> {
  const feeds: Record<string, Feeds[string]> = {};
  const tokenCell = new Int32Array(tokens);
  const headStride = new Int32Array(tokens);
  let offset = 0;
  let last = 0;
  let spare = { cell: 0, stride: 0 };
  groups.forEach((runs, group) => {
    const width = widths[group]!;
    const cells = new Int32Array(runs.length * width).fill(tokens - 1);
    runs.forEach(({ token, count }, row) => {
      const start = offset + row * heads * width;
      for (let j = 0; j < count; j++) {
        cells[row * width + j] = token + j;
        tokenCell[token + j] = start + j;
        headStride[token + j] = width;
      }
      last = token + count;
      if (count < width) spare = { cell: start + count, stride: width };
    });
    feeds[`cells_${group}`] = { shape: [runs.length, width], data: cells };
    offset += runs.length * heads * width;
  });
  tokenCell.fill(spare.cell, last);
  headStride.fill(spare.stride, last);
  const rows = Int32Array.from(groups, (runs) => runs.length);
  return { ...feeds, token_cell: tokenCell, head_stride: headStride, group_rows: rows };
}

/** For each rectangle `cells_…` what `of` has for the token in each cell, under another name. */
function perGroup(
  name: string,
  cells: Readonly<Record<string, Feeds[string]>>,
  of: Float32Array,
): Record<string, Feeds[string]> {
  const found = Object.entries(cells).flatMap(([key, feed]) => {
    if (!key.startsWith('cells_') || !('shape' in feed)) return [];
    const data = Float32Array.from(feed.data, (token) => of[token]!);
    return [[key.replace('cells', name), { shape: feed.shape, data }] as const];
  });
  return Object.fromEntries(found);
}

/** Queries of a block see keys of it and as far as the window on both sides. */
const blockOf = (window: number): { block: number; span: number } => {
  const block = Math.max(window, CELL_STEP);
  return { block, span: block + 2 * window };
};

/** Whether texts in blocks have fewer pairs of queries and keys than in a rectangle of this width. */
function isCutShort(lengths: readonly number[], width: number, window: number): boolean {
  const { block, span } = blockOf(window);
  const blocks = lengths.reduce((sum, length) => sum + Math.ceil(length / block), 0);
  return blocks * block * span < lengths.length * width ** 2;
}

/**
 * The vectors for `LocalLayout`. Texts of a group whose rectangle would be larger are cut into blocks of queries, each a
 * row with the keys that its window reaches: a token then stands in up to three rows of keys.
 */
function localFeeds(
  texts: readonly (readonly Run[])[],
  of: {
    widths: readonly number[];
    inBlocks: readonly boolean[];
    /** 0 or MASKED of each token. */
    bias: Float32Array;
    heads: number;
    tokens: number;
    window: number;
  },
): Record<string, Feeds[string]> {
  const { inBlocks, bias, heads, tokens, window } = of;
  const { block, span } = blockOf(window);
  const rows = texts.map((runs, group) =>
    runs.flatMap((text) => {
      const size = inBlocks[group] ? block : text.count;
      return Array.from({ length: Math.ceil(text.count / size) }, (_, i) => ({
        text,
        token: text.token + i * size,
        count: Math.min(size, text.count - i * size),
      }));
    }),
  );
  const queryWidths = of.widths.map((width, group) => (inBlocks[group] ? block : width));
  const feeds = rectangles(rows, queryWidths, heads, tokens);
  const times = inBlocks.includes(true) ? 3 : 1;
  const used = new Int32Array(tokens);
  const keyCell = new Int32Array(tokens * times);
  const keyStride = new Int32Array(tokens * times);
  let spare = { cell: 0, stride: 0 };
  let offset = 0;
  rows.forEach((group, number) => {
    const width = inBlocks[number] ? span : of.widths[number]!;
    const cells = new Int32Array(group.length * width).fill(tokens - 1);
    const cellBias = new Float32Array(cells.length).fill(MASKED);
    group.forEach(({ text, token }, row) => {
      const start = inBlocks[number] ? token - window : token;
      for (let j = 0; j < width; j++) {
        const key = start + j;
        const cell = offset + row * heads * width + j;
        if (key < text.token || key >= text.token + text.count) {
          spare = { cell, stride: width };
          continue;
        }
        cells[row * width + j] = key;
        cellBias[row * width + j] = bias[key]!;
        const at = key * times + used[key]!++;
        keyCell[at] = cell;
        keyStride[at] = width;
      }
    });
    feeds[`keys_${number}`] = { shape: [group.length, width], data: cells };
    feeds[`bias_${number}`] = { shape: [group.length, width], data: cellBias };
    offset += group.length * heads * width;
  });
  for (let token = 0; token < tokens; token++) {
    keyCell.fill(spare.cell, token * times + used[token]!, (token + 1) * times);
    keyStride.fill(spare.stride, token * times + used[token]!, (token + 1) * times);
  }
  feeds['key_cell'] = { shape: [tokens, times], data: keyCell };
  feeds['key_stride'] = { shape: [tokens, times], data: keyStride };
  return Object.fromEntries(Object.entries(feeds).map(([key, feed]) => [`local_${key}`, feed]));
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
