/** What each target's work is, of 100: writing, answering, and trying out how it is used. */
const SHARE = { write: 40, answer: 50, all: 100 };

/** What is done of a target at a time; a person reads which. */
const stageWords = {
  writing: 'writing',
  answering: 'answering from disk, in a fresh process',
  trying: 'trying the snippets',
};
type Stage = keyof typeof stageWords;
export type StageSeconds = Record<Stage, number>;

/** Work that is done one after another, in the order in which it was asked for. Throws the reason of `signal`. */
type Queue = <T>(work: () => Promise<T>) => Promise<T>;
export interface Queues {
  write: Queue;
  /** A process that holds a model. */
  answer: Queue;
}

export function oneAtATime(signal: AbortSignal): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Whoever watches one target. Shares are of 1, each of its stage or of all. */
export interface TargetProgress {
  /** null: it waits for its turn. */
  stage(now: Stage | null): void;
  share(of: 'writing' | 'answering' | 'all', share: number): void;
}

/** How far several targets are, as one number, and what is done of each now. */
export class Board {
  private readonly total: number;
  private readonly tell: (phase: string, done: number, total: number) => void;
  private readonly done = new Map<string, number>();
  private readonly stages = new Map<string, string>();
  private phase = '';

  constructor(count: number, tell: Board['tell']) {
    // The trained model's own answers are one more.
    this.total = SHARE.all * (count + 1);
    this.tell = tell;
  }

  watch(name: string): TargetProgress & { end(): void; seconds: StageSeconds } {
    const seconds: StageSeconds = { writing: 0, answering: 0, trying: 0 };
    let current: Stage | null = null;
    let since = 0;
    const stage = (now: Stage | null): void => {
      const time = performance.now();
      if (current !== null) seconds[current] += (time - since) / 1000;
      [current, since] = [now, time];
      if (now === null) this.stages.delete(name);
      else this.stages.set(name, `${name}: ${stageWords[now]}`);
      this.show();
    };
    const share = (of: 'writing' | 'answering' | 'all', part: number): void => {
      const done = {
        writing: SHARE.write * part,
        answering: SHARE.write + SHARE.answer * part,
        all: SHARE.all * part,
      }[of];
      this.done.set(name, Math.max(this.done.get(name) ?? 0, done));
      this.show();
    };
    const end = (): void => {
      stage(null);
      share('all', 1);
    };
    return { stage, share, end, seconds };
  }

  private show(): void {
    const done = [...this.done.values()].reduce((sum, share) => sum + share, 0);
    this.phase = [...this.stages.values()].join('; ') || this.phase;
    this.tell(this.phase, Math.round(done), this.total);
  }
}
