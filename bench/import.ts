/**
 * Imports 650,000 rows from CSV and from Parquet into a data set, then searches and reports: times and peak memory. The
 * files are made from ../shared/data/electronics-reviews-train.csv with a counter in each text.
 * `node bench/import.ts [rows]`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { readExamples } from '../src/main/engine/data/examples.ts';
import { TestArea } from '../src/main/backend/datasets/test-support.ts';

const reviews = resolve(import.meta.dirname, '../../shared/data/electronics-reviews-train.csv');
const QUERIES = [
  'the',
  'the and',
  'mouse',
  'great pro',
  'battery life',
  '123456',
  'excellent sound qua',
  'zzz',
];
const GROUP_ROWS = 10_000;
const mega = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

interface Row {
  text: string;
  label: string;
}

async function* numberedRows(count: number): AsyncGenerator<Row> {
  const { examples } = await readExamples(reviews, { labelColumn: 'stars' });
  for (let i = 0; i < count; i++) {
    const { text, label } = examples[i % examples.length]!;
    yield { text: `Review ${i + 1}: ${text}`, label: String(label) };
    if (i % 1000 === 0) await Promise.resolve();
  }
}

async function makeCsv(file: string, count: number): Promise<void> {
  const out = createWriteStream(file);
  out.write('label,text\n');
  for await (const { text, label } of numberedRows(count)) {
    if (!out.write(`${label},"${text.replaceAll('"', '""')}"\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

/** Written group by group, as a data set of any size is. */
async function makeParquet(file: string, count: number): Promise<void> {
  const out = createWriteStream(file);
  const writer = new ByteWriter();
  const schema = [
    { name: 'root', num_children: 2 },
    { name: 'label', type: 'INT64' as const, repetition_type: 'REQUIRED' as const },
    {
      name: 'text',
      type: 'BYTE_ARRAY' as const,
      converted_type: 'UTF8' as const,
      repetition_type: 'REQUIRED' as const,
    },
  ];
  const parquet = new ParquetWriter({ writer, schema });
  let rows: Row[] = [];
  const flush = () => {
    const label = { name: 'label', data: rows.map((row) => BigInt(row.label)) };
    void parquet.write({ columnData: [label, { name: 'text', data: rows.map((row) => row.text) }] });
    rows = [];
  };
  for await (const row of numberedRows(count)) {
    rows.push(row);
    if (rows.length === GROUP_ROWS) flush();
  }
  if (rows.length > 0) flush();
  void parquet.finish();
  out.end(writer.getBytes());
  await once(out, 'finish');
}

/** In a process of its own, so that its memory is the import's. */
async function measure(file: string): Promise<void> {
  const area = await TestArea.open();
  const say = (what: string, figure: string) => console.log(`  ${what.padEnd(44)} ${figure}`);
  const timed = async <Result>(work: () => Promise<Result>): Promise<[Result, number]> => {
    const start = performance.now();
    const result = await work();
    return [result, performance.now() - start];
  };
  try {
    const source = { kind: 'files' as const, files: [{ path: file, split: null }] };
    const [preview, previewMs] = await timed(() => area.ask('datasets/preview', { source }));
    say(
      `preview (${preview.rows ?? 0} rows${preview.rowsExact ? '' : ', about'})`,
      `${previewMs.toFixed(0)} ms`,
    );
    const lag = eventLoopLag();
    const [version, ms] = await timed(() => area.import(file));
    const { user, system } = process.cpuUsage();
    say('import', `${(ms / 1000).toFixed(1)} s (processor ${((user + system) / 1e6).toFixed(1)} s)`);
    say('peak memory of the process', mega(process.resourceUsage().maxRSS * 1024));
    say('longest wait of its event loop', `${lag().toFixed(0)} ms`);
    const { dataset } = await area.ask('datasets/read', {
      id: (await area.ask('datasets/list', {})).datasets[0]!.id,
    });
    say('version file', mega(dataset.latest.bytes));
    for (const query of QUERIES) {
      const [page, first] = await timed(() => area.ask('datasets/rows', { versionId: version, query }));
      const [, again] = await timed(() => area.ask('datasets/rows', { versionId: version, query }));
      say(`search "${query}": ${page.total}`, `${first.toFixed(0)} ms, again ${again.toFixed(0)} ms`);
    }
    const label = dataset.latest.labels[0]!.name;
    for (const [what, more] of [
      ['page at the end', { offset: preview.rows! - 100 }],
      ['one label, longest first', { label, order: 'longest' as const }],
      ['one label, search "mouse"', { label, query: 'mouse' }],
      ['one label, search "the"', { label, query: 'the' }],
    ] as const) {
      const [, took] = await timed(() => area.ask('datasets/rows', { versionId: version, ...more }));
      say(what, `${took.toFixed(0)} ms`);
    }
    const [report, reportMs] = await timed(() => area.ask('datasets/report', { versionId: version }));
    say('report', `${(reportMs / 1000).toFixed(1)} s`);
    for (const { message, detail } of report.findings) say(`  ${message}`, detail ?? '');
    const [, relabelMs] = await timed(() =>
      area.ask('datasets/relabel', {
        versionId: version,
        changes: [{ row: 1, label: dataset.latest.labels[3]!.name }],
      }),
    );
    say('one label corrected: a new version', `${(relabelMs / 1000).toFixed(1)} s`);
    say('peak memory after all', mega(process.resourceUsage().maxRSS * 1024));
  } finally {
    await area.remove();
  }
}

function eventLoopLag(): () => number {
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 10);
    last = now;
  }, 10);
  return () => {
    clearInterval(timer);
    return worst;
  };
}

const [mode, value] = process.argv.slice(2);
if (mode === 'measure') await measure(value!);
else {
  const rows = Number(mode ?? 650_000);
  const folder = await mkdtemp(join(tmpdir(), 'graft-bench-import-'));
  try {
    for (const [name, make] of [
      ['reviews.csv', makeCsv],
      ['reviews.parquet', makeParquet],
    ] as const) {
      const file = join(folder, name);
      await make(file, rows);
      console.log(`${name}: ${rows} rows, ${mega((await stat(file)).size)}`);
      const child = spawn(process.execPath, [import.meta.filename, 'measure', file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      for await (const line of createInterface(child.stdout)) console.log(line);
      await rm(file);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
