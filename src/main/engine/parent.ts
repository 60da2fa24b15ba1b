import type { FromEngine } from '../../shared/engine-protocol.ts';

/** The process that started this one. */
export interface Parent {
  send(message: FromEngine): void;
  /** Says the last word and ends this process. */
  end(message: FromEngine): void;
}

/** What Electron puts on `process` in a utility process, as far as it is used here. */
interface ParentPort {
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

/** Electron delivers a message only while the sender lives; the host ends the process when it has the last one. */
const LINGER_MS = 3000;

/**
 * Connects to the parent: Electron's port in a utility process, else the channel of `child_process.fork`. Without
 * its parent this process ends at once: nobody would know of what it does.
 */
export function openParent(onMessage: (message: unknown) => void): Parent {
  const port = (process as unknown as { parentPort?: ParentPort }).parentPort;
  if (port) {
    port.on('message', ({ data }) => onMessage(data));
    endWithParent();
    return {
      send: (message) => port.postMessage(message),
      end: (message) => {
        port.postMessage(message);
        setTimeout(() => process.exit(0), LINGER_MS);
      },
    };
  }
  if (!process.send) throw new Error('The engine is started by Graft, not by hand.');
  process.on('message', onMessage);
  process.on('disconnect', () => process.exit(1));
  return {
    // A parent that is gone cannot be told; `disconnect` follows.
    send: (message) => void process.send!(message, undefined, undefined, () => undefined),
    end: (message) => void process.send!(message, undefined, undefined, () => process.exit(0)),
  };
}

/** A parent that was killed hands its children to another process. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, 1000).unref();
}
