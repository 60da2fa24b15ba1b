import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { markdownCell, oneLine, printable, shellWord } from '../../../shared/quoting.ts';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { modelCard, type Card } from '../../engine/export/card/model-card.ts';
import { requirePlain } from '../../engine/export/card/sources.ts';
import { snippetsOf } from '../../engine/export/card/snippets.ts';
import { trySnippets } from '../../engine/export/card/try-snippets.ts';
import { targetKeys } from '../../engine/export/targets.ts';
import { temporaryFolder } from '../../engine/formats/test-support.ts';
import type { ScriptContents } from '../scripts/write/contents.ts';
import { scriptText } from '../scripts/write/script-text.ts';

const run = promisify(execFile);
const python = process.platform === 'win32' ? 'python' : 'python3';
const hasPython = await run(python, ['--version']).then(
  () => true,
  () => false,
);

/** What each payload does where it is run as code: a file appears. No slash: folder names hold none. */
const SHELL = 'touch $CANARY';
const PYTHON = `__import__("os").system("${SHELL}")`;
const NODE = `process.getBuiltinModule("child_process").execSync("${SHELL}")`;

const hostile = [
  `a\n${SHELL}\n`,
  `a\n${PYTHON}\n`,
  `a\r${PYTHON}\r`,
  `a\n${NODE}\n`,
  `a\u2028${NODE}\u2028`,
  `a\u2029${NODE}//`,
  `$(${SHELL})`,
  `\`${SHELL}\``,
  `'; ${SHELL}; '`,
  `"; ${SHELL}; "`,
  `; ${SHELL} #`,
  `| ${SHELL}`,
  `&& ${SHELL}`,
  `\\'; ${SHELL}; '`,
  `"+${PYTHON}+"`,
  `'+${PYTHON.replaceAll('"', "'")}+'`,
  `""" + ${PYTHON} + """`,
  `\\" + ${PYTHON} #`,
  `{${PYTHON}}`,
  `'+${NODE}+'`,
  `\\'+${NODE}//`,
  `\${${NODE}}`,
  // In UTF-7 the first characters are a line feed.
  `coding: utf-7 +AAo-${PYTHON} #`,
  `a=${PYTHON}, b`,
  `--config=$CANARY`,
  `-c ${SHELL}`,
  `a\0b\u001b]0;c\u0007\u007f\u0085${SHELL}`,
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '[click](javascript:alert(1)) <javascript:alert(1)> ![x](data:text/html,1)',
  '[click]: javascript:alert(1)',
  '# head',
  '- item',
  '1. item',
  '---',
  '===',
  '> said',
  '&lt;script> `code` | cell || **bold** ~~~ # head',
  'a: b\n---\nlicense: evil\n# x: ',
  'a\u2028license: evil\u2028',
  '!!python/object/apply:os.system [touch]',
  "it's 2 * 3 = *6* & _more_ \\",
];

const labels = ['plain', ...hostile];

/** Runs `command` where the payloads make a canary, and says whether one of them did. */
async function ran(
  folder: string,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
) {
  const canary = path.join(folder, 'canary');
  const { stdout } = await run(command, args, {
    cwd: folder,
    env: { ...process.env, ...env, CANARY: canary },
    maxBuffer: 2 ** 26,
  });
  return { stdout, canary: existsSync(canary) };
}

const snippetsFor = (name: string) =>
  targetKeys.flatMap((target) =>
    snippetsOf({ target, folderName: name, modelName: name, labels, maxLength: 128 }).map((snippet) => ({
      ...snippet,
      target,
    })),
  );

/** Everything of a script that a person or a file names. */
function factsNamed(name: string, kind: 'files' | 'hub'): ScriptContents {
  const columns = { textColumn: name, textPairColumn: `${name}2`, labelColumn: name };
  const { config } = parseTrainConfig(
    {
      model: name,
      model_overrides: { [name]: name, hidden_dropout_prob: 0 },
      data: { train: name, eval: name, text_column: name, label_column: name },
      adapter: {
        peft_type: 'LORA',
        target_modules: ['query', name],
        rank_pattern: { [name]: 3 },
      },
      init_adapter: name,
    },
    'test',
  );
  return {
    title: name,
    config,
    model: { name, revision: name },
    rows:
      kind === 'hub'
        ? { kind, hubId: name, config: name, trainSplit: name, evalSplit: name, ...columns }
        : {
            kind,
            train: { path: name, format: 'csv', options: { sep: name, column_names: [name] } },
            eval: { path: `${name}2`, format: 'json', options: {} },
            ...columns,
          },
    labels,
    labelText: 'str',
    canStratify: true,
    head: 'redrawn',
    headLayers: [{ path: name, hasBias: true, deviation: null }],
    savedModules: [name],
    maxLength: 128,
    measured: { accuracy: 0.5 },
  };
}

