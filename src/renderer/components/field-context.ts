import { getContext, onDestroy, setContext } from 'svelte';

/** What a field tells the control inside it. */
export interface FieldLink {
  readonly id: string;
  readonly describedby: string | undefined;
  readonly invalid: boolean;
}

const KEY = Symbol('field');

export function provideField(link: FieldLink): FieldLink {
  setContext(KEY, { link, taken: false });
  return link;
}

/** The field's link for the first control inside it; undefined for the others and outside of a field. */
export function fieldAround(): FieldLink | undefined {
  const field = getContext<{ link: FieldLink; taken: boolean } | undefined>(KEY);
  if (!field || field.taken) return undefined;
  field.taken = true;
  onDestroy(() => (field.taken = false));
  return field.link;
}
