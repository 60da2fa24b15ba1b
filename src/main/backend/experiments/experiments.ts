import type { Handlers } from '../../../shared/contract.ts';
import type { BackendContext } from '../context.ts';

export function experimentHandlers(_context: BackendContext): Partial<Handlers> {
  return {};
}
