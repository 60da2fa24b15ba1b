// The engine process's one entry: takes one job, does it, says what came of it, and ends. Started with `--stay` it takes
// the next one instead: tests pay for loading TensorFlow once.
import { flushCompileCache } from 'node:module';
import os from 'node:os';
import { type ToEngine, type FromEngine, toEngineSchema } from '../../shared/engine-protocol.ts';
import { faultOf } from './failure.ts';
import type { Answering, JobEvent } from './jobs.ts';
import { engineJobs, precisionOf } from './jobs/index.ts';
import { loadTensorFlow, usesGpu } from './runtime/tensorflow.ts';

const ALIVE_MS = 2000;
/** Steps can be shorter than this; whoever watches needs no more. */
const TELL_MS = 100;

interface Work {
  stop: AbortController;
  /** What an open job answers with, once it is ready for it. */
  answering: PromiseWithResolvers<Answering>;
}

let current: Work | undefined;
let toldAt = 0;

const parent = openParent((message) => {
  const { data } = toEngineSchema.safeParse(message);
  if (data?.type === 'stop') current?.stop.abort(data.keep);
  else if (data?.type === 'ask') void answer(data);
  else if (data && !current) void work(data);
});

function alive(): void {
  const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  const peak = process.resourceUsage().maxRSS * 1024;
  parent.send({
    type: 'alive',
    memoryMb: megabytes(process.memoryUsage.rss()),
    peakMemoryMb: megabytes(peak),
  });
}

/** Progress comes at every step and is thinned; everything else goes out at once. */
function onEvent(event: JobEvent): void {
  if (event.type === 'progress') {
    const now = performance.now();
    if (now - toldAt < TELL_MS && event.done < event.total) return;
    toldAt = now;
    alive();
  }
  parent.send({ type: 'event', event: { ...event } });
}

async function answer({ id, input }: Extract<ToEngine, { type: 'ask' }>): Promise<void> {
  try {
    parent.send({ type: 'answer', id, output: await (await current!.answering.promise)(input) });
  } catch (error) {
    parent.send({ type: 'refusal', id, fault: faultOf('answer', error) });
  }
}

async function work({ job, input }: Extract<ToEngine, { type: 'start' }>): Promise<void> {
  const { stop, answering } = (current = {
    stop: new AbortController(),
    answering: Promise.withResolvers<Answering>(),
  });
  const heartbeat = setInterval(alive, ALIVE_MS);
  let last: FromEngine;
  try {
    const run = Object.hasOwn(engineJobs, job) ? engineJobs[job] : undefined;
    if (!run) throw new Error(`The engine has no job ${job}.`);
    loadTensorFlow(precisionOf(job, input));
    parent.send({ type: 'ready', device: usesGpu() ? 'GPU' : `CPU · ${os.availableParallelism()} cores` });
    alive();
    last = {
      type: 'result',
      output: await run(input, { signal: stop.signal, onEvent, onAsk: answering.resolve }),
    };
  } catch (error) {
    // A job that was stopped before it had begun comes to nothing, and that is no fault.
    const stopped = stop.signal.aborted && error === stop.signal.reason;
    last = stopped ? { type: 'result', output: null } : { type: 'fault', fault: faultOf(job, error) };
  }
  clearInterval(heartbeat);
  alive();
  // Its host kills it with its last word: the next one starts from what is compiled now.
  flushCompileCache();
  if (process.argv.includes('--stay')) {
    current = undefined;
    parent.send(last);
  } else parent.end(last);
}

/** The process that started this one. */
interface Parent {
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
function openParent(onMessage: (message: unknown) => void): Parent {
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
