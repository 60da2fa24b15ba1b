import type { Recipe } from '../../shared/contract.ts';
import { settingLabel } from './form-fields.ts';
import { mapText } from '../../shared/label-column.ts';
import { textOfValue } from './field-text.ts';

/** A setting of a recipe; `line`: where a script has it. */
export interface RecipeSetting {
  path: string;
  label: string;
  /** Its name in the libraries; empty where it has none. */
  name: string;
  value: string;
  line: number | null;
}

const words: Readonly<Record<string, string>> = {
  model: 'Model',
  'data.hubId': 'Data set',
  'data.config': 'Configuration of the data set',
  'data.files': 'Data',
  'data.textColumn': 'Text',
  'data.textPairColumn': 'Second text',
  'data.labelColumn': 'Label',
  'data.labelMap': 'Label map',
  'data.trainSelect.count': 'Training rows',
  'data.trainSelect.shuffle_seed': 'Training rows shuffled with seed',
  'data.evalSelect.count': 'Evaluation rows',
  'data.evalSelect.shuffle_seed': 'Evaluation rows shuffled with seed',
  'data.split.test_size': 'Share set aside',
  'data.maxLength': 'Longest text',
  'data.padding': 'Padding',
  numLabels: 'Classes',
  metrics: 'Metrics',
  'adapter.peft_type': 'Method',
};

function worded(path: string, value: string, line: number | null): RecipeSetting {
  const name = /^(adapter|training|modelOverrides)\.(.+)$/.exec(path)?.[2] ?? '';
  return { path, label: words[path] ?? settingLabel(name || path), name, value, line };
}

/** What a recipe sets, in the words of the form: of a script what was read with its lines, of others all of it. */
export function recipeSettings(recipe: Recipe): RecipeSetting[] {
  if (recipe.read.length > 0) return recipe.read.map(({ path, value, line }) => worded(path, value, line));
  const { dataset, trainSelect, evalSelect, split } = recipe;
  const all: [string, unknown][] = [
    ['model', recipe.model],
    ['data.hubId', dataset?.hubId],
    ['data.files', dataset?.files.map(({ path }) => path)],
    ['data.textColumn', dataset && recipe.textColumn],
    ['data.textPairColumn', recipe.textPairColumn],
    ['data.labelColumn', dataset && recipe.labelColumn],
    ['data.labelMap', Object.keys(recipe.labelMap).length > 0 ? mapText(recipe.labelMap) : null],
    ['numLabels', recipe.numLabels],
    ['data.trainSelect.count', trainSelect?.count],
    ['data.trainSelect.shuffle_seed', trainSelect?.shuffle_seed],
    ['data.evalSelect.count', evalSelect?.count],
    ['data.evalSelect.shuffle_seed', evalSelect?.shuffle_seed],
    ['data.split.test_size', split?.test_size],
    ['data.maxLength', recipe.maxLength],
    ['data.padding', recipe.padding],
    ...Object.entries(recipe.adapter ?? {}).map(([name, value]): [string, unknown] => [
      `adapter.${name}`,
      value,
    ]),
    ...Object.entries(recipe.training).map(([name, value]): [string, unknown] => [`training.${name}`, value]),
    ...Object.entries(recipe.modelOverrides).map(([name, value]): [string, unknown] => [
      `modelOverrides.${name}`,
      value,
    ]),
    ['metrics', recipe.metrics],
  ];
  return all
    .map(([path, value]) => worded(path, textOfValue(value), null))
    .filter(({ value }) => value !== '');
}
