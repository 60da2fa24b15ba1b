import { type Curve, stepFields } from '../../shared/contract.ts';

export type CurveName = keyof Curve;

/** Logged steps in growing typed arrays: an event appends, what is there is not copied. */
export class CurveColumns {
  #capacity = 1024;
  #length = 0;
  #columns = this.#allocate();

  get length(): number {
    return this.#length;
  }
  get lastStep(): number {
    return this.#length === 0 ? -1 : this.#columns.step[this.#length - 1]!;
  }
  /** A view; valid until more points are appended. */
  column(name: CurveName): Float64Array {
    return this.#columns[name].subarray(0, this.#length);
  }
  /** The last value of a column; null without points. */
  last(name: CurveName): number | null {
    return this.#length === 0 ? null : this.#columns[name][this.#length - 1]!;
  }

  /** Adds points in order of steps. Steps that are there already (a run that went back) are replaced. */
  append(curve: Curve): void {
    const added = curve.step.length;
    if (added === 0) return;
    while (this.#length > 0 && this.lastStep >= curve.step[0]!) this.#length -= 1;
    if (this.#length + added > this.#capacity) this.#grow(this.#length + added);
    for (const name of stepFields) this.#columns[name].set(curve[name], this.#length);
    this.#length += added;
  }

  clear(): void {
    this.#length = 0;
  }

  #grow(needed: number): void {
    while (this.#capacity < needed) this.#capacity *= 2;
    const old = this.#columns;
    this.#columns = this.#allocate();
    for (const name of stepFields) this.#columns[name].set(old[name].subarray(0, this.#length));
  }

  #allocate(): Record<CurveName, Float64Array> {
    const column = () => new Float64Array(this.#capacity);
    return {
      step: column(),
      epoch: column(),
      loss: column(),
      learning_rate: column(),
      grad_norm: column(),
      tokens_per_second: column(),
    };
  }
}
