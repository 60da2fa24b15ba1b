import type { Attachment } from 'svelte/attachments';

const BACK = '0.15';

/** The class of what is drawn of the series at a place: what `highlight` finds it by. */
export const markOf = (index: number): string => `mark mark-${index}`;

/**
 * Lets one series of a drawing stand out: the others step back. In the drawing itself, because drawing forty series
 * anew while the pointer moves takes too long. `keys`: of the series, by place; a key that is not there lets all stand.
 */
export function highlight(lit: () => string | null, keys: () => readonly string[]): Attachment<HTMLElement> {
  return (element) => {
    $effect(() => {
      const wanted = lit();
      const index = wanted === null ? -1 : keys().indexOf(wanted);
      for (const mark of element.querySelectorAll<SVGElement>('.mark')) {
        mark.style.opacity = index < 0 || mark.classList.contains(`mark-${index}`) ? '' : BACK;
      }
    });
  };
}
