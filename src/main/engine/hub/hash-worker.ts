import { parentPort, workerData } from 'node:worker_threads';
import { digest, type HashTask } from './hash-file.ts';

/* Hashes one file on a thread of its own: a large one would keep whoever asks busy for seconds. */

const TELL_BYTES = 32 * 2 ** 20;

if (parentPort !== null) {
  const port = parentPort;
  let told = 0;
  const tell = (done: number) => {
    if (done - told < TELL_BYTES) return;
    told = done;
    port.postMessage({ done });
  };
  digest(workerData as HashTask, tell).then(
    (hash) => port.postMessage({ hash }),
    (error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      port.postMessage({ code });
    },
  );
}
