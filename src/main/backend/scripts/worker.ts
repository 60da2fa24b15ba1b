import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { readScript } from './read-script.ts';

// A thread of its own: a hostile text can keep it busy, and it can be ended.
const { text } = z.object({ text: z.string() }).parse(workerData);
parentPort?.postMessage(readScript(text));
