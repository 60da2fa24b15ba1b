import type { FaultText } from './fault.ts';

const short = (sha256: string) => `${sha256.slice(0, 8)}…`;
const again = 'Choose the base that the adapter was trained on.';

export const adaptersFaults = {
  'adapters/base-changed': (p: { name: string; file: string; then: string; now: string }) => ({
    message: `The base model ${p.name} changed since training: ${p.file} was ${short(p.then)} and is ${short(p.now)} (SHA-256).`,
    remedy: 'Put the former weights back, or train again on the ones that are there now.',
  }),
  'adapters/base-gone': (p: { name: string; folder: string }) => ({
    message: `The base model ${p.name} is gone: there are no weights in ${p.folder}.`,
    remedy: 'Put the folder back, or download the model again.',
  }),
  'adapters/gone': (p: { name: string; folder: string }) => ({
    message: `The files of ${p.name} are gone: ${p.folder} holds no adapter.`,
    remedy: 'Put the folder back, or train or import it again.',
  }),
  'adapters/changed': (p: { name: string; file: string; then: string; now: string }) => ({
    message: `${p.file} of ${p.name} changed since it was made: it was ${short(p.then)} and is ${short(p.now)} (SHA-256).`,
    remedy: 'Put the former file back, or import the folder as a new adapter.',
  }),
  'adapters/no-adapter': (p: { folder: string }) => ({
    message: `${p.folder} holds no adapter: there is no adapter_config.json.`,
    remedy:
      'Choose the folder that PEFT wrote, with adapter_config.json and adapter_model.safetensors or .bin.',
  }),
  'adapters/other-base': (p: { file: string; named: string; chosen: string }) => ({
    message: `${p.file} names ${p.named} as the base model, not ${p.chosen}.`,
    remedy: `${again} If it is the same model under another name, correct base_model_name_or_path in that file.`,
  }),
  'adapters/other-weights': (p: { file: string; then: string; chosen: string; now: string }) => ({
    message: `${p.file} says that the adapter was trained on weights ${short(p.then)}; those of ${p.chosen} are ${short(p.now)} (SHA-256).`,
    remedy: again,
  }),
  'adapters/label-count': (p: { file: string; found: number; source: string; expected: number }) => ({
    message: `${p.file} has a head of ${p.found} labels; ${p.source} names ${p.expected}.`,
    remedy: `${again} Where the labels were replaced in training, put the config.json with the new ones beside the adapter.`,
  }),
  'adapters/not-an-adapter': (p: { name: string; method: string }) => ({
    message: `${p.name} is not an adapter beside a base (${p.method}): its weights cannot be added up with others.`,
    remedy: 'Combine adapters that were trained with LoRA.',
  }),
  'adapters/merge-bases': (p: { first: string; firstBase: string; other: string; otherBase: string }) => ({
    message: `${p.first} was trained on ${p.firstBase}, ${p.other} on ${p.otherBase}: they are not of one base.`,
    remedy: 'Combine adapters that were trained on the same weights.',
  }),
  'adapters/merge-labels': (p: { first: string; other: string; labels: string; otherLabels: string }) => ({
    message: `${p.first} answers ${p.labels}; ${p.other} answers ${p.otherLabels}.`,
    remedy: 'Combine adapters that have the same labels in the same order.',
  }),
  'adapters/merge-twice': (p: { name: string }) => ({
    message: `${p.name} is chosen twice.`,
    remedy: 'Choose each adapter once and give it a larger weight.',
  }),
  'adapters/merge-ranks': (p: { combination: string; layer: string; ranks: readonly number[] }) => ({
    message: `${p.combination} needs equal ranks; in ${p.layer} they are ${p.ranks.join(' and ')}.`,
    remedy: 'Use cat, or one of the ways that end with svd.',
  }),
  'adapters/merge-biases': (p: { name: string; bias: string }) => ({
    message: `${p.name} trained biases too (bias "${p.bias}"), which a weighted merge would lose.`,
    remedy: 'Combine adapters that were trained with bias "none".',
  }),
  'adapters/merge-saved': (p: { first: string; other: string; parameter: string }) => ({
    message: `${p.parameter} was trained in one of ${p.first} and ${p.other} only.`,
    remedy: 'Combine adapters with the same modules_to_save.',
  }),
  'adapters/merge-weights': (_: object) => ({
    message: 'The weights add up to zero: the heads would have no mean.',
    remedy: 'Change one of the weights.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
