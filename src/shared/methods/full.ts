import { baseline, type Method } from './method.ts';

/** The baseline above: every weight trains. */
export const full = {
  ...baseline,
  type: 'FULL',
  name: 'Full',
  object: 'everything',
  activity: 'training every weight',
  description: 'Every weight trains, and the result is as large as the model. There is nothing to set.',
  wholeModel: true,
  rates: { from: 2e-6, to: 2e-4, start: 3e-5, usual: '1e-5 to 5e-5' },
  label: () => 'all weights',
  summary: () => 'Full',
  presets: () => [
    {
      key: 'full',
      name: 'Full',
      help: 'Every weight trains: the most memory and a file as large as the model, a ceiling to compare LoRA with.',
      adapter: { peft_type: 'FULL' },
      training: {
        num_train_epochs: 3,
        learning_rate: 3e-5,
        per_device_train_batch_size: 16,
        warmup_steps: 0.06,
        weight_decay: 0.01,
      },
    },
  ],
} as const satisfies Method;
