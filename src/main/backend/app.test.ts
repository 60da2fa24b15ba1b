import { describe, expect, it } from 'vitest';
import { RpcClient, type Transport } from '../../shared/rpc-client.ts';
import { App } from './app.ts';

/** A client over an app, with everything cloned on the way as a real transport does. */
function connect(app: App): RpcClient {
  const listeners: ((message: unknown) => void)[] = [];
  const deliver = (message: unknown) => {
    for (const listener of listeners) listener(structuredClone(message));
  };
  const transport: Transport = {
    send: (message) => void app.answer(structuredClone(message)).then((reply) => reply && deliver(reply)),
    onMessage: (listener) => void listeners.push(listener),
    onClose: () => undefined,
  };
  app.onEvent(deliver);
  return new RpcClient(transport);
}

describe('App', () => {
  it('answers a request with defaults filled in', async () => {
    const app = new App();
    app.add({
      'models/search': ({ query, offset, limit }) => ({ total: offset + limit + query.length, items: [] }),
    });
    expect(await connect(app).call('models/search', { query: 'bert' })).toEqual({ total: 104, items: [] });
  });

  it('refuses unknown requests and invalid input with a fault, and survives what is no request', async () => {
    const app = new App();
    app.add({ 'models/remove': () => ({}) });
    const client = connect(app);
    await expect(client.call('models/list', {})).rejects.toMatchObject({
      fault: { code: 'backend/unknown-method' },
    });
    await expect(client.call('models/remove', { id: '' })).rejects.toMatchObject({
      fault: { code: 'backend/invalid-input' },
    });
    expect(await app.answer('what')).toBeUndefined();
    expect(await app.answer({ id: 1, method: '__proto__', input: {} })).toMatchObject({
      fault: { code: 'backend/unknown-method' },
    });
  });

  it('gives an unforeseen failure as a fault, even one that cannot be cloned', async () => {
    const app = new App();
    app.add({
      'models/remove': () => {
        throw Object.assign(new Error('boom'), { held: () => 1 });
      },
    });
    await expect(connect(app).call('models/remove', { id: 'a' })).rejects.toMatchObject({
      fault: { code: 'backend/defect', message: expect.stringContaining('boom') as string },
    });
  });

  it('refuses an answer that the contract does not allow', async () => {
    const app = new App();
    app.add({ 'models/search': () => ({ total: -1, items: [] }) });
    await expect(connect(app).call('models/search', { query: '' })).rejects.toMatchObject({
      fault: { code: 'backend/answer' },
    });
  });

  it('sends events to every window until it unsubscribes', () => {
    const app = new App();
    const seen: string[] = [];
    const [first, second] = [connect(app), connect(app)];
    const stop = first.on('models/changed', ({ id }) => void seen.push(`first ${id}`));
    second.on('models/changed', ({ id }) => void seen.push(`second ${id}`));
    app.emit('models/changed', { id: 'a' });
    stop();
    app.emit('models/changed', { id: 'b' });
    expect(seen).toEqual(['first a', 'second a', 'second b']);
  });

  it('does not take two answers for one request', () => {
    const app = new App();
    app.add({ 'models/remove': () => ({}) });
    expect(() => app.add({ 'models/remove': () => ({}) })).toThrow(/Two areas/);
  });
});
