import { RefusedError, type RpcClient } from '../../../shared/rpc-client.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';

/** What the managers need of the connection: requests and events. */
export type RpcPort = Pick<RpcClient, 'call' | 'on'>;

/** The words of a refused request; anything else is a defect and is thrown on. */
export function faultOf(error: unknown): FaultValue {
  if (error instanceof RefusedError) return error.fault;
  throw error;
}
