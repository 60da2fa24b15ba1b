import { isFields } from '../../../shared/fields.ts';
import { methodLabel, methodOf } from '../../../shared/methods/index.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

const shown = (value: unknown): string =>
  typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-2 ? value.toExponential() : String(value);

/** What two runs may differ in beside the method, in the order in which a name says it: how it is said, of a configuration. */
const aspects: readonly ((config: Fields) => string)[] = [
  ({ training }) => setting(fieldsOf(training), 'learning_rate', 'lr'),
  ({ training }) => {
    const { max_steps: steps, num_train_epochs: epochs } = fieldsOf(training);
    return typeof steps === 'number' && steps > 0 ? `${steps} steps` : `${shown(epochs)} epochs`;
  },
  ({ training }) => setting(fieldsOf(training), 'per_device_train_batch_size', 'batch'),
  ({ data }) => {
    const count = fieldsOf(fieldsOf(data)['train_select'])['count'];
    return count == null ? 'all rows' : `${shown(count)} rows`;
  },
  ({ data }) => setting(fieldsOf(data), 'max_length', 'length'),
  ({ training }) => setting(fieldsOf(training), 'precision', ''),
  ({ training }) => setting(fieldsOf(training), 'seed', 'seed'),
  ({ model }) => (typeof model === 'string' ? (model.split(/[\\/]/).at(-1) ?? '') : ''),
];
const setting = (fields: Fields, name: string, word: string): string =>
  fields[name] == null ? '' : `${word} ${shown(fields[name])}`.trim();

/** The method first, so that only runs of one method are told apart further. */
function wordsOf(config: Fields): string[] {
  const adapter = fieldsOf(config['adapter']);
  const distinctions = methodOf(adapter['peft_type'])?.distinctions(adapter) ?? [];
  return [methodLabel(adapter), ...distinctions, ...aspects.map((aspect) => aspect(config))];
}

/**
 * A name for a run: its data, its method, and as little more as tells it from its neighbours on the same data. A run
 * that equals one of them gets a number.
 */
export function automaticName(
  dataName: string,
  config: Fields,
  neighbours: readonly { name: string; config: Fields }[],
): string {
  const own = wordsOf(config);
  const saidOf = neighbours.map((run) => wordsOf(run.config));
  const said = [0];
  let like = saidOf.filter((other) => other[0] === own[0]);
  while (like.length > 0) {
    const apart = own.map((text, i) => (text === '' ? 0 : like.filter((other) => other[i] !== text).length));
    const most = Math.max(...apart);
    if (most === 0) break;
    const chosen = apart.indexOf(most);
    said.push(chosen);
    like = like.filter((other) => other[chosen] === own[chosen]);
  }
  const name = [dataName, ...said.sort((a, b) => a - b).map((i) => own[i])].join(', ');
  const taken = new Set(neighbours.map((run) => run.name));
  if (!taken.has(name)) return name;
  for (let n = 2; ; n++) if (!taken.has(`${name}, run ${n}`)) return `${name}, run ${n}`;
}
