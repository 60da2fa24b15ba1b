/** Height of a closed row in pixels (SCREENS "Look"). */
export const ROW = 32;
/** Browsers stop at about 33 million pixels; past this the scroll position is scaled. */
const TALLEST = 30_000_000;
/** Rows drawn above and below what is seen, so that scrolling shows no gap. */
const OVERSCAN = 8;

export interface RowWindow {
  /** Rows from `first` up to, not including, `end` are drawn. */
  first: number;
  end: number;
  /** Pixels from the top of the scrolled area to the first one. */
  top: number;
  /** Height of the scrolled area. */
  height: number;
}

/** Which of `total` rows are drawn at a scroll position; the open one is `extra` pixels taller. */
export function rowWindow(given: {
  total: number;
  scrollTop: number;
  viewport: number;
  open: number | null;
  extra: number;
}): RowWindow {
  const { total, viewport, open, extra } = given;
  const opened = open !== null && open < total ? extra : 0;
  const full = total * ROW + opened;
  const height = Math.min(full, TALLEST);
  const room = Math.max(1, height - viewport);
  // Scaled, a position stands for the same share of the longer list.
  const scrolled = Math.min(Math.max(0, given.scrollTop), room);
  const offset = full > height ? (scrolled / room) * (full - viewport) : scrolled;
  const rowAt = (pixels: number) => {
    if (open === null || pixels < (open + 1) * ROW) return Math.floor(pixels / ROW);
    return pixels < (open + 1) * ROW + opened ? open : Math.floor((pixels - opened) / ROW);
  };
  const first = Math.max(0, rowAt(offset) - OVERSCAN);
  const end = Math.min(total, rowAt(offset + viewport) + 1 + OVERSCAN);
  return { first, end, top: topOf(first, open, opened) - offset + scrolled, height };
}

/** Pixels above a row, unscaled. */
export function topOf(row: number, open: number | null, extra: number): number {
  return row * ROW + (open !== null && row > open ? extra : 0);
}

/** The scroll position that brings a row into view, or the present one where it is in view already. */
export function scrollTo(
  row: number,
  given: { total: number; scrollTop: number; viewport: number; open: number | null; extra: number },
): number {
  const { total, viewport, open, extra } = given;
  const full = total * ROW + (open === null ? 0 : extra);
  const scale = full > TALLEST ? (TALLEST - viewport) / (full - viewport) : 1;
  const top = topOf(row, open, extra);
  const offset = given.scrollTop / scale;
  if (top < offset) return top * scale;
  if (top + ROW > offset + viewport) return (top + ROW - viewport) * scale;
  return given.scrollTop;
}
