import { fault, type Fault } from '../../../shared/faults/index.ts';
import type { AnswerAsk } from '../../engine/jobs/answer.ts';
import { EngineRun, revived, type EngineEnd } from '../experiments/engine-run.ts';
import type { Host } from '../host.ts';

const IDLE_MS = 5 * 60_000;

/** The engine process that holds what answers. It is started when it is asked, and ends when nobody asks for a while. */
export class AnswerEngine {
  private readonly host: Host;
  private readonly idleMs: number | null;
  private run: EngineRun | undefined;
  private idle: NodeJS.Timeout | undefined;
  private open = 0;

  /** `idleMs`: how long it stays without a question; null: until it is closed. */
  constructor(host: Host, idleMs: number | null = IDLE_MS) {
    this.host = host;
    this.idleMs = idleMs;
  }

  /** Throws the engine's faults, and `playground/ended` where the process went: the next question starts another. */
  async ask(question: AnswerAsk): Promise<unknown> {
    const run = (this.run ??= this.start());
    clearTimeout(this.idle);
    this.open++;
    try {
      const ended = run.ended.then((end) => {
        throw endedFault(end);
      });
      return await Promise.race([run.ask(question), ended]);
    } finally {
      this.open--;
      if (this.open === 0 && this.run === run && this.idleMs !== null) {
        this.idle = setTimeout(() => void this.close(), this.idleMs);
        this.idle.unref();
      }
    }
  }

  /** Ends the process, if there is one. */
  async close(): Promise<void> {
    clearTimeout(this.idle);
    const { run } = this;
    this.run = undefined;
    run?.kill();
    await run?.ended;
  }

  private start(): EngineRun {
    const run = new EngineRun({ host: this.host, job: 'answer', input: {} });
    void run.ended.then(() => {
      if (this.run === run) this.run = undefined;
    });
    return run;
  }
}

/** Why a process that was to answer is gone. */
export function endedFault(end: EngineEnd): Fault {
  switch (end.kind) {
    case 'fault':
      return revived(end.fault);
    case 'memory':
      return fault('playground/out-of-memory', {});
    case 'killed':
      return fault('playground/ended', { how: end.signal });
    case 'crashed':
      return fault('playground/ended', { how: end.code });
    case 'hung':
      return fault('playground/ended', { how: `no sign of life for ${end.seconds} s` });
    case 'result':
      return fault('playground/ended', { how: 'it was closed' });
  }
}
