import { fault } from '../faults/index.ts';
import { methodOf } from '../methods/index.ts';
import { trainingSettings, type TrainingSettings } from './training.ts';

/** Evaluation comes every 500 steps when nothing else is said, as in transformers. */
const defaultEvalSteps = 500;

/** The schedule that each detail of `lr_scheduler_kwargs` belongs to. */
const scheduleOfDetail = { power: 'polynomial', lr_end: 'polynomial', num_cycles: 'cosine' } as const;

/**
 * Settings that depend on each other: fills in what follows from others (`eval_steps`, `metric_for_best_model`,
 * `greater_is_better`, as Trainer does) and throws `settings/conflict` where they contradict each other.
 * `given`: the training fields as they stand in the config, to know what was left out.
 */
export function settleTraining(
  config: {
    adapter: { peft_type: string };
    data: Record<'eval' | 'split' | 'eval_select', unknown>;
    training: TrainingSettings;
  },
  given: Record<string, unknown>,
  source: string,
): TrainingSettings {
  const { data } = config;
  const training = { ...config.training };
  type Part = readonly [path: string, what?: string];
  const refuse = (first: Part, second: Part, reason: string, remedy: string): never => {
    throw fault('settings/conflict', { source, first, second, reason, remedy });
  };

  if (data.eval !== null && data.split !== null) {
    refuse(['data.eval'], ['data.split'], 'both say which rows to evaluate on', 'Keep one of them.');
  }
  if (data.eval === null && data.eval_select !== null) {
    refuse(
      ['data.eval_select'],
      ['data', 'without eval'],
      'it selects from the evaluation file',
      'Add data.eval.',
    );
  }
  const evaluates = training.eval_strategy !== 'no';
  if (evaluates && data.eval === null && data.split === null) {
    refuse(
      ['training.eval_strategy', `"${training.eval_strategy}"`],
      ['data', 'without evaluation rows'],
      'there is nothing to evaluate on',
      'Add data.eval (a file) or data.split (for example {"test_size": 0.2}).',
    );
  }

  for (const [detail, schedule] of Object.entries(scheduleOfDetail) as [
    keyof typeof scheduleOfDetail,
    string,
  ][]) {
    const value = training.lr_scheduler_kwargs[detail];
    const initial = trainingSettings.lr_scheduler_kwargs.fields[detail].default;
    if (training.lr_scheduler_type !== schedule && value !== initial) {
      refuse(
        [`training.lr_scheduler_kwargs.${detail}`],
        ['training.lr_scheduler_type', `"${training.lr_scheduler_type}"`],
        `${detail} belongs to the schedule "${schedule}"`,
        `Take ${detail} out, or set lr_scheduler_type to "${schedule}".`,
      );
    }
  }
  const { lr_end } = training.lr_scheduler_kwargs;
  if (training.lr_scheduler_type === 'polynomial' && lr_end >= training.learning_rate) {
    refuse(
      ['training.lr_scheduler_kwargs.lr_end', String(lr_end)],
      ['training.learning_rate', String(training.learning_rate)],
      'the schedule falls from the one to the other',
      'Set lr_end below learning_rate.',
    );
  }

  if (training.loraplus_lr_ratio !== null && training.learning_rate === 0) {
    refuse(
      ['training.loraplus_lr_ratio', String(training.loraplus_lr_ratio)],
      ['training.learning_rate', '0'],
      'it is a multiple of it',
      'Set learning_rate above 0.',
    );
  }
  const hasB = methodOf(config.adapter.peft_type)?.parameterPrefixes.includes('lora_');
  if (training.loraplus_lr_ratio !== null && !hasB) {
    refuse(
      ['training.loraplus_lr_ratio', String(training.loraplus_lr_ratio)],
      ['adapter.peft_type', `"${config.adapter.peft_type}"`],
      "it is the learning rate of LoRA's B",
      'Leave loraplus_lr_ratio out.',
    );
  }

  if (training.eval_strategy === 'steps') {
    training.eval_steps ??=
      typeof given['logging_steps'] === 'number' ? training.logging_steps : defaultEvalSteps;
  }
  const needsMetric =
    training.load_best_model_at_end ||
    training.save_strategy === 'best' ||
    training.early_stopping_patience !== null;
  if (!needsMetric) return training;

  const because: Part = training.load_best_model_at_end
    ? ['training.load_best_model_at_end', 'true']
    : training.save_strategy === 'best'
      ? ['training.save_strategy', '"best"']
      : ['training.early_stopping_patience', String(training.early_stopping_patience)];
  if (!evaluates) {
    refuse(
      because,
      ['training.eval_strategy', '"no"'],
      'the best step is known from evaluations',
      'Set eval_strategy to "epoch" or "steps".',
    );
  }
  training.metric_for_best_model ??= 'loss';
  training.greater_is_better ??= !training.metric_for_best_model.endsWith('loss');
  if (training.load_best_model_at_end && training.save_strategy !== 'best') checkSavesMeetEvaluations();
  return training;

  function checkSavesMeetEvaluations(): void {
    const { eval_strategy, save_strategy, save_steps } = training;
    if (eval_strategy !== save_strategy) {
      refuse(
        because,
        ['training.save_strategy', `"${save_strategy}" beside eval_strategy "${eval_strategy}"`],
        'the best step must have a checkpoint',
        `Set save_strategy to "${eval_strategy}" or "best".`,
      );
    }
    if (save_strategy === 'steps' && save_steps % training.eval_steps! !== 0) {
      refuse(
        ['training.save_steps', String(save_steps)],
        ['training.eval_steps', String(training.eval_steps)],
        'with load_best_model_at_end, checkpoints must fall on evaluations',
        `Set save_steps to a multiple of ${training.eval_steps}.`,
      );
    }
  }
}
