/** What pages work with, in one import: the connection, values of the backend, addresses, figures as people read them. */
export { faultOf, RefusedError, type RpcClient } from '../shared/rpc-client.ts';
export * from './copy-text.ts';
export * from './format.ts';
export * from './managers/files-manager.svelte.ts';
export * from './managers/jobs-manager.svelte.ts';
export * from './managers/shortcut-manager.svelte.ts';
export * from './managers/status-manager.svelte.ts';
export * from './managers/toast-manager.svelte.ts';
export * from './resource.svelte.ts';
export * from './router.svelte.ts';
export * from './rpc.ts';
export * from './show-folder.ts';
export * from './text-search.ts';
