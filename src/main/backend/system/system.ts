import type { Handlers } from '../../../shared/contract.ts';
import type { BackendContext } from '../context.ts';

export function systemHandlers(_context: BackendContext): Partial<Handlers> {
  return {};
}
