import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ended, golden, graft, lines, startGraft, tokenizerFolder } from '../test-support.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'graft-cli-'));
});
afterAll(() => rm(dir, { recursive: true }));

const goldenCases = z.array(
  z.object({
    text: z.string(),
    pair: z.string().nullable(),
    options: z.object({
      max_length: z.number().optional(),
      padding: z.union([z.literal(false), z.string()]),
    }),
    input_ids: z.array(z.number()),
    attention_mask: z.array(z.number()),
    token_type_ids: z.array(z.number()),
  }),
);

describe('tokenize', () => {
  it('gives the ids of the reference for the golden texts, in order, from JSON Lines on stdin', async () => {
    const all = goldenCases.parse(JSON.parse(await readFile(join(golden, 'tokenization.json'), 'utf8')));
    const cases = all.filter((row) => row.options.max_length === 64 && row.options.padding === false);
    expect(cases.length).toBeGreaterThan(5);
    const input = cases.map(({ text, pair }) =>
      JSON.stringify({ text, ...(pair !== null && { text_pair: pair }) }),
    );
    const { status, stdout } = await graft(
      ['tokenize', '--model', tokenizerFolder, '--input', '-', '--max-length', '64'],
      input.join('\n'),
    );
    expect(status).toBe(0);
    expect(lines(stdout)).toEqual(
      cases.map(({ input_ids, attention_mask, token_type_ids }) => ({
        input_ids,
        attention_mask,
        token_type_ids,
      })),
    );
  });

  it('pads as asked', async () => {
    const rowLengths = async (...args: string[]) => {
      const run = await graft(
        ['tokenize', '--model', tokenizerFolder, '--input', '-', ...args],
        'a\na b c d\n',
      );
      return lines(run.stdout).map(
        (line) => z.object({ input_ids: z.array(z.number()) }).parse(line).input_ids.length,
      );
    };
    const [short, long] = await rowLengths();
    expect(short).toBeLessThan(long!);
    expect(await rowLengths('--padding', 'longest')).toEqual([long, long]);
    expect(await rowLengths('--padding', 'max_length', '--max-length', '20')).toEqual([20, 20]);
  });

  it('prints one JSON object with --json, and writes a file with --output', async () => {
    const args = ['tokenize', '--model', tokenizerFolder, '--input', '-'];
    const collected = await graft([...args, '--json'], 'one\ntwo\n');
    const result = z.object({ status: z.string(), rows: z.number(), results: z.array(z.unknown()) });
    expect(result.parse(JSON.parse(collected.stdout))).toMatchObject({ status: 'finished', rows: 2 });

    const output = join(dir, 'ids.jsonl');
    const written = await graft([...args, '--json', '--output', output], 'one\ntwo\n');
    expect(JSON.parse(written.stdout)).toMatchObject({ output, rows: 2 });
    expect(lines(await readFile(output, 'utf8'))).toEqual(result.parse(JSON.parse(collected.stdout)).results);
  });

  it('leaves the old output file whole when a row is refused', async () => {
    const output = join(dir, 'kept.jsonl');
    await writeFile(output, 'old\n');
    const input = '{"text":"a"}\n{"body":"b"}\n';
    const { status, stderr } = await graft(
      ['tokenize', '--model', tokenizerFolder, '--input', '-', '--output', output],
      input,
    );
    expect(stderr).toContain('Row 2 of stdin has no text in column "text".');
    expect(status).toBe(1);
    expect(await readFile(output, 'utf8')).toBe('old\n');
  });

  it('ends quietly when its reader has enough', async () => {
    const child = startGraft(['tokenize', '--model', tokenizerFolder, '--input', '-']);
    child.stdin.on('error', () => undefined);
    child.stdout.once('data', () => child.stdout.destroy());
    child.stdin.end('a text\n'.repeat(20_000));
    const { stderr, status } = await ended(child);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('stops at Ctrl-C with what was done, exit 1', async () => {
    const child = startGraft(['tokenize', '--model', tokenizerFolder, '--input', '-']);
    child.stdout.once('data', () => child.kill('SIGINT'));
    // One batch and a row more, and stdin stays open: only the signal ends it.
    child.stdin.write('a text\n'.repeat(1025));
    const { stdout, stderr, status } = await ended(child);
    expect(lines(stdout)).toHaveLength(1025);
    expect(stderr).toContain('Stopping after this step; what was done is kept.');
    expect(stderr).toContain('Stopped after 1025 rows.');
    expect(status).toBe(1);
  });
});
