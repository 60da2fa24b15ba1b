import { pythonLiteral as literal } from '../../../../shared/quoting.ts';
import { argumentsOf, call, isSame, type Argument, type Script } from './python.ts';
import type { DataFile, ScriptContents, ScriptRows } from './contents.ts';

/** Reads the rows and takes those of the run. */
export function addRows(script: Script, { rows, config }: ScriptContents): void {
  script.import('datasets', 'load_dataset');
  const { train_select, eval_select } = config.data;
  const [train, evaluated] = rows.kind === 'hub' ? hubRows(script, rows) : fileRows(script, rows);
  script.add(`train = ${train}${selected(train_select)}`);
  if (evaluated !== null) script.add(`test = ${evaluated}${selected(eval_select)}`);
  script.gap();
}

const selected = (select: ScriptContents['config']['data']['train_select']): string => {
  if (!select) return '';
  const { shuffle_seed: seed, count } = select;
  return `${seed === null ? '' : `.shuffle(seed=${seed})`}${count === null ? '' : `.select(range(${count}))`}`;
};

type Sources = [train: string, evaluated: string | null];

function hubRows(script: Script, { hubId, config, trainSplit, evalSplit, labelColumn }: HubPart): Sources {
  const name: Argument[] = config === 'default' ? [] : [[null, literal(config)]];
  script.add(...call('data = load_dataset', [[null, literal(hubId)], ...name]));
  script.add('# The hub may keep classes as numbers that have names.');
  script.add(
    `names = getattr(data[${literal(trainSplit)}].features[${literal(labelColumn)}], "names", None)`,
  );
  return [`data[${literal(trainSplit)}]`, evalSplit === null ? null : `data[${literal(evalSplit)}]`];
}
type HubPart = Extract<ScriptRows, { kind: 'hub' }>;

function fileRows(
  script: Script,
  { train, eval: evaluated }: Extract<ScriptRows, { kind: 'files' }>,
): Sources {
  const load = (name: string, files: unknown, { format, options }: DataFile, tail = ''): void =>
    script.add(
      ...call(
        `${name} = load_dataset`,
        [[null, literal(format)], ['data_files', literal(files)], ...argumentsOf(options)],
        tail,
      ),
    );
  if (evaluated !== null && !sameKind(train, evaluated)) {
    load('train', { train: train.path }, train, '["train"]');
    load('test', { eval: evaluated.path }, evaluated, '["eval"]');
    return ['train', 'test'];
  }
  load('data', { train: train.path, ...(evaluated ? { eval: evaluated.path } : {}) }, train);
  return ['data["train"]', evaluated ? 'data["eval"]' : null];
}

const sameKind = (a: DataFile, b: DataFile): boolean => a.format === b.format && isSame(a.options, b.options);

/** Token ids and class numbers of the rows; sets rows aside where the run did. */
export function addEncoding(script: Script, contents: ScriptContents): void {
  const { rows, config } = contents;
  const { padding, split } = config.data;
  const columns = [rows.textColumn, ...(rows.textPairColumn === null ? [] : [rows.textPairColumn])];
  const args: Argument[] = [
    ...columns.map((column): Argument => [null, `rows[${literal(column)}]`]),
    ...(padding === 'max_length' ? argumentsOf({ padding }) : []),
    ['truncation', 'True'],
    ...(contents.maxLength === null ? [] : argumentsOf({ max_length: contents.maxLength })),
  ];
  script.block(
    'def encode(rows):',
    ...call('encoded = tokenizer', args, '', 1),
    `    encoded["labels"] = [LABELS.index(${labelOf(contents)}) for label in rows[${literal(rows.labelColumn)}]]`,
    '    return encoded',
  );
  script.add('train = train.map(encode, batched=True, remove_columns=train.column_names)');
  if (config.data.eval !== null)
    script.add('test = test.map(encode, batched=True, remove_columns=test.column_names)');
  if (split === null) return script.gap();
  const parts: Argument[] = argumentsOf(split);
  if (contents.canStratify) {
    script.import('datasets', 'ClassLabel');
    script.add('train = train.cast_column("labels", ClassLabel(names=LABELS))');
    parts.push(['stratify_by_column', '"labels"']);
  }
  script.add(...call('parts = train.train_test_split', parts), 'train, test = parts["train"], parts["test"]');
  script.gap();
}

function labelOf(contents: ScriptContents): string {
  const label = writtenLabel(contents);
  const isMapped = Object.keys(contents.config.data.label_map).length > 0;
  return isMapped ? `LABEL_MAP.get(${label}, ${label})` : label;
}

function writtenLabel({ rows, labelText }: ScriptContents): string {
  if (rows.kind === 'hub') return 'names[label] if names else str(label)';
  if (labelText === 'as it is') return 'label';
  return labelText === 'str' ? 'str(label)' : `str(label).${labelText}()`;
}
