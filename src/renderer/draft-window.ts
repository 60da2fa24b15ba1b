const KEY = 'graft-window';
let found: Promise<string> | null = null;

/** The name by which this window keeps its own draft of an experiment; the same after a reload. */
export function draftWindow(): Promise<string> {
  return (found ??= findName());
}

async function findName(): Promise<string> {
  if (typeof sessionStorage === 'undefined') return '';
  const kept = sessionStorage.getItem(KEY);
  if (kept !== null && (await isFree(kept))) return kept;
  const made = crypto.getRandomValues(new Uint32Array(4)).join('-');
  sessionStorage.setItem(KEY, made);
  await isFree(made);
  return made;
}

/** Takes the name for as long as the page lives; false: a duplicated tab took this one's over. */
function isFree(name: string): Promise<boolean> {
  if (!('locks' in navigator)) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(`graft-draft-${name}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
  });
}
