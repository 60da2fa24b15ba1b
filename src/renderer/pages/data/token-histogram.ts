import type { TokenLengths as Lengths } from '../../../shared/contract.ts';

/** Narrower bars than this are joined. */
const NARROWEST = 5;

/** Bars from zero over `width` pixels, joined where there are too many to see; the cut, and ticks. */
export function histogram(lengths: Lengths, width: number, height: number) {
  const { bins, binWidth, maxLength, longest } = lengths;
  const join = Math.max(1, Math.ceil((bins.length * NARROWEST) / Math.max(1, width)));
  const joined = Array.from({ length: Math.ceil(bins.length / join) }, (_, at) =>
    bins.slice(at * join, (at + 1) * join).reduce((sum, rows) => sum + rows, 0),
  );
  const tokens = Math.max(1, joined.length * join * binWidth);
  const scale = (value: number) => (value / tokens) * width;
  const most = Math.max(1, ...joined);
  const wide = join * binWidth;
  const bars = joined.map((rows, at) => ({
    x: scale(at * wide),
    width: Math.max(1, scale(wide) - 1),
    // A bar of one text among many is still seen.
    height: rows === 0 ? 0 : Math.max(1.5, (rows / most) * (height - 8)),
    rows,
    // Tokens, both included.
    from: Math.round(at * wide),
    // The last bar holds all longer texts too.
    to:
      at === joined.length - 1
        ? Math.max(longest, Math.round((at + 1) * wide) - 1)
        : Math.round((at + 1) * wide) - 1,
    // All of its texts are longer than max_length.
    cut: at * wide >= maxLength,
  }));
  // `more`: the last bar holds all longer texts too.
  const end = longest >= tokens ? { value: tokens - wide, more: true } : { value: longest, more: false };
  const cut = maxLength < tokens ? scale(maxLength) : null;
  return {
    bars,
    cut,
    cutLeft: cut !== null && cut > width * 0.6,
    ticks: ticks(end, maxLength, cut, scale),
  };
}

function ticks(
  end: { value: number; more: boolean },
  maxLength: number,
  cut: number | null,
  scale: (value: number) => number,
) {
  const half = Math.round(end.value / 2);
  // Numbers that would touch are left out; the cut matters most.
  const wanted = [
    { value: 0, more: false, x: 0, anchor: 'start' as const },
    ...(cut === null ? [] : [{ value: maxLength, more: false, x: cut, anchor: 'middle' as const }]),
    { ...end, x: scale(end.value), anchor: 'end' as const },
    { value: half, more: false, x: scale(half), anchor: 'middle' as const },
  ];
  const shown: typeof wanted = [];
  for (const tick of wanted) if (shown.every(({ x }) => Math.abs(x - tick.x) > 44)) shown.push(tick);
  return shown;
}
