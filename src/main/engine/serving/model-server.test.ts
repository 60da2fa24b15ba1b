import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { goldenBert } from '../models/test-support.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';
import { openAnswerer, type Answerer } from './answerer.ts';
import { prediction } from './answers.ts';
import { startModelServer, type ModelServer, type ModelServerOptions } from './model-server.ts';

const labels = ['1 star', '2 stars', '3 stars', '4 stars', '5 stars'];
let answerer: Answerer;
let server: ModelServer;

const predictions = async (texts: TextInput[]) =>
  answerer.task
    .answers(await answerer.logits(texts), answerer.labels)
    .map((answer) => prediction(answerer.task, answer, answerer.labels, false));

beforeAll(async () => {
  answerer = await openAnswerer({ kind: 'model', model: goldenBert(), adapter: null, maxLength: null });
  server = await startModelServer({ name: 'stars', labels, maxLength: 64, port: 0, predict: predictions });
});
afterAll(async () => {
  await server.close();
  await answerer.close();
});

interface Reply {
  status: number;
  headers: Headers;
  body: {
    predictions?: { label: string; score: number; scores: Record<string, number> }[];
    error?: { code: string; message: string };
  } & Record<string, unknown>;
}

async function post(
  body: unknown,
  { port = server.port, type = 'application/json', headers = {} } = {},
): Promise<Reply> {
  const response = await fetch(`http://127.0.0.1:${port}/predict`, {
    method: 'POST',
    headers: { ...(type === '' ? {} : { 'content-type': type }), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Reply['body'],
  };
}

/** A server whose answers wait until they are let go. */
async function slowServer(options: Partial<ModelServerOptions> = {}) {
  const waiting: (() => void)[] = [];
  let begun: () => void = () => undefined;
  const slow = await startModelServer({
    name: 'slow',
    labels: ['a'],
    maxLength: 8,
    port: 0,
    predict: (texts) =>
      new Promise((resolve) => {
        waiting.push(() =>
          resolve(texts.map(() => ({ label: 'a', score: 1, scores: { a: 1 }, cut: false }))),
        );
        begun();
      }),
    ...options,
  });
  const letGo = (): void => waiting.splice(0).forEach((go) => go());
  onTestFinished(async () => {
    const timer = setInterval(letGo, 5);
    await slow.close();
    clearInterval(timer);
  });
  return { slow, letGo, nextBatch: () => new Promise<void>((resolve) => (begun = resolve)) };
}

describe('POST /predict', () => {
  it('answers texts and pairs in their order with the probability of every label', async () => {
    const { status, body } = await post({ texts: ['great food', ['slow', 'service'], 'prize'] });
    expect(status).toBe(200);
    expect(body.predictions).toHaveLength(3);
    const expected = await predictions([{ text: 'great food' }]);
    expect(body.predictions![0]!.label).toBe(expected[0]!.label);
    for (const { label, score, scores } of body.predictions!) {
      expect(Object.keys(scores)).toEqual(labels);
      expect(scores[label]).toBe(score);
      expect(Object.values(scores).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1);
    }
    const single = await post({ text: 'great food' });
    expect(single.body.predictions).toHaveLength(1);
    expect(single.body.predictions![0]!.score).toBeCloseTo(body.predictions![0]!.score, 5);
  });

  it.each([
    ['no JSON', '{"texts": [', 400, 'serving/json', /not JSON/],
    ['a list', [], 400, 'serving/body', /body/i],
    ['neither text nor texts', { sentence: 'a' }, 400, 'serving/body', /text/],
    ['a number among the texts', { texts: ['a', 3] }, 400, 'serving/body', /texts\[1\]: expected a text/],
    ['three texts in a pair', { texts: [['a', 'b', 'c']] }, 400, 'serving/body', /texts\[0\]/],
    ['no texts at all', { texts: [] }, 400, 'serving/body', /at least one text/],
    [
      'too many texts',
      { texts: Array.from({ length: 257 }, () => 'a') },
      400,
      'serving/body',
      /at most 256 texts/,
    ],
    ['a field that it does not know', { text: 'a', top_k: 3 }, 400, 'serving/body', /top_k/],
    ['a body over 1 MB', { text: 'a'.repeat(2 ** 20) }, 413, 'serving/too-large', /1 MB/],
  ])('refuses %s and says where', async (_, body, status, code, message) => {
    const reply = await post(body);
    expect(reply.status).toBe(status);
    expect(reply.body.error?.code).toBe(code);
    expect(reply.body.error?.message).toMatch(message);
  });

  it('refuses what is not sent as JSON, and what a page of another site sends', async () => {
    expect((await post({ text: 'a' }, { type: 'text/plain' })).status).toBe(415);
    const foreign = await post({ text: 'a' }, { headers: { origin: 'https://example.org' } });
    expect(foreign).toMatchObject({ status: 403, body: { error: { code: 'serving/host' } } });
  });

  it('refuses a name that was pointed at this machine', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = httpRequest(
        { host: '127.0.0.1', port: server.port, path: '/', headers: { host: 'example.org' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      asked.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  it('answers 429 with Retry-After when too many wait, and goes on afterwards', async () => {
    const { slow, letGo, nextBatch } = await slowServer({ mostWaiting: 1 });
    const { port } = slow;
    let begun = nextBatch();
    const first = post({ text: 'a' }, { port });
    await begun;
    begun = nextBatch();
    // The first to come waits; which one that is, is not said.
    const many = Array.from({ length: 4 }, () => post({ texts: ['b', 'c'] }, { port }));
    let refused = 0;
    await new Promise<void>((resolve) => {
      for (const one of many)
        void one.then(({ status, headers }) => {
          if (status === 429 && headers.get('retry-after') === '1' && ++refused === 3) resolve();
        });
    });
    letGo();
    expect((await first).status).toBe(200);
    await begun;
    letGo();
    const statuses = (await Promise.all(many)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 429, 429, 429]);
  });

  it('answers what has come before it closes', async () => {
    const { slow, letGo, nextBatch } = await slowServer();
    const begun = nextBatch();
    const asked = post({ text: 'a' }, { port: slow.port });
    await begun;
    const closed = slow.close();
    letGo();
    expect((await asked).status).toBe(200);
    await closed;
    await expect(post({ text: 'a' }, { port: slow.port })).rejects.toThrow();
  });
});

describe('the other addresses', () => {
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
      headers: response.headers,
    };
  };

  it('show the schema, the labels and an example that works', async () => {
    const { body } = await get('/');
    expect(body).toMatchObject({ model: 'stars', labels, max_length: 64 });
    const { example, request } = body['predict'] as { example: string; request: unknown };
    expect(request).toHaveProperty('anyOf');
    const sent = /-d '(.+)'$/.exec(example)![1]!;
    expect((await post(sent)).status).toBe(200);
  });

  it('say that it runs, and what is not there', async () => {
    expect(await get('/health')).toMatchObject({ status: 200, body: { status: 'ok', model: 'stars' } });
    expect(await get('/nothing')).toMatchObject({ status: 404 });
    const wrong = await get('/predict');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST');
  });
});
