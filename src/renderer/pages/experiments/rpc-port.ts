import type { RpcClient } from '../../../shared/rpc-client.ts';

/** What the managers need of the connection: requests and events. */
export type RpcPort = Pick<RpcClient, 'call' | 'on'>;
