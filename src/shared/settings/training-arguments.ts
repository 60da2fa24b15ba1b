import { fault } from '../faults/index.ts';
import { nearestName } from './nearest.ts';
import { trainingSettings } from './training.ts';

type Fields = Record<string, unknown>;

/** The note for each of `names`. */
function withNote(note: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, note]));
}

/** Arguments of TrainingArguments that change no result here; accepted with this note when set. */
const inertArguments: Readonly<Record<string, string>> = {
  ...withNote(
    'the engine arranges its own memory and threads; results do not depend on it',
    `dataloader_num_workers dataloader_pin_memory dataloader_persistent_workers dataloader_prefetch_factor
     dataloader_multiprocessing_context dataloader_in_order gradient_checkpointing gradient_checkpointing_kwargs
     torch_compile torch_compile_backend torch_compile_mode torch_empty_cache_steps use_liger_kernel use_cache
     eval_accumulation_steps eval_do_concat_batches eval_use_gather_object batch_eval_metrics
     average_tokens_across_devices ddp_backend ddp_broadcast_buffers ddp_bucket_cap_mb ddp_find_unused_parameters
     ddp_static_graph ddp_timeout local_rank`,
  ),
  ...withNote(
    'steps are recorded by logging_steps in events.jsonl and nothing is sent anywhere',
    `report_to run_name project disable_tqdm log_level log_level_replica log_on_each_node logging_dir
     logging_strategy logging_first_step logging_nan_inf_filter include_num_input_tokens_seen
     include_tokens_per_second skip_memory_metrics debug trackio_space_id`,
  ),
  ...withNote(
    'nothing is pushed to a hub',
    'hub_model_id hub_token hub_private_repo hub_strategy hub_always_push hub_revision',
  ),
  ...withNote(
    'checkpoints hold everything, as safetensors',
    'save_only_model save_safetensors save_on_each_node restore_callback_states_from_checkpoint',
  ),
  ...withNote(
    'columns are chosen under "data"',
    'remove_unused_columns label_names length_column_name include_for_metrics',
  ),
  ...withNote('the command decides what is done', 'do_train do_eval do_predict'),
  ...withNote('every run is reproducible', 'full_determinism'),
  ...withNote('pass --overwrite instead', 'overwrite_output_dir'),
};

/** Values of an argument that mean "not used", and so change nothing. */
const isUnused = (name: string, value: unknown): boolean =>
  value == null || value === false || value === '' || (name === 'eval_delay' && value === 0);
const off = [false, null];
const leaveOut = 'Leave it out.';

/** Arguments that would change the result and that Graft does not have, and what to do instead. */
const unsupportedArguments: Readonly<Record<string, string>> = {
  accelerator_config: leaveOut,
  adafactor: 'Leave it out: the optimizer is AdamW.',
  auto_find_batch_size: 'Set per_device_train_batch_size to a size that fits.',
  bf16_full_eval: 'Evaluation follows "precision": set that to "bf16".',
  data_seed: 'One seed starts all random choices: set "seed".',
  dataloader_drop_last: 'Leave it out: the last, shorter batch of an epoch is trained on.',
  deepspeed: leaveOut,
  enable_jit_checkpoint: 'Leave it out: Ctrl-C writes a checkpoint.',
  eval_delay: leaveOut,
  eval_on_start: 'Leave it out; `graft eval` scores a model before training.',
  fp16: 'Set "precision" to "bf16" for half precision.',
  fp16_full_eval: 'Set "precision" to "bf16" for half precision.',
  fsdp: leaveOut,
  fsdp_config: leaveOut,
  ignore_data_skip: 'Leave it out: a resumed run goes on at the row where it stopped.',
  liger_kernel_config: leaveOut,
  neftune_noise_alpha: leaveOut,
  no_cuda: 'Set the environment variable GRAFT_RUNTIME to cpu.',
  optim_args: 'Set adam_beta1, adam_beta2 and adam_epsilon.',
  optim_target_modules: leaveOut,
  output_dir: 'Move output_dir out of "training", to the top level of the config.',
  parallelism_config: leaveOut,
  prediction_loss_only: leaveOut,
  push_to_hub: 'Leave it out: the adapter is written to the output folder only.',
  resume_from_checkpoint: 'Pass --resume to go on from the last checkpoint.',
  use_cpu: 'Set the environment variable GRAFT_RUNTIME to cpu.',
};

