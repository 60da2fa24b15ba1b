import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../../engine/formats/test-support.ts';
import { startHub } from '../../engine/hub/test-hub.ts';
import { gitHash, sha256, type Override } from '../../engine/hub/test-hub-server.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { fetchHubDataset, hubDatasetInfo } from './hub-datasets.ts';
import { openModels } from './test-support.ts';

const train = [Buffer.alloc(5000, 'a'), Buffer.alloc(6000, 'b')];
const test = [Buffer.from('small')];
const parquet = { default: { train, test }, other: { 'partial-train': [Buffer.alloc(2000, 'c')] } };
const facts = {
  tags: ['license:cc-by-4.0'],
  cardData: {
    license: 'cc-by-4.0',
    dataset_info: [
      {
        config_name: 'default',
        splits: [{ name: 'train', num_examples: 11 }, { name: 'test' }],
        features: [
          { name: 'text', dtype: 'string' },
          { name: 'label', dtype: { class_label: { names: { 0: 'neg', 1: 'pos' } } } },
        ],
      },
    ],
  },
};

async function withDataset(override?: Override) {
  const hub = await startHub({
    datasets: { 'org/reviews': { parquet, info: facts } },
    ...(override && { override }),
  });
  return { hub, ...(await openModels(hub)) };
}

/** Does `work` as a job; `reached` waits until so many MB are there, `done` for the end and what came of it. */
function asJob<T>(
  { context }: Awaited<ReturnType<typeof openModels>>,
  work: (control: JobControl) => Promise<T>,
  megabytes = Infinity,
) {
  let output: T | undefined;
  const { promise: reached, resolve } = Promise.withResolvers<undefined>();
  const job = context.jobs.start({
    kind: 'import',
    title: 'Importing',
    canPause: true,
    work: async (control) => {
      const progress: JobControl['progress'] = (now) => {
        control.progress(now);
        if (now.done >= megabytes) resolve(undefined);
      };
      output = await work({ ...control, progress });
      return null;
    },
  });
  return {
    id: job.id,
    reached,
    done: () => context.jobs.finished(job.id).then((ended) => ({ job: ended, output })),
  };
}

const splits = { hubId: 'org/reviews', config: 'default', splits: ['test', 'train'] };

describe('a data set of the hub', () => {
  it('is described with licence, configurations, splits, sizes and the rows that its card tells', async () => {
    const { context } = await withDataset();
    expect(await hubDatasetInfo(context, 'org/reviews')).toEqual({
      hubId: 'org/reviews',
      licence: 'cc-by-4.0',
      gated: false,
      configs: [
        {
          name: 'default',
          splits: [
            { name: 'train', bytes: 11_000, files: 2, rows: 11 },
            { name: 'test', bytes: 5, files: 1, rows: null },
          ],
        },
        { name: 'other', splits: [{ name: 'partial-train', bytes: 2000, files: 1, rows: null }] },
      ],
    });
  });

  it('is fetched file by file into the temporary folder, each whole', async () => {
    const models = await withDataset();
    const { done } = asJob(models, (control) => fetchHubDataset(models.context, splits, control));
    const { output, job } = await done();
    expect(output!.files.map(({ split }) => split)).toEqual(['test', 'train', 'train']);
    expect(output!.classNames).toEqual({ label: ['neg', 'pos'] });
    const contents = await Promise.all(output!.files.map(({ path }) => readFile(path)));
    expect(contents.map(sha256)).toEqual([...test, ...train].map(sha256));
    expect(output!.files.every(({ path }) => path.startsWith(models.context.workspace.temporary))).toBe(true);
    expect(job).toMatchObject({ done: 0.011005, total: 0.011005, unit: 'MB' });
  });

  it('is not fetched a second time', async () => {
    const models = await withDataset();
    const fetchIt = () => asJob(models, (control) => fetchHubDataset(models.context, splits, control)).done();
    const first = await fetchIt();
    const { length } = models.hub.requests.filter((path) => path.startsWith('/lfs/'));
    expect((await fetchIt()).output).toEqual(first.output);
    expect(models.hub.requests.filter((path) => path.startsWith('/lfs/')).length).toBe(length);
  });

  it('goes on after a pause from where it was, and leaves no part when it is cancelled', async () => {
    const [, large] = train as [Buffer, Buffer];
    const override: Override = (path, response, request) => {
      if (path !== '/lfs/org/reviews/default/train/0001.parquet' || request.headers.range !== undefined)
        return false;
      response.writeHead(200, { 'Content-Length': large.length, ETag: `"${gitHash(large)}"` });
      response.write(large.subarray(0, 2500));
      return true;
    };
    const models = await withDataset(override);
    const { context, call, hub } = models;
    const fetchPart = () => asJob(models, (control) => fetchHubDataset(context, splits, control), 0.007505);
    const cancelled = fetchPart();
    await cancelled.reached;
    await call('jobs/cancel', { id: cancelled.id });
    const left = await readdir(context.workspace.temporary, { recursive: true });
    expect(left.filter((name) => name.includes('incomplete'))).toEqual([]);

    const fetching = fetchPart();
    await fetching.reached;
    await call('jobs/pause', { id: fetching.id });
    await call('jobs/resume', { id: fetching.id });
    const { output, job } = await fetching.done();
    expect(job.state).toBe('done');
    expect(hub.ranges).toContain('bytes=2500-');
    expect(sha256(await readFile(output!.files[2]!.path))).toBe(sha256(large));
  });

  it('whose file is not what the hub lists is refused', async () => {
    const override: Override = (path, response) => {
      if (!path.startsWith('/lfs/org/reviews/default/train/0000')) return false;
      response.end(Buffer.alloc(5000, 'z'));
      return true;
    };
    const models = await withDataset(override);
    const { done } = asJob(models, (control) => fetchHubDataset(models.context, splits, control));
    expect((await done()).job.fault?.message).toBe(
      "default/train/0000.parquet of org/reviews did not arrive as it is on the hub: its hash is not the one on the hub's list. It was not kept.",
    );
  });

  it('is refused with words when it, its configuration or its split does not exist, or it has no Parquet', async () => {
    const models = await withDataset();
    const { context } = models;
    const none = await faultOf(() => hubDatasetInfo(context, 'org/none'));
    expect(none.message).toBe(`${models.hub.endpoint} has no data set org/none.`);
    expect((await faultOf(() => hubDatasetInfo(context, '../none'))).code).toBe('hub/not-a-dataset-id');
    const { done } = asJob(models, (control) =>
      fetchHubDataset(context, { ...splits, splits: ['valid'] }, control),
    );
    expect((await done()).job.fault?.message).toBe('The data set org/reviews has no split valid in default.');

    const empty = await startHub({ datasets: { 'org/empty': { parquet: {} } } });
    const others = await openModels(empty);
    expect((await faultOf(() => hubDatasetInfo(others.context, 'org/empty'))).message).toBe(
      `${empty.endpoint} has no Parquet files of the data set org/empty.`,
    );
  });

  it('that is gated names the page of its terms', async () => {
    const { context, hub } = await withDataset((path, response) => {
      if (!path.endsWith('/parquet')) return false;
      response.writeHead(403, { 'X-Error-Code': 'GatedRepo' }).end('{}');
      return true;
    });
    const fault = await faultOf(() => hubDatasetInfo(context, 'org/reviews'));
    expect(fault.remedy).toContain(`Accept them at ${hub.endpoint}/datasets/org/reviews`);
  });
});
