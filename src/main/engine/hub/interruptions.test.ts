import { type ServerResponse } from 'node:http';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../formats/test-support.ts';
import type { DownloadProgress } from './download-model.ts';
import { resolveModel } from './resolve-model.ts';
import { hubAndCache, modelFiles, type Override } from './test-hub.ts';
import { gitHash, sha256 } from './test-hub-server.ts';

const weightsPath = '/lfs/org/name/model.safetensors';

async function weights(): Promise<Buffer> {
  return (await modelFiles())['model.safetensors']!;
}

/**
 * Sends `share` of what is asked for, the first `times` that weights are; `cut` ends that connection once the client
 * has taken it all (what is still in the client's memory is lost with a connection).
 */
function cutting(data: Buffer, times: number, share = 0.6) {
  let left = times;
  let open: { response: ServerResponse; end: number } | null = null;
  const override: Override = (path, response, request) => {
    if (path !== weightsPath || left-- <= 0) return false;
    const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, {
      'Content-Length': data.length - start,
      ETag: `"${gitHash(data)}"`,
      ...(start > 0 && { 'Content-Range': `bytes ${start}-${data.length - 1}/${data.length}` }),
    });
    const end = start + Math.ceil((data.length - start) * share);
    response.write(data.subarray(start, end));
    open = { response, end };
    return true;
  };
  const cut = ({ file, done, total }: DownloadProgress) => {
    if (file !== 'model.safetensors' || open === null) return;
    if (done !== total - data.length + open.end) return;
    open.response.destroy();
    open = null;
  };
  return { override, cut };
}

/** The bytes of the weights that are there in part. */
async function partSize(modelDir: string): Promise<number> {
  return (await stat(join(modelDir, 'blobs', `${sha256(await weights())}.incomplete`))).size;
}

describe('a connection that is cut at 60 %', () => {
  it('is taken up where it ended, and the file ends whole', async () => {
    const data = await weights();
    const { override, cut } = cutting(data, 1);
    const { hub, env } = await hubAndCache(override);
    const folder = await resolveModel('org/name', { env, retryWaits: [0], onProgress: cut });
    expect((await readFile(join(folder, 'model.safetensors'))).equals(data)).toBe(true);
    expect(hub.ranges).toContain(`bytes=${Math.ceil(0.6 * data.length)}-`);
  });

  it('may be cut again and again, as long as something arrives each time', async () => {
    const data = await weights();
    const { override, cut } = cutting(data, 4, 0.5);
    const { env, modelDir } = await hubAndCache(override);
    const folder = await resolveModel('org/name', { env, retryWaits: [0], onProgress: cut });
    expect((await readFile(join(folder, 'model.safetensors'))).equals(data)).toBe(true);
    const blobs = await readdir(join(modelDir, 'blobs'));
    expect(blobs.filter((name) => name.includes('incomplete'))).toEqual([]);
  });

  it('is told when it stays cut; what arrived is kept for the next time', async () => {
    const data = await weights();
    let isDown = true;
    const { override, cut } = cutting(data, 1);
    const { hub, env, modelDir } = await hubAndCache((path, response, request) => {
      if (!isDown || path !== weightsPath) return false;
      if (request.headers.range === undefined) return override(path, response, request);
      response.destroy();
      return true;
    });
    const fault = await faultOf(() => resolveModel('org/name', { env, retryWaits: [0], onProgress: cut }));
    expect(fault.message).toBe(
      'model.safetensors of org/name stopped arriving at 0.1 MB of 0.2 MB: the connection was cut.',
    );
    expect(fault.remedy).toBe('Start again when the connection is back: it goes on from there.');
    expect(await partSize(modelDir)).toBe(Math.ceil(0.6 * data.length));
    isDown = false;
    await resolveModel('org/name', { env, retryWaits: [0] });
    expect(hub.ranges.at(-1)).toBe(`bytes=${Math.ceil(0.6 * data.length)}-`);
  });
});

