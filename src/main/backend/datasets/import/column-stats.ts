import { cellText } from './source-tables.ts';

/** Distinct values are counted up to here. */
const MOST_DISTINCT = 50_000;
const NAMED_ROWS = 5;

/** What is known of a column from the rows looked at. */
export class ColumnStats {
  readonly name: string;
  empty = 0;
  /** The first rows without a value. */
  readonly emptyRows: number[] = [];
  private readonly values = new Set<string>();
  private filled = 0;
  private characters = 0;
  private numbers = 0;

  constructor(name: string) {
    this.name = name;
  }

  see(value: unknown, row: number): void {
    const text = cellText(value);
    if (text.trim() === '') {
      if (this.empty++ < NAMED_ROWS) this.emptyRows.push(row);
      return;
    }
    this.filled++;
    this.characters += text.length;
    if (Number.isFinite(Number(text))) this.numbers++;
    if (this.values.size < MOST_DISTINCT) this.values.add(text);
  }

  get distinct(): number {
    return this.values.size;
  }

  get meanLength(): number {
    return this.filled === 0 ? 0 : this.characters / this.filled;
  }

  /** Of the rows with a value, how many have one of their own; 0 to 1. */
  get distinctShare(): number {
    return this.filled === 0 ? 0 : this.values.size / this.filled;
  }

  get isNumeric(): boolean {
    return this.filled > 0 && this.numbers === this.filled;
  }

  /** Whether every value is one of these, whatever its case. */
  within(known: ReadonlySet<string>): boolean {
    return this.filled > 0 && [...this.values].every((value) => known.has(value.trim().toLowerCase()));
  }
}
