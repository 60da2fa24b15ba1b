import { describe, expect, it } from 'vitest';
import type { Transport } from '../shared/rpc-client.ts';
import { Connection } from './rpc.ts';

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
    const states: boolean[] = [];
    const changed: (string | null)[] = [];
    connection.onConnection((connected) => states.push(connected));
    connection.on('models/changed', ({ id }) => changed.push(id));
    const restarted = new Promise<void>((resolve) => connection.on('system/restarted', () => resolve()));
    await connection.call('jobs/cancel', { id: 'j' });
    lines[0]!.hear({ event: 'models/changed', data: { id: 'a' } });
    lines[0]!.cut();
    await restarted;
    lines[1]!.hear({ event: 'models/changed', data: { id: 'b' } });
    expect(states).toEqual([true, false, true]);
    expect(changed).toEqual(['a', 'b']);
    await connection.call('jobs/cancel', { id: 'j' });
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
