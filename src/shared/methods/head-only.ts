import { pythonLiteral } from '../quoting.ts';
import { baseline, type Method } from './method.ts';

/** The baseline below: only the head trains, and layers that the checkpoint lacks. */
export const headOnly = {
  ...baseline,
  type: 'HEAD_ONLY',
  name: 'Head only',
  object: 'the head alone',
  activity: 'training the head alone',
  description: 'The encoder stays as it is; only the classifier learns. There is nothing to set.',
  wholeModel: false,
  rates: { from: 2e-4, to: 5e-2, start: 2e-3, usual: '1e-3 to 1e-2' },
  label: () => 'head only',
  summary: () => 'Head only',
  presets: () => [
    {
      key: 'head',
      name: 'Head only',
      help: 'The encoder stays as it is and only the classifier learns: very fast, a floor that LoRA has to beat.',
      adapter: { peft_type: 'HEAD_ONLY' },
      training: { num_train_epochs: 5, learning_rate: 2e-3, per_device_train_batch_size: 16 },
    },
  ],
  script: (saved) => [
    '# Only the head trains, and layers that the checkpoint lacks.',
    'model.requires_grad_(False)',
    ...saved.map((path) => `model.get_submodule(${pythonLiteral(path)}).requires_grad_(True)`),
  ],
} as const satisfies Method;
