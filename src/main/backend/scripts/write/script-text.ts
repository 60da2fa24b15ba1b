import { methodOf } from '../../../../shared/methods/index.ts';
import { oneLine, pythonLiteral as literal } from '../../../../shared/quoting.ts';
import packageJson from '../../../../../package.json' with { type: 'json' };
import { addEncoding, addRows } from './data-lines.ts';
import type { ScriptFacts } from './facts.ts';
import { addModel } from './model-lines.ts';
import { list } from './python-text.ts';
import { Script } from './script.ts';
import { addTraining } from './training-lines.ts';

/** What a line of the script has room for. */
const MOST_OF_TITLE = 98;

function titleLine(title: string): string {
  const text = oneLine(title);
  return text.length <= MOST_OF_TITLE ? text : `${text.slice(0, MOST_OF_TITLE - 1)}…`;
}

/** A run as a script of transformers, peft and datasets that does the same in Python, and what a person should know. */
export function scriptText(facts: ScriptFacts): { text: string; notes: string[] } {
  const { config, model, labels } = facts;
  const script = new Script();
  script.import('transformers', 'AutoTokenizer');
  script.import('transformers', 'set_seed');
  script.add(`MODEL = ${literal(model.name)}`, ...list('LABELS = ', labels.map(literal)));
  const { label_map: map } = config.data;
  if (Object.keys(map).length > 0) script.add(`LABEL_MAP = ${literal(map)}`);
  // The head is drawn before Trainer sets its own seed.
  script.add(`set_seed(${config.training.seed})`);
  script.gap();
  addRows(script, facts);
  const revision = model.revision === null ? '' : `, revision=${literal(model.revision)}`;
  script.add(`tokenizer = AutoTokenizer.from_pretrained(MODEL${revision})`);
  addEncoding(script, facts);
  addModel(script, facts);
  addTraining(script, facts);
  return { text: script.text(head(facts)), notes: notesOf(facts) };
}

function head({ title, config, measured }: ScriptFacts): string[] {
  const packages = ['transformers', 'datasets', 'accelerate', 'scikit-learn'];
  if (methodOf(config.adapter.peft_type)?.peft) packages.splice(1, 0, 'peft');
  const found = ['accuracy', 'f1_macro'].flatMap((name) => {
    const value = measured?.[name];
    return value === undefined ? [] : [`${name} ${value.toFixed(4)}`];
  });
  return [
    // Python looks in the first two lines for the encoding of a script, and a title may name another one.
    `# Written by Graft ${packageJson.version}. Needs: pip install torch ${packages.join(' ')}`,
    '#',
    `# ${titleLine(title)}`,
    ...(found.length === 0 ? [] : [`# In Graft: ${found.join(', ')}. Here the random numbers are others.`]),
  ];
}

function notesOf({ rows, config, model, head: kind }: ScriptFacts): string[] {
  const { training, data, init_adapter } = config;
  const notes: string[] = [];
  if (rows.kind === 'hub') notes.push(`The rows come from the hub: ${rows.hubId}.`);
  else {
    const files = [rows.train, rows.eval].flatMap((file) => (file ? [file.path] : []));
    notes.push(`It reads ${files.join(' and ')}: start it in the folder where they stand.`);
  }
  if (/[\\/]/.test(model.name) && /^([\\/.]|[A-Za-z]:)/.test(model.name))
    notes.push(`The model is read from the folder ${model.name}.`);
  if (data.split !== null)
    notes.push('datasets sets other rows aside than Graft did, with the same share of every class.');
  if (kind === 'redrawn') notes.push("The checkpoint's own head has other labels and is drawn anew.");
  if (training.precision === 'bf16') notes.push('bf16 rounds at other places in PyTorch than in Graft.');
  if (training.class_weights !== null && training.gradient_accumulation_steps > 1)
    notes.push(
      'With accumulated steps the class weights are averaged in each micro-batch, not over the step.',
    );
  if (init_adapter !== null) notes.push(`It goes on from the adapter in ${init_adapter}.`);
  return notes;
}
