import type { JobEvent } from '../engine/jobs.ts';
import { oneLine, printable } from '../../shared/quoting.ts';
import { count, duration, rate } from './format.ts';

type ProgressEvent = Extract<JobEvent, { type: 'progress' }>;

/** The part of process.stderr that is needed. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** How often the line is rewritten on a terminal, and how often a line is written elsewhere. */
const terminalIntervalMs = 100;
const logIntervalMs = 5000;
/** A phase that is over sooner than this leaves no line in a log. */
const briefMs = 1000;

/** How fast a phase goes, without the time that other phases took in between. */
interface Pace {
  lastDone: number;
  counted: number;
  milliseconds: number;
}

/**
 * Shows a job's events on stderr: notes and evaluations as lines, progress as one line that is rewritten on a
 * terminal and written every few seconds elsewhere. The rate is that of the phase so far.
 */
export class ProgressDisplay {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #pace = new Map<string, Pace>();
  #phase: string | null = null;
  #lastTime = 0;
  #writtenAt = -Infinity;
  #lineOpen = false;

  /** `now`: milliseconds of any clock that never goes back. */
  constructor(stream: ProgressStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
  }

  onEvent(event: JobEvent): void {
    if (event.type === 'progress') this.#progress(event);
    else if (event.type === 'note') this.line(event.message);
    else if (event.type === 'evaluation') this.line(evaluationText(event));
  }

  /** Writes a line of its own, above the progress line. */
  line(text: string): void {
    this.#clear();
    this.#stream.write(`${printable(text)}\n`);
  }

  /** Leaves the last state of the progress line standing. */
  end(): void {
    if (this.#lineOpen) this.#stream.write('\n');
    this.#lineOpen = false;
  }

  #progress(event: ProgressEvent): void {
    const now = this.#now();
    const isTerminal = this.#stream.isTTY === true;
    const entered = this.#phase !== event.phase;
    if (entered) {
      this.end();
      this.#phase = event.phase;
      this.#writtenAt = isTerminal ? -Infinity : now;
    }
    const pace = this.#paceOf(event, entered ? 0 : now - this.#lastTime);
    this.#lastTime = now;
    const complete = event.done === event.total;
    const waited = now - this.#writtenAt >= (isTerminal ? terminalIntervalMs : logIntervalMs);
    if (!waited && !(complete && (isTerminal || pace.milliseconds >= briefMs))) return;
    this.#writtenAt = now;
    const text = oneLine(progressText(event, pace.counted, pace.milliseconds / 1000));
    if (isTerminal) {
      this.#clear();
      this.#stream.write(text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1)));
      this.#lineOpen = true;
      if (complete) this.end();
    } else {
      this.#stream.write(`${text}\n`);
    }
  }

  /** Adds what was done since the last event; a phase that starts again from a lower count has a new pace. */
  #paceOf({ phase, done }: ProgressEvent, milliseconds: number): Pace {
    const known = this.#pace.get(phase);
    const pace =
      known !== undefined && done >= known.lastDone ? known : { lastDone: done, counted: 0, milliseconds: 0 };
    if (milliseconds > 0) {
      pace.counted += done - pace.lastDone;
      pace.milliseconds += milliseconds;
    }
    pace.lastDone = done;
    this.#pace.set(phase, pace);
    return pace;
  }

  #clear(): void {
    if (this.#lineOpen) this.#stream.write('\r\u001b[K');
    this.#lineOpen = false;
  }
}

/** The engine's names of phases as a person reads them; others are shown as they are. */
const phaseNames: Readonly<Record<string, string>> = {
  download: 'Downloading',
  evaluate: 'Evaluating',
  merge: 'Merging',
  train: 'Training',
  verify: 'Comparing',
};

/** "Training 312/1,250 steps · 4.1 steps/s · 3 min 48 s left"; `counted` were done in `seconds`. A total of 0: not known. */
function progressText(event: ProgressEvent, counted: number, seconds: number): string {
  const { phase, done, total, unit } = event;
  const parts = [
    `${phaseNames[phase] ?? phase} ${count(done)}${total > 0 ? `/${count(total)}` : ''} ${unit}`,
  ];
  const perSecond = seconds > 0 ? counted / seconds : 0;
  if (perSecond > 0) {
    parts.push(`${rate(perSecond)} ${unit}/s`);
    parts.push(done < total ? `${duration((total - done) / perSecond)} left` : duration(seconds));
  }
  return parts.join(' · ');
}

function evaluationText(event: Extract<JobEvent, { type: 'evaluation' }>): string {
  const shown = ['accuracy', 'f1_macro', 'loss'].filter((name) => event.metrics[name] !== undefined);
  const values = shown.map((name) => `${name} ${event.metrics[name]!.toFixed(4)}`).join(', ');
  return `Evaluation at step ${count(event.step)} (epoch ${event.epoch.toFixed(2)}): ${values}`;
}
