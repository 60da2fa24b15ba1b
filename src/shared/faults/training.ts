import type { Catalogue } from './fault.ts';

export const trainingFaults = {
  'training/not-finite': `The loss of step {step} is {loss}, or its gradient is not a number.
    {checkpoint:kept}Lower learning_rate, or add warmup_steps.`,
  'training/unknown-metric': `metric_for_best_model "{name}" is not among the metrics.
    Use one of: {known:list}.`,
  'training/in-use': `Another training (process {pid}) writes into {dir}.
    Wait until it has ended or stop it, or choose another output folder.`,
  'training/other-config': `{folder} comes from another configuration, so the run cannot go on from it.
    Resume with the config that the run was started with, or start anew with --overwrite.`,
  'training/other-inputs': (p: {
    folder: string;
    rows: readonly { file: string; then: number; now: number }[];
    tokenizer: boolean;
    weights: boolean;
    model: string;
  }) => {
    const count = (rows: number) => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;
    const changed = [
      ...p.rows.map(({ file, then, now }) =>
        then === now
          ? `the rows of ${file}, ${count(now)} then and now`
          : `the rows of ${file}, ${count(then)} then and ${now.toLocaleString('en')} now`,
      ),
      ...(p.tokenizer ? [`the tokenizer of ${p.model}`] : []),
      ...(p.weights ? [`the weights or config.json of ${p.model}`] : []),
    ];
    return {
      message: `The run cannot go on from ${p.folder}, because its inputs have changed since: ${changed.join('; ')}.`,
      remedy: `Put back what was there when the run was started, or start anew: --overwrite, in the window Retry.`,
    };
  },
  'training/bad-checkpoint': `{file} is not the progress of a run.
    Delete this checkpoint folder; the run then goes on from the one before.`,
  'training/init-adapter': `{folder} does not train what this config trains: {parameter} is in one of them only.
    Give adapter the same modules, ranks and biases as in the adapter_config.json of init_adapter.`,
  'training/no-checkpoint': `{dir} holds no checkpoint to go on from.
    Start the run without --resume.`,
  'training/no-eval-rows': `There are no rows to evaluate on.
    Add data.eval (a file) or data.split (for example {"test_size": 0.2}).`,
  'training/class-weights': `training.class_weights has {given} weights for {labels:count} labels.
    Give one weight a label, in this order: {labels:list}.`,
  'peft/no-target': `target_modules {target} matches no linear module of the model.
    Name modules that it has: {available:list}; or "all-linear".`,
  'peft/not-mergeable': `The adapter cannot be merged into its base: {reason}.
    Use it beside its base, or train by another method.`,
  'peft/no-module': `modules_to_save names "{name}", which the model does not have.
    Name modules that it has: {available:list}.`,
  'peft/shared-layers': `layers_to_transform chooses layers by number, but the {layers} layers of this model share the weights of {groups}: an adapter on one is on all of them.
    Leave layers_to_transform out.`,
  'peft/shared-pattern': `{field} chooses layers by number with "{pattern}", but the {layers} layers of this model share the weights of {groups}: an adapter on one is on all of them.
    Leave the numbers out of {field}.`,
  'peft/embedding': `{field} does not go with LoRA on the embedding {module}.
    Leave {field} out, or {module} out of target_modules.`,
  'peft/token-index': `trainable_token_indices names token {id}, and the model has {size} tokens.
    Name tokens by their ids, which count from 0; inspect shows the tokens of a text.`,
  'peft/start-rank': `init_lora_weights "{start}" starts from {rank} parts of {module}, which has no more than {most}.
    Lower r to {most} or less, or take another start.`,
  'peft/bad-pattern': `{field}: "{pattern}" is not a regular expression: {reason}.
    Correct the pattern; inspect --model lists the module names it is matched against.`,
  'peft/slow-pattern': `{field}: "{pattern}" takes more than {seconds} s over the module names: it goes back and forth over them.
    Write it without a repetition inside a repetition, such as (a+)+, or name the modules in a list.`,
  'peft/unsupported-field': `{source}: {fields:list} {fields:is|are} not supported.
    Leave the field out or give it its default; nothing of an adapter is ever ignored silently.`,
  'peft/unsupported-type': `{source} has peft_type "{found}".
    Use one of: {supported:list}.`,
  'peft/other-task': `The adapter is of {what} ({file}: {seen}).
    Graft trains, answers and merges adapters of sequence classification (task_type SEQ_CLS) that give a text one of their labels. Use this one with PEFT, or train such an adapter.`,
  'peft/unnamed-task': `{file} does not say what the adapter's head ({tensor}) is for: task_type and auto_mapping are missing.
    Set task_type to "SEQ_CLS" in that file if it gives a text one of its labels.`,
  'peft/inference-mode': `{source} has inference_mode true, which freezes the adapter: nothing would be trained.
    Remove inference_mode or set it to false; the saved adapter_config.json gets true by itself.`,
  'peft/missing-tensor': `{file} lacks {tensor}, which its adapter_config.json asks for.
    Check that both files belong to the same adapter, and that the base model is the one it was trained on.`,
  'peft/lost-layers': (p: { file: string; model: string; modules: readonly string[]; adapted: boolean }) => ({
    message:
      `${p.file} lacks ${p.modules.join(', ')}, and the checkpoint in ${p.model} does, too: PEFT drew such a layer at ` +
      'random when the adapter was trained, kept it as it was and did not save it, so that the answers are others ' +
      `at every load${p.adapted ? '; what the file has of it is an adapter on those random weights' : ''}.`,
    remedy:
      'Train it further, in the window from the page of the adapter, or with init_adapter in a config of graft ' +
      `train: the layer is drawn once, trained and saved. In PEFT, train it again with modules_to_save=[${p.modules.map((name) => `"${name}"`).join(', ')}].`,
  }),
  'peft/adapted-head': `{file} holds {tensor}: an adapter on the head itself, as PEFT makes it of target_modules="all-linear" for tasks other than SEQ_CLS. The head is random without what it was added to.
    Train the adapter again with target_modules that name layers of the encoder, and the head in modules_to_save.`,
  'peft/unexpected-tensor': `{file} holds {tensor}, for which the base model has no place.
    Check that the base model is the one that the adapter was trained on (base_model_name_or_path).`,
  'peft/tensor-shape': `{file}: {tensor} has shape [{found:list}]; this base model needs [{expected:list}].
    Check that the base model is the one that the adapter was trained on (base_model_name_or_path).`,
  'experiments/out-of-memory': `Memory ran out.
    Lower per_device_train_batch_size or max_length, or close other programs; gradient_accumulation_steps keeps the result of larger batches.`,
  'experiments/ran-out-of-memory': `Memory ran out {step:atStep}.
    Close other programs, or use a smaller per_device_train_batch_size or max_length in a new experiment. {checkpoint:goOn}`,
  'experiments/killed': `The training process was ended from outside ({signal}) {step:atStep}.
    {checkpoint:goOn}`,
  'experiments/crashed': `The training process crashed {step:atStep} ({code}).
    {checkpoint:goOn} If it happens again at the same step, Settings, Doctor says whether the runtime is whole.`,
  'experiments/hung': `The training process gave no sign of life for {seconds} s {step:atStep} and was ended.
    {checkpoint:goOn}`,
  'experiments/app-ended': `Graft ended while this experiment ran, {step:atStep}.
    {checkpoint:goOn}`,
  'experiments/app-closed': `Graft was closed while this experiment ran, {step:atStep}.
    {checkpoint:goOn}`,
  'experiments/engine-start': `The training process could not be started: {detail}.
    Settings, Doctor says what is missing.`,
  'experiments/job-ended': `{doing} ended in the middle: its process was ended or crashed ({how}).
    Start it again. If it happens each time, Settings, Doctor says whether the runtime is whole.`,
  'experiments/job-memory': `{doing} ended in the middle: memory ran out.
    Close other programs, or wait until nothing trains, then start it again.`,
  'experiments/is-running': `{name} is running.
    Stop it first.`,
  'experiments/wrong-state': `{name} is {state}: there is nothing to {verb}.
    Look at its state again; it may have changed meanwhile.`,
  'experiments/no-spec': `{name} was started from the command line, from a config file.
    Start it there again: graft train --config and the same file.`,
  'experiments/folder-gone': `The folder of {name} is gone: {folder}.
    Bring it back, or start the experiment anew with Retry.`,
  'experiments/no-split': (p: { split: string; known: readonly string[]; data: string }) => ({
    message: `${p.data} has no split "${p.split}".`,
    remedy:
      p.known.length === 0
        ? 'It has no splits at all; make some first.'
        : `Use one of: ${p.known.join(', ')}.`,
  }),
  'experiments/model-missing': `The model {name} is not where it was: {folder}.
    Bring the folder back, or add the model again on the Models page.`,
  'experiments/checkpoint-gone': `The checkpoint of {name} at step {step} is gone.
    Retry starts the same experiment anew.`,
  'preflight/device-busy': `"{name}" has the device; steps timed beside it would be wrong and slow it down.
    Time and baselines can be had as soon as it has finished or is paused.`,
  'preflight/another-asked': `The settings changed while they were timed.
    The newer ones are timed instead.`,
  'scripts/recipe-exists': `There is a recipe called {name} already.
    Choose another name, or delete that one first.`,
  'scripts/recipe-missing': `There is no recipe called {name} any more.
    Open the list of recipes again.`,
  'scripts/recipe-broken': `{file} is no recipe: {reason}.
    Correct the file, a config of graft train, or delete it.`,
  'scripts/too-slow': `The script was not read within {seconds} seconds.
    Paste only the part that sets up the model, the data and the training.`,
  'scripts/unreadable': `The text cannot be read as a Python script.
    Paste the text of a .py file. Of a notebook, export the code as a script first.`,
  'scripts/carriage-returns': `{file} has carriage returns in its texts and at its line ends, which pandas cannot tell apart.
    Save the file with line feeds as line ends, or as JSON Lines.`,
  'scripts/token-ids': `{file} holds token ids instead of texts; a script starts from texts.
    Train on the texts themselves, and the run can be written as a script.`,
  'scripts/rows': `The run reads its rows in a way that no script says yet: {settings:list}.
    Import the file with these choices, export the data set version, and train on that.`,
  'scripts/format': `{file} ({format}) is in a format that the datasets library does not load by itself.
    Import the file, export the data set version as .csv or .parquet, and train on that.`,
} as const satisfies Catalogue;
