import type { LabelCount } from '../../../shared/contract/datasets.ts';
import { labelText } from '../../../shared/label-column.ts';

/** Distinct values are counted up to here. */
const MOST_DISTINCT = 50_000;
const NAMED_ROWS = 5;

/** What is known of a column from the rows looked at. */
export class ColumnStats {
  readonly name: string;
  empty = 0;
  /** The first rows without a value. */
  readonly emptyRows: number[] = [];
  private readonly values = new Map<string, number>();
  private filled = 0;
  private characters = 0;
  private numbers = 0;

  constructor(name: string) {
    this.name = name;
  }

  see(value: unknown, row: number): void {
    const text = labelText(value);
    if (text.trim() === '') {
      if (this.empty++ < NAMED_ROWS) this.emptyRows.push(row);
      return;
    }
    this.filled++;
    this.characters += text.length;
    if (Number.isFinite(Number(text))) this.numbers++;
    const rows = this.values.get(text);
    if (rows !== undefined || this.values.size < MOST_DISTINCT) this.values.set(text, (rows ?? 0) + 1);
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

  /** The first values with their rows, at most so many. */
  counts(most: number): LabelCount[] {
    return Array.from([...this.values].slice(0, most), ([value, rows]) => ({ value, rows }));
  }

  /** Whether every value is one of these, whatever its case. */
  within(known: ReadonlySet<string>): boolean {
    return this.filled > 0 && [...this.values.keys()].every((value) => known.has(value.trim().toLowerCase()));
  }
}