const scriptsFor = (name: string): string[] =>
  (['files', 'hub'] as const).flatMap((kind) => {
    const facts = factsNamed(name, kind);
    const headOnly = {
      ...facts.config,
      adapter: { ...facts.config.adapter, peft_type: 'HEAD_ONLY' as const },
    };
    return [scriptText(facts).text, scriptText({ ...facts, config: headOnly }).text];
  });

/** Runs each file with packages that take everything, and prints the texts that they were given. */
const PYTHON_DRIVER = `
import json, sys, types, importlib.abc, importlib.machinery
given = []
class Anything:
    def __init__(self, *args, **named): pass
    def __call__(self, *args, **named):
        given.append(repr([args, named]))
        return self
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self
    def __getitem__(self, key):
        given.append(repr(key))
        return self
    def __iter__(self): return iter([self])
    def __index__(self): return 0
    def __int__(self): return 0
    def __float__(self): return 0.0
    def __repr__(self): return "*"
    def items(self): return [("input_ids", self)]
    def keys(self): return []
anything = Anything()
class Module(types.ModuleType):
    __path__ = []
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return anything
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        known = ("transformers", "peft", "onnxruntime", "tensorflow", "sentence_transformers", "datasets", "torch", "numpy", "sklearn", "scipy", "safetensors", "evaluate")
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in known else None
    def create_module(self, spec): return Module(spec.name)
    def exec_module(self, module): pass
sys.meta_path.insert(0, Finder())
for file in json.load(open(sys.argv[1])):
    exec(compile(open(file, "rb").read(), file, "exec"), {"__name__": "__main__"})
sys.stdout.write("\\n" + json.dumps(given))
`;

const NODE_DRIVER = `
import { readFileSync } from 'node:fs';
globalThis.fetch = async () => ({ json: async () => ({}) });
for (const file of JSON.parse(readFileSync(process.argv[2], 'utf8'))) await import(file);
`;

