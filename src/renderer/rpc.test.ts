import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Transport } from '../shared/rpc-client.ts';
import { Connection, NoKeyError, type ConnectionState } from './rpc.ts';

/** A transport that can be cut, and answers every request with nothing. */
function line() {
  let hear: (message: unknown) => void = () => undefined;
  let cut: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (cut = resolve));
  const transport: Transport = {
    send: (message) => queueMicrotask(() => hear({ id: (message as { id: number }).id, output: {} })),
    onMessage: (listener) => void (hear = listener),
    onClose: (listener) => void closed.then(listener),
  };
  return { opened: { transport, closed }, cut, hear: (message: unknown) => hear(message) };
}

describe('the connection', () => {
  it('opens at the first call, not before', async () => {
    let opened = 0;
    const { opened: one } = line();
    const connection = new Connection(() => {
      opened++;
      return Promise.resolve(one);
    });
    expect(opened).toBe(0);
    await connection.call('jobs/cancel', { id: 'j' });
    await connection.call('jobs/cancel', { id: 'j' });
    expect(opened).toBe(1);
  });

  it('connects again by itself, keeps its listeners, and says that everything is to be read anew', async () => {
    const lines = [line(), line()];
    let at = 0;
    const connection = new Connection(() => Promise.resolve(lines[at++]!.opened));
    const states: ConnectionState[] = [];
    const changed: (string | null)[] = [];
    connection.onConnection((state) => states.push(state));
    connection.on('models/changed', ({ id }) => changed.push(id));
    const restarted = new Promise<void>((resolve) => connection.on('system/restarted', () => resolve()));
    await connection.call('jobs/cancel', { id: 'j' });
    lines[0]!.hear({ event: 'models/changed', data: { id: 'a' } });
    lines[0]!.cut();
    await restarted;
    lines[1]!.hear({ event: 'models/changed', data: { id: 'b' } });
    expect(states).toEqual(['connected', 'lost', 'connected']);
    expect(changed).toEqual(['a', 'b']);
    await connection.call('jobs/cancel', { id: 'j' });
  });

  it('says that it lacks the key, and opens when there is one', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let hasKey = false;
    const connection = new Connection(() =>
      hasKey ? Promise.resolve(line().opened) : Promise.reject(new NoKeyError('no key')),
    );
    const states: ConnectionState[] = [];
    connection.onConnection((state) => states.push(state));
    const called = connection.call('jobs/cancel', { id: 'j' });
    await vi.advanceTimersByTimeAsync(0);
    expect(states).toEqual(['no-key']);
    hasKey = true;
    await vi.advanceTimersByTimeAsync(1000);
    await called;
    expect(states).toEqual(['no-key', 'connected']);
  });

  it('a listener that was taken off hears nothing more', async () => {
    const one = line();
    const connection = new Connection(() => Promise.resolve(one.opened));
    const heard: unknown[] = [];
    const off = connection.on('models/changed', (data) => heard.push(data));
    await connection.call('jobs/cancel', { id: 'j' });
    off();
    one.hear({ event: 'models/changed', data: { id: null } });
    expect(heard).toEqual([]);
  });
});
