import type { RpcClient } from '../kit.ts';
import { patched, type Draft } from './spec-choice.ts';

type Rpc = Pick<RpcClient, 'call'>;

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

/** The draft of this window's next experiment; empty where there is none. Rejects with a RefusedError. */
export async function readDraft(rpc: Rpc): Promise<Draft> {
  const { spec } = await rpc.call('experiments/read-draft', { window: await draftWindow() });
  return patched({}, spec ?? {});
}

export async function saveDraft(rpc: Rpc, draft: Draft): Promise<void> {
  await rpc.call('experiments/save-draft', { window: await draftWindow(), spec: draft });
}

/** Changes the draft while its form is not open. */
export async function changeDraft(rpc: Rpc, change: (draft: Draft) => Draft): Promise<void> {
  await saveDraft(rpc, change(await readDraft(rpc)));
}