describe('a part that was left', () => {
  const withPart = async (part: Buffer, etag?: string, override?: Override) => {
    const made = await hubAndCache(override);
    const blob = join(made.modelDir, 'blobs', sha256(await weights()));
    await mkdir(join(made.modelDir, 'blobs'), { recursive: true });
    await writeFile(`${blob}.incomplete`, part);
    if (etag !== undefined) await writeFile(`${blob}.incomplete.etag`, etag);
    return made;
  };
  const endsComplete = async (env: NodeJS.ProcessEnv) => {
    const folder = await resolveModel('org/name', { env, retryWaits: [0] });
    expect((await readFile(join(folder, 'model.safetensors'))).equals(await weights())).toBe(true);
  };

  it('by Python is gone on from', async () => {
    const { hub, env } = await withPart((await weights()).subarray(0, 1000));
    await endsComplete(env);
    expect(hub.ranges).toContain('bytes=1000-');
  });

  it('of another file than the server has now is begun again', async () => {
    const { hub, env } = await withPart((await weights()).subarray(0, 1000), '"before"');
    await endsComplete(env);
    expect(hub.requests.filter((path) => path === weightsPath).length).toBe(1);
  });

  it('is begun again when the server goes on from another file all the same', async () => {
    const { env } = await withPart(
      (await weights()).subarray(0, 1000),
      '"before"',
      (path, response, request) => {
        if (path !== weightsPath || request.headers.range === undefined) return false;
        response.writeHead(206, { ETag: '"after"', 'Content-Range': 'bytes 1000-164003/164004' });
        response.end(Buffer.alloc(163_004));
        return true;
      },
    );
    await endsComplete(env);
  });

  it('is begun again when it is wrong, longer than the file, or no part can be had', async () => {
    await endsComplete((await withPart(Buffer.alloc(1000))).env);
    await endsComplete((await withPart(Buffer.alloc(200_000))).env);
    const refusing: Override = (path, response, request) => {
      if (path !== weightsPath || request.headers.range === undefined) return false;
      response.writeHead(416).end();
      return true;
    };
    await endsComplete((await withPart(Buffer.alloc(1000), undefined, refusing)).env);
  });

  it('that is the whole file is not fetched again', async () => {
    const { hub, env } = await withPart(await weights());
    await endsComplete(env);
    expect(hub.requests).not.toContain(weightsPath);
  });
});

describe('a hub in trouble', () => {
  it('that falls silent is given up after the time limit, and what came is kept', async () => {
    const data = await weights();
    const { env, modelDir } = await hubAndCache((path, response) => {
      if (path !== weightsPath) return false;
      response.writeHead(200, { 'Content-Length': data.length });
      response.write(data.subarray(0, 5000));
      return true;
    });
    const patience = { ...env, HF_HUB_DOWNLOAD_TIMEOUT: '1.5' };
    const fault = await faultOf(() => resolveModel('org/name', { env: patience, retryWaits: [] }));
    expect(fault.message).toContain('it sent nothing for 1.5 s');
    expect(await partSize(modelDir)).toBe(5000);
  });

  it('that answers slowly but steadily is waited for', async () => {
    const data = await weights();
    const { env } = await hubAndCache((path, response) => {
      if (path !== weightsPath) return false;
      response.writeHead(200, { 'Content-Length': data.length });
      let at = 0;
      const send = () => {
        response.write(data.subarray(at, (at += 7000)));
        if (at >= data.length) clearInterval(timer);
      };
      const timer = setInterval(send, 100);
      return true;
    });
    // Longer in all than the limit on silence.
    await resolveModel('org/name', { env: { ...env, HF_HUB_DOWNLOAD_TIMEOUT: '2' }, retryWaits: [] });
  });

  it('that never answers a question is given up too', async () => {
    const { env } = await hubAndCache(() => true);
    const patience = { ...env, HF_HUB_DOWNLOAD_TIMEOUT: '1.5' };
    const fault = await faultOf(() => resolveModel('org/name', { env: patience }));
    expect(fault.message).toContain('cannot be reached (it sent nothing for 1.5 s)');
  });

  it('that asks to wait is waited for, in questions and in files', async () => {
    const busy = new Set<string>();
    const { hub, env } = await hubAndCache((path, response) => {
      if (busy.has(path)) return false;
      busy.add(path);
      response.writeHead(429, { 'Retry-After': '0' }).end();
      return true;
    });
    await resolveModel('org/name', { env, retryWaits: [] });
    expect(hub.requests.filter((path) => path === weightsPath).length).toBe(2);
  });

  it('that asks to wait for long is left to the person, with the time', async () => {
    const { env } = await hubAndCache((_, response) => {
      response.writeHead(429, { 'Retry-After': '1800' }).end();
      return true;
    });
    const fault = await faultOf(() => resolveModel('org/name', { env }));
    expect(fault.code).toBe('hub/busy');
    expect(fault.remedy).toBe('Try again in 30 min; with a token in Settings the limit is higher.');
  });

  it('that fails for a moment is asked again', async () => {
    let failures = 2;
    const { env } = await hubAndCache((path, response) => {
      if (path !== weightsPath || failures-- <= 0) return false;
      response.writeHead(503).end();
      return true;
    });
    await resolveModel('org/name', { env, retryWaits: [0, 0] });
  });
});
