import type { FaultValue } from '../shared/contract/message.ts';
import { faultOf } from '../shared/rpc-client.ts';

/** Does what a person asked for: `tell` gets null when it begins, and the fault when it is refused. */
export async function attempt(
  work: () => Promise<void>,
  tell: (fault: FaultValue | null) => void,
): Promise<void> {
  tell(null);
  try {
    await work();
  } catch (error) {
    tell(faultOf(error));
  }
}
