import type { FaultText } from './fault.ts';

export const peftFaults = {
  'peft/no-target': (p: { target: string; available: readonly string[] }) => ({
    message: `target_modules ${p.target} matches no linear module of the model.`,
    remedy: `Name modules that it has: ${p.available.join(', ')}; or "all-linear".`,
  }),
  'peft/no-module': (p: { name: string; available: readonly string[] }) => ({
    message: `modules_to_save names "${p.name}", which the model does not have.`,
    remedy: `Name modules that it has: ${p.available.join(', ')}.`,
  }),
  'peft/no-target-modules': (_: object) => ({
    message: 'adapter.target_modules is missing.',
    remedy: 'Name the modules to adapt, for example ["query", "value"], or "all-linear".',
  }),
  'peft/bad-pattern': (p: { field: string; pattern: string; reason: string }) => ({
    message: `${p.field}: "${p.pattern}" is not a regular expression: ${p.reason}.`,
    remedy: 'Correct the pattern; inspect --model lists the module names it is matched against.',
  }),
  'peft/slow-pattern': (p: { field: string; pattern: string; seconds: number }) => ({
    message: `${p.field}: "${p.pattern}" takes more than ${p.seconds} s over the module names: it goes back and forth over them.`,
    remedy:
      'Write it without a repetition inside a repetition, such as (a+)+, or name the modules in a list.',
  }),
  'peft/unsupported-field': (p: { fields: readonly string[]; source: string }) => ({
    message: `${p.source}: ${p.fields.join(', ')} ${p.fields.length === 1 ? 'is' : 'are'} not supported.`,
    remedy: 'Leave the field out or give it its default; nothing of an adapter is ever ignored silently.',
  }),
  'peft/unsupported-type': (p: { source: string; found: string; supported: readonly string[] }) => ({
    message: `${p.source} has peft_type "${p.found}".`,
    remedy: `Use one of: ${p.supported.join(', ')}.`,
  }),
  'peft/other-task': (p: { what: string; file: string; seen: string }) => ({
    message: `The adapter is of ${p.what} (${p.file}: ${p.seen}).`,
    remedy:
      'Graft trains, answers and merges adapters of sequence classification (task_type SEQ_CLS) that give a text one of ' +
      'their labels. Use this one with PEFT, or train such an adapter.',
  }),
  'peft/unnamed-task': (p: { file: string; tensor: string }) => ({
    message: `${p.file} does not say what the adapter's head (${p.tensor}) is for: task_type and auto_mapping are missing.`,
    remedy: 'Set task_type to "SEQ_CLS" in that file if it gives a text one of its labels.',
  }),
  'peft/inference-mode': (p: { source: string }) => ({
    message: `${p.source} has inference_mode true, which freezes the adapter: nothing would be trained.`,
    remedy: 'Remove inference_mode or set it to false; the saved adapter_config.json gets true by itself.',
  }),
  'peft/missing-tensor': (p: { file: string; tensor: string }) => ({
    message: `${p.file} lacks ${p.tensor}, which its adapter_config.json asks for.`,
    remedy:
      'Check that both files belong to the same adapter, and that the base model is the one it was trained on.',
  }),
  'peft/unexpected-tensor': (p: { file: string; tensor: string }) => ({
    message: `${p.file} holds ${p.tensor}, for which the base model has no place.`,
    remedy: 'Check that the base model is the one that the adapter was trained on (base_model_name_or_path).',
  }),
  'peft/tensor-shape': (p: {
    file: string;
    tensor: string;
    expected: readonly number[];
    found: readonly number[];
  }) => ({
    message: `${p.file}: ${p.tensor} has shape [${p.found.join(', ')}]; this base model needs [${p.expected.join(', ')}].`,
    remedy: 'Check that the base model is the one that the adapter was trained on (base_model_name_or_path).',
  }),
} satisfies Record<string, (p: never) => FaultText>;
