import { describe, expect, it } from 'vitest';
import { setLocale } from '../../format.ts';
import { accuracyText, standingText, stateOf, verifiedAt } from './export-words.ts';
import { exported, proof, target } from './test-support.ts';

const script = target({ target: 'script', proof: null, verifiedAt: null });

describe('how an export stands', () => {
  it('its worst target counts', () => {
    const failed = target({ target: 'onnx-int8', state: 'failed', proof: proof({ passed: false }) });
    expect(stateOf(exported())).toBe('proved');
    expect(stateOf(exported({ targets: [target(), failed] }))).toBe('failed');
    expect(stateOf(exported({ targets: [target(), target({ state: 'missing' })] }))).toBe('missing');
    expect(stateOf(exported({ targets: [target(), target({ state: 'cancelled', proof: null })] }))).toBe(
      'cancelled',
    );
    expect(stateOf(exported({ targets: [failed, target({ state: 'waiting', proof: null })] }))).toBe(
      'working',
    );
  });

  it('nothing is called proved without a proof', () => {
    expect(stateOf(exported({ targets: [script] }))).toBe('unproved');
    expect(stateOf(exported({ targets: [target({ proof: proof({ passed: false }) })] }))).toBe('unproved');
  });

  it('what needs no proof is not counted among the proved', () => {
    const targets = [target(), target({ state: 'failed' }), script];
    expect(standingText({ targets })).toBe('1 of 2 proved');
    expect(standingText({ targets: [target()] })).toBe('proved');
    expect(standingText({ targets: [script] })).toBe('not proved');
    expect(standingText({ targets: [target(), target({ state: 'cancelled' })] })).toBe('cancelled');
  });

  it('was verified when the last of its targets was, if all were', () => {
    expect(verifiedAt([target({ verifiedAt: 2000 }), target({ verifiedAt: 1000 }), script])).toBe(1000);
    expect(verifiedAt([target(), target({ verifiedAt: null })])).toBeNull();
    expect(verifiedAt([script])).toBeNull();
  });
});

it('an accuracy is read with the wider side of its interval', () => {
  const interval = { value: 0.612, low: 0.596, high: 0.627 };
  expect(accuracyText(interval)).toBe('61.2\u00a0% ±1.6');
  setLocale('de-DE');
  expect(accuracyText(interval)).toBe('61,2\u00a0% ±1,6');
  setLocale('');
});
