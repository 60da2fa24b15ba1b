import { describe, expect, it } from 'vitest';
import type { InputOf, OutputOf } from '../../../shared/contract.ts';
import type { TargetOffer } from '../../../shared/contract/exports.ts';
import { RefusedError } from '../../../shared/rpc-client.ts';
import { OfferManager } from './offer-manager.svelte.ts';
import { exported } from './test-support.ts';

const offered = (target: TargetOffer['target'], change: Partial<TargetOffer> = {}): TargetOffer => ({
  target,
  use: '',
  precision: 'fp32',
  bytes: 100,
  seconds: 5,
  refused: null,
  ...change,
});
const offer: OutputOf<'exports/offer'> = {
  name: 'stars',
  folder: '/work/exports/stars',
  freeBytes: 1000,
  proofRows: 10,
  refused: null,
  targets: [
    offered('hf'),
    offered('onnx-fp16'),
    offered('onnx-int8', { bytes: 25 }),
    offered('script', { refused: 'The run was made elsewhere.' }),
  ],
};

function open(change: Partial<typeof offer> = {}, refusal?: string) {
  const started: InputOf<'exports/start'>[] = [];
  const call = (name: string, input: unknown): Promise<unknown> => {
    if (name === 'exports/offer') return Promise.resolve({ ...offer, ...change });
    const wanted = input as InputOf<'exports/start'>;
    started.push(wanted);
    return refusal !== undefined && wanted.overwrite !== true
      ? Promise.reject(new RefusedError({ code: refusal, message: 'No.', remedy: 'None.' }))
      : Promise.resolve({ export: exported() });
  };
  const form = new OfferManager(
    { call: call as never, on: () => () => undefined },
    { kind: 'experiment', id: 'e' },
  );
  return { form, change, started, ids: () => form.chosen.map(({ target }) => target) };
}

describe('what is offered', () => {
  it('is ticked where it is usual and can be made', async () => {
    const { form, ids } = open();
    await form.read();
    expect(ids()).toEqual(['hf', 'onnx-int8']);
    expect(form.bytes).toBe(125);
    expect(form.seconds).toBe(10);
    form.toggleAll();
    expect(ids()).toEqual(['hf', 'onnx-fp16', 'onnx-int8']);
    form.toggleAll();
    expect(ids()).toEqual([]);
    expect(form.reason).toBe('Tick one target at least.');
  });

  it('a half precision halves the merged weights', async () => {
    const { form } = open();
    await form.read();
    form.precision = 'bf16';
    expect(form.bytes).toBe(75);
  });

  it('times that are not known are not guessed', async () => {
    const { form } = open({ targets: [offered('hf'), offered('onnx', { seconds: null })] });
    await form.read();
    expect(form.seconds).toBeNull();
  });

  it('a base that changed leaves nothing to tick', async () => {
    const refused = 'The base model changed.';
    const { form, started } = open({ refused, targets: [offered('hf', { refused }), offered('script')] });
    await form.read();
    expect(form.reason).toBe('Tick one target at least.');
    expect(await form.start()).toBeNull();
    expect(started).toEqual([]);
  });
});

describe('an offer that is read again', () => {
  it('leaves the name, the folder and the ticks as they were set, but for what can no longer be made', async () => {
    const { form, change, ids } = open();
    await form.read();
    form.name = 'for the shop';
    form.putInto('/home/ada');
    form.toggle('onnx-fp16');
    form.toggle('onnx-int8');
    await form.read();
    expect([form.name, form.folder]).toEqual(['for the shop', '/home/ada/stars']);
    expect(ids()).toEqual(['hf', 'onnx-fp16']);
    change.targets = [offered('hf', { refused: 'No room.' }), offered('onnx-fp16')];
    await form.read();
    expect(ids()).toEqual(['onnx-fp16']);
  });

  it('proposes anew where nothing could be made before', async () => {
    const { form, change, ids } = open({ refused: 'The base model changed.' });
    await form.read();
    change.refused = null;
    await form.read();
    expect(ids()).toEqual(['hf', 'onnx-int8']);
  });
});

describe('the start of an export', () => {
  it('goes into a folder of its own inside the chosen one', async () => {
    const { form } = open();
    await form.read();
    expect(form.freeBytes).toBe(1000);
    form.putInto('/home/ada/');
    expect(form.folder).toBe('/home/ada/stars');
    expect(form.freeBytes).toBeNull();
    form.folder = 'C:\\work\\stars';
    form.putInto('D:\\');
    expect(form.folder).toBe('D:\\stars');
  });

  it('sends what was ticked and how', async () => {
    const { form, started } = open();
    await form.read();
    form.mostPointsLost = 2;
    expect((await form.start())?.id).toBe('x');
    expect(started[0]).toMatchObject({
      name: 'stars',
      targets: ['hf', 'onnx-int8'],
      folder: '/work/exports/stars',
      precision: 'fp32',
      mostPointsLost: 2,
      overwrite: false,
    });
  });

  it('asks before it replaces what lies there', async () => {
    const { form, started } = open({}, 'export/exists');
    await form.read();
    expect(await form.start()).toBeNull();
    expect(form.exists?.message).toBe('No.');
    expect(form.refused).toBeNull();
    expect((await form.start(true))?.id).toBe('x');
    expect(started.map(({ overwrite }) => overwrite)).toEqual([false, true]);
    expect(form.exists).toBeNull();
  });

  it('shows any other refusal and lets one try again', async () => {
    const { form } = open({}, 'files/unwritable');
    await form.read();
    await form.start();
    expect(form.refused?.code).toBe('files/unwritable');
    expect(form.exists).toBeNull();
    expect(form.busy).toBe(false);
  });

  it.each([[null], [-1], [101]])('a limit of %s points for int8 is refused', async (limit) => {
    const { form } = open();
    await form.read();
    form.mostPointsLost = limit;
    expect(form.reason).toMatch(/between 0 and 100/);
    form.toggle('onnx-int8');
    expect(form.reason).toBeNull();
  });
});
