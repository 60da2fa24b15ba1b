import type { Host } from '../backend/host.ts';
import { windowlessHost } from '../backend/windowless-host.ts';
import { forkEngine } from './fork-engine.ts';

/**
 * The host behind a browser: no dialogs, no dock. Secrets stay in memory until the process ends, because a machine
 * that is reached from afar is often shared and has no key store to trust; HF_TOKEN serves those who want it kept.
 */
export function webHost(kind: 'web' | 'cli' = 'web'): Host {
  return windowlessHost(kind, forkEngine, false);
}
