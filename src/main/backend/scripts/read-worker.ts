import { parentPort, workerData } from 'node:worker_threads';
import { readScript } from './read-script.ts';

// A thread of its own: a hostile text can keep it busy, and it can be ended.
parentPort?.postMessage(readScript(workerData as string));
