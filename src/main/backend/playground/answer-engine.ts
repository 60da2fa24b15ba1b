import { Fault, fault } from '../../../shared/faults/index.ts';
import type { AnswerAsk } from '../../engine/serving/questions.ts';
import { EngineRun, wayOf, type EngineEnd } from '../jobs/engine-run.ts';
import type { Host } from '../host.ts';

const IDLE_MS = 5 * 60_000;

/** A process, and those who wait for it: a promise of its end would hold on to all that was ever answered. */
interface Started {
  run: EngineRun;
  waiting: Set<(error: Fault) => void>;
}

/** The engine process that holds what answers. It is started when it is asked, and ends when nobody asks for a while. */
export class AnswerEngine {
  private readonly host: Host;
  private readonly idleMs: number | null;
  private started: Started | undefined;
  private idle: NodeJS.Timeout | undefined;
  private open = 0;

  /** `idleMs`: how long it stays without a question; null: until it is closed. */
  constructor(host: Host, idleMs: number | null = IDLE_MS) {
    this.host = host;
    this.idleMs = idleMs;
  }

  /** Throws the engine's faults, and `playground/ended` where the process went: the next question starts another. */
  async ask(question: AnswerAsk): Promise<unknown> {
    const started = (this.started ??= this.start());
    const { run, waiting } = started;
    clearTimeout(this.idle);
    this.open++;
    const { promise: ended, reject } = Promise.withResolvers<never>();
    waiting.add(reject);
    try {
      return await Promise.race([run.ask(question), ended]);
    } finally {
      waiting.delete(reject);
      this.open--;
      if (this.open === 0 && this.started === started && this.idleMs !== null) {
        this.idle = setTimeout(() => void this.close(), this.idleMs);
        this.idle.unref();
      }
    }
  }

  /** Ends the process, if there is one. */
  async close(): Promise<void> {
    clearTimeout(this.idle);
    const { started } = this;
    this.started = undefined;
    started?.run.kill();
    await started?.run.ended;
  }

  private start(): Started {
    const run = new EngineRun({ host: this.host, job: 'answer', input: {} });
    const started: Started = { run, waiting: new Set() };
    void run.ended.then((end) => {
      if (this.started === started) this.started = undefined;
      for (const reject of started.waiting) reject(endedFault(end));
    });
    return started;
  }
}

/** Why a process that was to answer is gone. */
function endedFault(end: EngineEnd): Fault {
  if (end.kind === 'fault') return new Fault(end.fault.code, end.fault);
  if (end.kind === 'memory') return fault('playground/out-of-memory', {});
  return fault('playground/ended', { how: end.kind === 'result' ? 'it was closed' : wayOf(end) });
}