interface Alias {
  setting: keyof typeof trainingSettings;
  /** Another setting under which the alias changes nothing, as a note. */
  idle?(given: Fields): string | undefined;
  /** The value of `setting` that the alias stands for; undefined: a value the alias does not take. */
  translate(value: unknown): unknown;
  /** Values that leave `setting` as it is. */
  unused: readonly unknown[];
}
const same = (value: unknown) => value;

/** Other names of settings: older ones of TrainingArguments, and its switches for what is a choice here. */
const aliases: Readonly<Record<string, Alias>> = {
  bf16: { setting: 'precision', translate: (v) => (v === true ? 'bf16' : undefined), unused: off },
  evaluation_strategy: { setting: 'eval_strategy', translate: same, unused: [null] },
  group_by_length: {
    setting: 'sampler',
    translate: (v) => (v === true ? 'group_by_length' : undefined),
    unused: off,
  },
  // Beside bf16, which rounds more, transformers' tf32 has no product left to round.
  tf32: {
    setting: 'precision',
    translate: (v) => (v === true ? 'tf32' : undefined),
    unused: off,
    idle: ({ bf16, precision }) =>
      bf16 === true || precision === 'bf16' ? 'products are computed in bf16' : undefined,
  },
  train_sampling_strategy: { setting: 'sampler', translate: same, unused: [null] },
  warmup_ratio: {
    setting: 'warmup_steps',
    translate: (v) => (typeof v === 'number' && v >= 0 && v < 1 ? v : undefined),
    unused: [null, 0],
  },
};

/** Names of AdamW in TrainingArguments whose arithmetic is that of `adamw_torch`. */
const sameOptimizer = ['adamw_torch_fused', 'adamw_hf'];

/**
 * Turns the names of transformers' TrainingArguments into ours: aliases resolved, inert ones dropped as `idle`.
 * Throws `settings/unsupported` for a known argument with an effect that Graft lacks, `settings/unknown` for an
 * unknown name, `settings/value` and `settings/conflict` for aliases that cannot be resolved.
 */
export function resolveTrainingArguments(
  given: Fields,
  source: string,
): { fields: Fields; idle: { name: string; why: string }[] } {
  const fields: Fields = {};
  const idle: { name: string; why: string }[] = [];
  for (const [name, value] of Object.entries(given)) {
    const path = `training.${name}`;
    const alias = aliases[name];
    const unsupported = unsupportedArguments[name];
    const inert = inertArguments[name];
    if (Object.hasOwn(trainingSettings, name)) fields[name] = value;
    else if (alias !== undefined) resolveAlias(name, value, alias);
    else if (unsupported !== undefined) {
      if (isUnused(name, value)) continue;
      throw fault('settings/unsupported', {
        source,
        path,
        value: JSON.stringify(value),
        remedy: unsupported,
      });
    } else if (inert !== undefined) idle.push({ name, why: inert });
    else {
      const nearest = nearestName(name, [...Object.keys(trainingSettings), ...Object.keys(aliases)]);
      throw fault('settings/unknown', { source, path, nearest, known: Object.keys(trainingSettings) });
    }
  }
  if (typeof fields['optim'] === 'string' && sameOptimizer.includes(fields['optim']))
    fields['optim'] = 'adamw_torch';
  return { fields, idle };

  function resolveAlias(name: string, value: unknown, alias: Alias): void {
    if (alias.unused.includes(value)) return;
    const translated = alias.translate(value);
    const why = translated === undefined ? undefined : alias.idle?.(given);
    if (why !== undefined) {
      idle.push({ name, why });
      return;
    }
    if (translated === undefined) {
      const expected = name === 'warmup_ratio' ? 'a number, 0 or more, below 1' : 'true or false';
      throw fault('settings/value', {
        source,
        path: `training.${name}`,
        value: JSON.stringify(value),
        expected,
        help: trainingSettings[alias.setting].help,
      });
    }
    const direct = given[alias.setting];
    // transformers lets warmup_steps win over warmup_ratio when both are set; here it is said instead.
    if (direct != null && direct !== translated && !(alias.setting === 'warmup_steps' && direct === 0)) {
      throw fault('settings/conflict', {
        source,
        first: [`training.${name}`, JSON.stringify(value)],
        second: [`training.${alias.setting}`, JSON.stringify(direct)],
        reason: 'they set the same thing',
        remedy: `Keep only training.${alias.setting}.`,
      });
    }
    fields[alias.setting] = translated;
  }
}
