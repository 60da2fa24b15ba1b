import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So much may be left over before it is collected. */
const LEFT_OVER_BYTES = 16 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
let since = 0;

/**
 * Says that `bytes` of a weight were just read. Buffers lie outside of V8's heap, which sees little reason to collect
 * them: without this, as much as the whole model waits to be freed.
 */
export function countRead(bytes: number): void {
  since += bytes;
  if (since < LEFT_OVER_BYTES) return;
  since = 0;
  collect();
}
