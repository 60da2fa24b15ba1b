import type { Attachment } from 'svelte/attachments';
import type { ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

/** A React island: draws what `node` gives into the element, again whenever what it read has changed. */
export function island(node: () => ReactNode): Attachment<HTMLElement> {
  return (element) => {
    const root = createRoot(element);
    $effect(() => {
      const drawn = node();
      // In the same frame as the page around it: nothing jumps.
      flushSync(() => root.render(drawn));
    });
    return () => root.unmount();
  };
}
