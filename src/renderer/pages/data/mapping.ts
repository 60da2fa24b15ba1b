import type {
  ColumnRole,
  LabelMapping,
  LabelObservation,
  Mapping,
  Preview,
} from '../../../shared/contract.ts';

type Column = Preview['columns'][number];

/** What a column is taken for, in the order in which it is offered. */
export const roles: readonly { value: ColumnRole; label: string; help: string }[] = [
  { value: 'text', label: 'Text', help: 'what the model reads' },
  {
    value: 'more_text',
    label: 'Joined text',
    help: 'one text with the text column, in the order of the columns',
  },
  { value: 'text_pair', label: 'Second text', help: 'read after the text, for sentence pairs' },
  { value: 'label', label: 'Label', help: 'what the model learns to answer' },
  { value: 'split', label: 'Split', help: 'names the split of each row' },
  { value: 'extra', label: 'Kept', help: 'kept beside the rows, to compare slices' },
  { value: 'ignore', label: 'Left out', help: 'not imported' },
];

export const roleLabel = (role: ColumnRole): string =>
  roles.find(({ value }) => value === role)?.label ?? role;

const single = new Set<ColumnRole>(['text', 'text_pair', 'label', 'split']);

/** Gives the column at `index` a role. A role that only one column can have is swapped with who had it. */
export function withRole(current: readonly ColumnRole[], index: number, role: ColumnRole): ColumnRole[] {
  const before = current[index] ?? 'ignore';
  const holder = single.has(role) ? current.findIndex((other, at) => other === role && at !== index) : -1;
  return current.map((other, at) => (at === index ? role : at === holder ? before : other));
}

/** How the label column is read, and what stands out in it then; what joined texts have between them. */
interface LabelChoice {
  labelMap: LabelMapping;
  separator: string;
  observations: readonly LabelObservation[];
}
const plain: LabelChoice = { labelMap: {}, separator: ' ', observations: [] };

/** The mapping that the roles make, or why they make none; `cautions` do not stop an import. */
export type MappingCheck =
  | { mapping: Mapping; problem: null; cautions: string[] }
  | { mapping: null; problem: string; cautions: string[] };

/** Checks the roles, and the label column as `labels` says that it is read. */
export function checkMapping(
  columns: readonly Column[],
  given: readonly ColumnRole[],
  { labelMap, separator, observations }: LabelChoice = plain,
): MappingCheck {
  const named = (role: ColumnRole) => columns.filter((_, at) => given[at] === role);
  const [text] = named('text');
  const [label] = named('label');
  const no = (problem: string): MappingCheck => ({ mapping: null, problem, cautions: [] });
  if (columns.length < 2)
    return no(
      'One column only: a text and its label are needed. Check the delimiter, or choose another file.',
    );
  if (!text && !label) return no('No column is the text, and none the label. Click two heads to say which.');
  if (!text) return no('No column is the text. Click the head of the one the model shall read.');
  if (!label) return no('No column is the label. Click the head of the one the model shall learn.');
  const refused = observations.find(({ weight }) => weight === 'error');
  if (refused) return no(`${refused.message} ${refused.remedy}`);
  const texts = columns.filter((_, at) => given[at] === 'text' || given[at] === 'more_text');
  const twice = columns.find(({ name }, at) => columns.findIndex((other) => other.name === name) !== at);
  if (twice) return no(`Two columns are named "${twice.name}". Give each a name of its own in the file.`);
  return {
    mapping: {
      text: texts[0]!.name,
      moreText: texts.slice(1).map(({ name }) => name),
      separator,
      textPair: named('text_pair')[0]?.name ?? null,
      label: label.name,
      labelMap,
      split: named('split')[0]?.name ?? null,
      extra: named('extra').map(({ name }) => name),
    },
    problem: null,
    cautions: [
      ...(label.distinct < 2
        ? [`"${label.name}" holds one value in the rows looked at. A classifier needs two.`]
        : []),
      ...(label.distinct > 50 && label.meanLength > 40
        ? [`"${label.name}" reads like text: ${label.distinct} different values. Is it the label?`]
        : []),
    ],
  };
}

/** What several files are called: how their names begin ("reviews-train.csv" and "-test": reviews), or null. */
export function commonName(names: readonly string[]): string | null {
  const [first = ''] = names;
  let length = 0;
  while (length < first.length && names.every((name) => name[length] === first[length])) length++;
  // Not into a word: "reviews-train" and "reviews-test" share "reviews-t".
  const start = /^(.*[\p{L}\p{N}])[^\p{L}\p{N}]+[\p{L}\p{N}]*$/u.exec(first.slice(0, length))?.[1] ?? '';
  return names.length > 1 && start.length >= 3 ? start : null;
}

/** The split that a file's name speaks of ("reviews-train.csv": train), or null. */
export function splitOfFile(name: string): string | null {
  const words = name.toLowerCase().split(/[^a-z]+/);
  if (words.includes('train') || words.includes('training')) return 'train';
  if (words.includes('test')) return 'test';
  if (['validation', 'valid', 'val', 'dev', 'eval'].some((word) => words.includes(word))) return 'validation';
  return null;
}
