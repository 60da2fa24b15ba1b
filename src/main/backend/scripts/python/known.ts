import type { Call } from './values.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Modules whose calls set nothing of a run. */
const harmlessModules = words(`
  os sys re json logging warnings random numpy time datetime pathlib math itertools collections functools typing
  matplotlib seaborn tqdm wandb mlflow IPython google huggingface_hub gc copy pprint csv shutil subprocess string
  dataclasses argparse types enum abc accelerate yaml rich inspect platform psutil sklearn.metrics torch.manual_seed
  torch.cuda torch.backends torch.device torch.no_grad torch.utils torch.tensor torch.softmax torch.argmax
  torch.nn.functional torch.nn.init transformers.utils transformers.logging datasets.logging datasets.utils evaluate`);

/** Names of the libraries that a script is made of: they are read, or it is known that they set nothing. */
const libraryNames = words(`
  load_dataset load_from_disk load_metric load from_pretrained LoraConfig get_peft_model TrainingArguments Trainer
  TaskType PeftConfig PeftModel prepare_model_for_kbit_training prepare_model_for_int8_training get_peft_config
  IA3Config AdaLoraConfig PrefixTuningConfig PromptTuningConfig PromptEncoderConfig VeraConfig LoHaConfig LoKrConfig
  OFTConfig BOFTConfig BitsAndBytesConfig DataCollatorWithPadding default_data_collator DataCollator
  EarlyStoppingCallback set_seed enable_full_determinism create_loraplus_optimizer pipeline HfArgumentParser AutoConfig from_dict from_pandas
  from_csv from_json from_parquet from_generator from_list read_csv read_json read_parquet Dataset DatasetDict ClassLabel
  Value Features EvalPrediction get_last_checkpoint check_min_version require_version send_example_telemetry
  train_test_split accuracy_score f1_score precision_score recall_score precision_recall_fscore_support matthews_corrcoef roc_auc_score
  cross_entropy compute_class_weight log_loss classification_report confusion_matrix softmax argmax login notebook_login display`);

export const builtinNames = words(`
  print len range dict list tuple set str int float bool zip enumerate isinstance getattr hasattr min max sum
  sorted open map filter any all super round abs type next iter vars repr input exit quit reversed id callable divmod
  ValueError RuntimeError Exception KeyError ImportError NotImplementedError format property staticmethod field`);

/** Methods that read or report, and those of data sets that are followed. */
const methodNames = words(`
  map shuffle select train_test_split rename_column rename_columns remove_columns set_format with_format cast_column
  class_encode_column train_new unique to_pandas head info describe items keys values append extend update get strip lower
  upper split join replace format startswith endswith copy pop sort count index argmax mean sum item tolist numpy cpu
  requires_grad_ get_submodule load_state_dict removeprefix train evaluate predict save_model save_pretrained push_to_hub print_trainable_parameters merge_and_unload to cuda eval
  log warning info error debug setLevel log_metrics save_metrics save_state create_model_card compute add_batch
  add_callback add_adapter gradient_checkpointing_enable enable_input_require_grads parameters named_parameters
  num_parameters state_dict named_modules modules children decode batch_decode convert_ids_to_tokens tokenize write read
  close write_text read_text mkdir exists add_argument parse_args set_verbosity main_process_first world_size detach int2str
  names_int2str squeeze argsort astype reshape flatten backward_hook set_adapter from_pretrained pad __init__ loc tail size`);

const allRows = 'Graft takes all rows; leave rows out in the data set instead.';
const ownLoop = 'The script has a training loop of its own; Graft trains as Trainer does.';

const goesOn = 'Training goes on from weights that were trained before; the recipe starts from the model.';

/** Calls that change a run and are not taken over. */
const reasons: Readonly<Record<string, string>> = {
  load_file: goesOn,
  set_peft_model_state_dict: goesOn,
  filter: `Rows are filtered by a function. ${allRows}`,
  concatenate_datasets: 'Data sets are joined. Import their files as one data set.',
  interleave_datasets: 'Data sets are mixed. Import their files as one data set.',
  shard: `A part of the rows is taken. ${allRows}`,
  take: `A part of the rows is taken. ${allRows}`,
  skip: `A part of the rows is taken. ${allRows}`,
  resize_token_embeddings: 'New tokens are added to the model; Graft keeps its vocabulary.',
  add_tokens: 'New tokens are added to the tokenizer; Graft keeps its vocabulary.',
  add_special_tokens: 'New tokens are added to the tokenizer; Graft keeps its vocabulary.',
  backward: ownLoop,
  zero_grad: ownLoop,
  DataLoader: ownLoop,
  fit: 'The model is trained by Keras or scikit-learn here; Graft trains as Trainer does.',
  compile: 'The model is trained by Keras or compiled here; nothing of it is taken over.',
  quantize: 'The model is quantised; Graft trains the original weights.',
};

/** What a person is told of a call that nobody here knows. */
export function reasonOf(name: string): string {
  const what = name === '' ? 'What is called here' : name;
  return Object.hasOwn(reasons, name)
    ? reasons[name]!
    : `${what} is not known to the reader; nothing of it is taken over.`;
}

/** Whether a call needs no word: its settings are read, or it sets nothing of a run. */
export function isKnown(call: Call): boolean {
  const { callee } = call;
  if (callee.kind === 'member') return methodNames.has(callee.name) || isValueOfLibrary(call);
  if (callee.kind === 'symbol') {
    const parts = callee.path.split('.');
    const last = parts.at(-1)!;
    if (parts[0] === 'builtins' && builtinNames.has(last)) return true;
    if (libraryNames.has(last)) return true;
    return parts.some((_, i) => harmlessModules.has(parts.slice(0, i + 1).join('.')));
  }
  // A tokenizer, a metric or a model that is called.
  return callee.kind === 'call' || callee.kind === 'parameter' || callee.kind === 'item';
}

/** Methods of a parameter: a batch of rows, a prediction. */
function isValueOfLibrary({ callee }: Call): boolean {
  let value = callee;
  while (value.kind === 'member' || value.kind === 'item') value = value.of;
  return value.kind === 'parameter';
}
