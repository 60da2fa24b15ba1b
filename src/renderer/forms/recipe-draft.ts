import { defaultMethod, plainMethod } from '../../shared/methods/index.ts';
import type { Dataset, Model, Recipe } from '../../shared/contract.ts';
import { mapText } from '../../shared/label-column.ts';
import { Fault } from '../../shared/faults/index.ts';
import { resolveTrainingArguments } from '../../shared/settings/training-arguments.ts';
import { splitsOf, type Draft } from './spec-choice.ts';

/** Something that a recipe names and this workspace lacks or has otherwise, with the page that brings it. */
export interface Missing {
  what: 'model' | 'data';
  message: string;
  remedy: string;
  label: string;
  link: string;
}
const bringIt = 'Bring it in, or choose another one below.';

const lastPart = (name: string): string => name.split(/[\\/]/).at(-1)!.toLowerCase();

/** Fills a draft from a recipe. What was chosen before stays where the recipe says nothing. */
export function draftOfRecipe(
  recipe: Recipe,
  before: Draft,
  models: readonly Model[],
  datasets: readonly Dataset[],
): { draft: Draft; missing: Missing[] } {
  const missing: Missing[] = [];
  // The name, and the adapter to go on from, of what stood in the form before.
  const { initAdapterId: _, ...kept } = before;
  const draft: Draft = { ...kept, name: '' };
  const model = findModel(recipe.model, models);
  if (model) draft.modelId = model.id;
  else if (recipe.model !== null)
    missing.push({
      what: 'model',
      message: `The model ${recipe.model} is not in this workspace.`,
      remedy: bringIt,
      label: 'Find the model',
      link: `/models?q=${encodeURIComponent(recipe.model)}`,
    });
  const wanted = recipe.dataset?.hubId ?? recipe.dataset?.files[0]?.path ?? null;
  const dataset = findDataset(wanted, datasets);
  if (dataset) draft.versionId = dataset.latest.id;
  else if (wanted !== null)
    missing.push({
      what: 'data',
      message: `The data ${wanted} is not in this workspace.`,
      remedy: bringIt,
      label: 'Import data',
      link: '/data/import',
    });
  if (dataset) missing.push(...otherwise(recipe, dataset));
  const data = { ...(dataset ? splitsOf(dataset.latest) : before.data), ...given(recipe) };
  draft.data = { ...emptyData, ...data };
  if (recipe.adapter) draft.adapter = { peft_type: defaultMethod.type, ...recipe.adapter };
  else if (recipe.adapter === null) draft.adapter = { peft_type: plainMethod.type };
  draft.training = trainingOf(recipe);
  draft.modelOverrides = recipe.modelOverrides;
  return { draft, missing };
}

/** What of the recipe the data set has otherwise: the number of classes, the second text. */
function otherwise(
  { numLabels, textPairColumn, labelMap }: Recipe,
  { id, name, latest }: Dataset,
): Missing[] {
  const look = { what: 'data', label: 'Look at the data', link: `/data/${id}` } as const;
  const found: Missing[] = [];
  const classes = latest.labels.length;
  if (numLabels !== null && numLabels !== classes)
    found.push({
      ...look,
      message: `The script has ${numLabels} classes, ${name} has ${classes}.`,
      remedy: 'Choose other data below, or import it with the labels of the script.',
    });
  // Of classes that the map makes none has to be changed.
  const made = new Set(Object.values(labelMap));
  if (latest.labels.some(({ name }) => Object.hasOwn(labelMap, name) && !made.has(name)))
    found.push({
      ...look,
      message: `The script maps labels: ${mapText(labelMap)}; ${name} has them as they were.`,
      remedy: 'Import the data with that label map.',
    });
  if (textPairColumn !== null && !latest.columns.includes(textPairColumn))
    found.push({
      ...look,
      message: `The script reads a second text (${textPairColumn}); ${name} has no column of that name.`,
      remedy: 'Import the data with that column as the second text.',
    });
  return found;
}

const emptyData = {
  trainSplit: null,
  evalSplit: null,
  trainSelect: null,
  evalSelect: null,
  split: null,
  maxLength: null,
  padding: 'longest',
} as const;

/** What the recipe says of the rows. Left out is what it does not say. */
function given(recipe: Recipe): Partial<NonNullable<Draft['data']>> {
  const { trainSplit, evalSplit, trainSelect, evalSelect, split, maxLength, padding } = recipe;
  return {
    ...(trainSplit === null ? {} : { trainSplit }),
    ...(evalSplit === null ? {} : { evalSplit, split: null }),
    ...(split ? { evalSplit: null, split } : {}),
    ...(trainSelect === null ? {} : { trainSelect }),
    ...(evalSelect === null ? {} : { evalSelect }),
    ...(maxLength === null ? {} : { maxLength }),
    ...(padding === null ? {} : { padding }),
  };
}

function findModel(name: string | null, models: readonly Model[]): Model | null {
  if (name === null) return null;
  const same = ({ hubId, folder, name: own }: Model) => [hubId, folder, own].includes(name);
  return models.find(same) ?? models.find((model) => lastPart(model.name) === lastPart(name)) ?? null;
}

function findDataset(wanted: string | null, datasets: readonly Dataset[]): Dataset | null {
  if (wanted === null) return null;
  const name = lastPart(wanted).replace(/\.\w+$/, '');
  return (
    datasets.find(({ source }) => source.includes(wanted)) ??
    datasets.find((dataset) => lastPart(dataset.name).replace(/\.\w+$/, '') === name) ??
    null
  );
}

/** Older names and switches become the form's; a script with names that it lacks keeps them, and the pre-flight says so. */
function trainingOf(recipe: Recipe): Record<string, unknown> {
  try {
    return resolveTrainingArguments(recipe.training, 'The script').fields;
  } catch (error) {
    if (error instanceof Fault) return recipe.training;
    throw error;
  }
}
