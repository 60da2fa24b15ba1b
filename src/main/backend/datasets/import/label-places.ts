import type { LabelMapping } from '../../../../shared/contract/datasets.ts';
import { mappedLabel } from '../../../../shared/label-column.ts';
import { buildLabelMap } from '../../../engine/data/labels.ts';

/**
 * Gives labels their places while rows come in. The final order is known at the end only, so `settle` is called when the
 * first rows were seen: mostly they have every label, and then no row has to be touched again.
 */
export class LabelPlaces {
  private names: string[] = [];
  private readonly places = new Map<string, number>();
  /** Given by the file: names of class numbers, whose order stands. */
  private readonly fixed: readonly string[] | undefined;

  /** A map may give classes other names, which then stand where the first of theirs stood. */
  constructor(classNames: readonly string[] | undefined, map: LabelMapping = {}) {
    const names = classNames?.map((name) => mappedLabel(name, map)).filter((name) => name !== null);
    this.fixed = names && [...new Set(names)];
    for (const name of this.fixed ?? []) this.placeOf(name);
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
