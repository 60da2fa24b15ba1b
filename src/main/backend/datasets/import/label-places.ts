import { buildLabelMap } from '../../../engine/data/labels.ts';
import { fault } from '../../../../shared/faults/index.ts';

/**
 * Gives labels their places while rows come in. The final order is known at the end only, so `settle` is called when the
 * first rows were seen: mostly they have every label, and then no row has to be touched again.
 */
export class LabelPlaces {
  private names: string[] = [];
  private readonly places = new Map<string, number>();
  /** Given by the file: names of class numbers, whose order stands. */
  private readonly fixed: readonly string[] | undefined;

  constructor(classNames?: readonly string[]) {
    this.fixed = classNames;
    for (const name of classNames ?? []) this.placeOf(name);
  }

  /** A label as the file has it as its name. Throws `datasets/class-number`. */
  nameOf(value: string | number, place: { file: string; row: number }): string {
    if (!this.fixed || !/^-?\d+$/.test(String(value))) return String(value);
    const name = this.fixed[Number(value)];
    if (name !== undefined) return name;
    throw fault('datasets/class-number', { ...place, value: String(value), classes: this.fixed.length });
  }

  placeOf(name: string): number {
    const known = this.places.get(name);
    if (known !== undefined) return known;
    this.places.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** Sorts what was seen so far; returns the new place of each old one. */
  settle(): number[] {
    const sorted = this.fixed ? this.names : buildLabelMap(this.names).names;
    const places = new Map(sorted.map((name, place) => [name, place]));
    const moved = this.names.map((name) => places.get(name)!);
    this.names = [...sorted];
    this.places.clear();
    for (const [name, place] of places) this.places.set(name, place);
    return moved;
  }

  get all(): readonly string[] {
    return this.names;
  }
}
