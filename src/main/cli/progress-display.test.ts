import { describe, expect, it } from 'vitest';
import { ProgressDisplay } from './progress-display.ts';

function display(isTTY: boolean) {
  let text = '';
  const clock = { now: 0 };
  const stream = { write: (part: string) => (text += part), isTTY, columns: 80 };
  const shown = new ProgressDisplay(stream, () => clock.now);
  return {
    at(seconds: number, done: number, total = 1250, phase = 'Training') {
      clock.now = seconds * 1000;
      shown.onEvent({ type: 'progress', phase, done, total, unit: 'steps' });
    },
    shown,
    text: () => text,
  };
}

describe('ProgressDisplay', () => {
  it('rewrites one line on a terminal, with the rate since the phase began and the time left', () => {
    const { at, text } = display(true);
    at(0, 0);
    at(76.1, 312);
    expect(text()).toBe(
      'Training 0/1,250 steps\r\u001b[KTraining 312/1,250 steps · 4.1 steps/s · 3 min 49 s left',
    );
  });

  it('counts a resumed run from where it went on', () => {
    const { at, text } = display(true);
    at(0, 1000);
    at(10, 1100);
    expect(text()).toContain('Training 1,100/1,250 steps · 10 steps/s · 15 s left');
  });

  it('writes a line every few seconds where there is no terminal, and the last one', () => {
    const { at, text } = display(false);
    for (let second = 0; second <= 12; second += 1) at(second, second * 10, 120);
    expect(text().split('\n')).toEqual([
      'Training 50/120 steps · 10 steps/s · 7.0 s left',
      'Training 100/120 steps · 10 steps/s · 2.0 s left',
      'Training 120/120 steps · 10 steps/s · 12 s',
      '',
    ]);
  });

  it('leaves the time of other phases out of the rate', () => {
    const { at, text } = display(true);
    at(0, 0);
    at(10, 100);
    at(10, 0, 1000, 'Evaluating');
    at(40, 1000, 1000, 'Evaluating');
    at(40, 101);
    at(50, 201);
    expect(text()).toContain('Training 201/1,250 steps · 10 steps/s · 1 min 45 s left');
  });

  it('leaves no line of a brief phase in a log', () => {
    const { at, text } = display(false);
    at(0, 0, 10, 'Evaluating');
    at(0.5, 10, 10, 'Evaluating');
    expect(text()).toBe('');
  });

  it('does not rewrite more often than ten times a second', () => {
    const { at, text } = display(true);
    for (let i = 0; i < 100; i += 1) at(i / 1000, i);
    expect(text()).toBe('Training 0/1,250 steps');
  });

  it('writes notes and evaluations on lines of their own', () => {
    const { at, shown, text } = display(true);
    at(0, 0);
    shown.onEvent({ type: 'note', message: 'Two rows were cut.' });
    shown.onEvent({ type: 'evaluation', step: 125, epoch: 1, metrics: { accuracy: 0.9712, loss: 0.08 } });
    expect(text()).toBe(
      'Training 0/1,250 steps\r\u001b[KTwo rows were cut.\n' +
        'Evaluation at step 125 (epoch 1.00): accuracy 0.9712, loss 0.0800\n',
    );
  });

  it('says only what is known when the total is not', () => {
    const { at, text } = display(true);
    at(0, 0, 0, 'Reading');
    at(2, 500, 0, 'Reading');
    expect(text()).toContain('Reading 500 steps · 250 steps/s');
    expect(text()).not.toContain('left');
  });
});