describe('names that hold code of a shell, Python, JavaScript, YAML or HTML', () => {
  it.skipIf(!hasPython)('are texts in every Python snippet and script, and nothing else runs', async () => {
    const folder = await temporaryFolder();
    const sources = hostile.flatMap((name) => [
      ...snippetsFor(name).flatMap(({ language, code }) => (language === 'python' ? [code] : [])),
      ...scriptsFor(name),
    ]);
    const files = sources.map((_, i) => path.join(folder, `p${i}.py`));
    await Promise.all(files.map((file, i) => writeFile(file, sources[i]!)));
    await writeFile(path.join(folder, 'files.json'), JSON.stringify(files));
    await writeFile(path.join(folder, 'driver.py'), PYTHON_DRIVER);
    const { stdout, canary } = await ran(folder, python, ['driver.py', 'files.json'], {
      PYTHONIOENCODING: 'utf-8',
    });
    expect(canary).toBe(false);
    const given = z.array(z.string()).parse(JSON.parse(stdout.split('\n').at(-1)!));
    // A script that ended at its first line would have run nothing either.
    expect(given.filter((one) => one.includes('touch $CANARY')).length).toBeGreaterThan(sources.length);
  });

  it('are texts in every Node snippet, and nothing else runs', async () => {
    const folder = await temporaryFolder();
    const packageFolder = path.join(folder, 'node_modules/@huggingface/transformers');
    await mkdir(packageFolder, { recursive: true });
    const stub =
      'export const env = {}; export const pipeline = async (_, name) => async () => console.log("LOADED" + JSON.stringify(name));';
    await writeFile(path.join(packageFolder, 'index.mjs'), stub);
    await writeFile(path.join(packageFolder, 'package.json'), '{"exports":"./index.mjs"}');
    const sources = hostile.flatMap((name) =>
      snippetsFor(name).flatMap(({ language, code }) => (language === 'node' ? [code] : [])),
    );
    const files = sources.map((_, i) => path.join(folder, `n${i}.mjs`));
    await Promise.all(files.map((file, i) => writeFile(file, sources[i]!)));
    await writeFile(path.join(folder, 'files.json'), JSON.stringify(files));
    await writeFile(path.join(folder, 'driver.mjs'), NODE_DRIVER);
    const { stdout, canary } = await ran(folder, process.execPath, ['driver.mjs', 'files.json']);
    expect(canary).toBe(false);
    for (const name of hostile) expect(stdout).toContain(`LOADED${JSON.stringify(name)}\n`);
  });

  it.skipIf(process.platform === 'win32')(
    'are words in every command and comment of a shell, and nothing else runs',
    async () => {
      const folder = await temporaryFolder();
      const bin = path.join(folder, 'bin');
      await mkdir(bin);
      for (const name of ['curl', 'graft'])
        await writeFile(path.join(bin, name), '#!/bin/sh\nprintf "%s\\n" "$#"\n', { mode: 0o755 });
      const commands = hostile.flatMap((name) => [
        ...new Set(snippetsFor(name).flatMap(({ language, code }) => (language === 'curl' ? [code] : []))),
        `graft verify ${shellWord(name)}`,
      ]);
      // One shell for all: what a name opens would also swallow the commands behind it.
      const text = commands.map((command) => `${command}\n`).join('');
      await writeFile(path.join(folder, 'all.sh'), text);
      const env = { PATH: `${bin}:${process.env['PATH']}` };
      const { stdout, canary } = await ran(folder, '/bin/sh', ['all.sh'], env);
      expect(canary).toBe(false);
      const counts = commands.map((command) => (command.startsWith('graft') ? '2' : '6'));
      expect(stdout.trim().split('\n')).toEqual(counts);
    },
  );

  it.skipIf(process.platform === 'win32')(
    'run nothing when an export tries its snippets',
    async () => {
      const canary = path.join(await temporaryFolder(), 'canary');
      process.env['CANARY'] = canary;
      try {
        const folder = await temporaryFolder();
        const base = await temporaryFolder();
        // Python would import packages from beside a program.
        await writeFile(path.join(base, '__init__.py'), PYTHON);
        for (const name of [...hostile.slice(0, 8), 'transformers', 'torch', 'node_modules', 'snippet.py']) {
          const code = snippetsOf({
            target: 'peft',
            folderName: name,
            modelName: 'peft',
            labels,
            maxLength: 8,
          }).slice(name.startsWith('t') ? 0 : 1);
          const tried = await trySnippets(code, {
            target: 'peft',
            folder,
            folderName: name,
            base: { folder: base, name: 'peft' },
            port: 9,
            signal: new AbortController().signal,
          });
          for (const { output, notRun } of tried) expect(output === null && notRun !== null).toBe(true);
        }
        expect(existsSync(canary)).toBe(false);
      } finally {
        delete process.env['CANARY'];
      }
    },
    60_000,
  );

  it('are text in a model card, which has neither HTML nor links nor keys of theirs', () => {
    for (const name of hostile)
      for (const target of targetKeys) {
        const card = modelCard(cardNamed(name, target));
        const [, front = '', body = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(card)!;
        // Readers of YAML 1.1 end lines where others do not.
        const keys = Object.keys(parse(front, { version: '1.1' }) as object);
        expect(allowed).toEqual(expect.arrayContaining(keys));
        for (const line of front.split(/[\r\n\u0085\u2028\u2029]/))
          expect(line).not.toMatch(/^license: evil/);
        const html = marked.parse(body, { async: false, gfm: true });
        expect(html).not.toMatch(/<(?:script|img|iframe|svg)|href="(?!https?:)/i);
        expect(html.match(/<h1>/g)).toHaveLength(1);
        expect(html.match(/<h2>/g)!.length).toBeLessThanOrEqual(6);
        expect(html.match(/<th>/g)).toHaveLength(5);
      }
  });

  it('show in a card what they are', () => {
    for (const name of hostile) {
      const html = marked.parse(`| a |\n| --- |\n| ${markdownCell(name)} |\n`, { async: false });
      const [, shown = ''] = /<td>(.*)<\/td>/.exec(html)!;
      const text = shown
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&');
      expect(text).toBe(oneLine(name));
    }
  });

  it('are refused where they hold control characters, with the character', () => {
    for (const name of hostile) {
      const refuse = () => requirePlain('the folder', name);
      if (/[\p{Cc}\u2028\u2029]/u.test(name)) expect(refuse).toThrow(/holds the control character U\+/);
      else expect(refuse).not.toThrow();
    }
  });

  it('do not move the cursor of a terminal', () => {
    expect(printable('a\u001b]0;title\u0007\tb\n\u009b2J')).toBe('a<U+001B>]0;title<U+0007>\tb\n<U+009B>2J');
  });
});

const allowed = [
  ...['license', 'license_name', 'license_link', 'base_model', 'base_model_relation', 'library_name'],
  ...['pipeline_tag', 'tags', 'metrics', 'model-index'],
];

function cardNamed(name: string, target: Card['proof']['target']): Card {
  const interval = { value: 0.5, low: 0.4, high: 0.6 };
  return {
    name,
    modelName: name,
    dataName: name,
    settings: { [name]: name },
    adapterSettings: { target_modules: [name] },
    run: null,
    licence: { license: name, license_name: name, license_link: name },
    proof: {
      graft: '1',
      made_at: '',
      target,
      base: { name, sha256: '0', bytes: 1 },
      adapter: { sha256: '0', bytes: 1 },
      precision: 'fp32',
      pooling: target === 'embedding' ? 'mean' : null,
      scales: null,
      labels,
      max_length: 128,
      fixed: [],
      most_points_lost: 1,
      outcome: {
        passed: false,
        reason: name,
        rows: 1,
        largest_difference: 0,
        mean_difference: 0,
        same_answers: 1,
        smallest_cosine: null,
        accuracy: { reference: interval, exported: interval, rows: 10 },
        latency_ms: { batch_1: 1, batch_32: 1 },
      },
      consumers: [],
      snippets: [
        { language: 'python', code: `print(${JSON.stringify(name)})`, output: name, notRun: null },
        { language: 'curl', code: '# `', output: null, notRun: name },
      ],
    },
  };
}
