/** What usually goes wrong, or cannot be taken, by `code`, with what to do about it on the second line. */
export const trapTexts = {
  accumulation: `Of {steps} accumulated steps transformers 5.17 adds the losses of an encoder instead of averaging them: the gradient is {steps} times as large, and mostly clipped.
    Graft averages, as earlier versions did: the same learning rate takes other steps than the script's.`,
  'all-linear-head': `PEFT ends with a TypeError here: for {task}, target_modules="all-linear" puts an adapter on {head}, which it then wants to save whole.
    Nothing to do here: Graft leaves the head out of all-linear.`,
  'adapted-head': `PEFT ends with a TypeError here: target_modules puts an adapter on {head}, which for {task} it then wants to save whole.
    Leave {head} out of target_modules. Graft trains and saves the head whole.`,
  'deprecated-name': `{name} is an older name.
    Today it is {today}.`,
  'deprecated-name/resolved': `{name} is an older name.
    Today it is {today}. The recipe has today's name.`,
  'eval-on-train': `Evaluation rows are training rows too: they were seen in training, and the metric looks better than it is.
    Evaluate on another split, or set rows aside with train_test_split.`,
  fp16: `{name} needs a GPU: without one the script stops, and on some models its losses overflow.
    Set precision to bf16 for half precision; the recipe leaves fp16 out.`,
  'half-precision': `The files of {model} are in half precision, and transformers 5 trains in the type that it finds: losses become NaN or stand still.
    Set dtype=torch.float32 in the script. Graft computes in float32 unless precision says otherwise.`,
  'inference-mode': `inference_mode=True freezes the adapter: nothing would be learnt.
    The recipe leaves it out. Take it out of the script too.`,
  'init-adapter': `The script goes on from the adapter {folder}, whose method and base model do not stand in it.
    Choose model and method in the form. To train its weights further: init_adapter in a config of graft train.`,
  'labels-changed': `The script makes its labels of the column {column}; Graft takes the column as it is.
    If that joins or leaves out classes, say it by a label map: where the data is imported, or as data.label_map.`,
  'lr-full-for-lora': `{what} is one for training every weight: {method} learns little with it.
    {method} usually wants {usual}.`,
  'no-default-targets': `{config} names no target_modules, and PEFT has no default for {model}: the script ends with a ValueError.
    Nothing to do here: Graft takes query and value.`,
  'no-effect': `{name} has no effect in Graft: {why}.
    It is left out of the recipe.`,
  'no-effect/loss': `label_smoothing_factor has no effect where the script computes its loss by itself.
    It is left out of the recipe.`,
  'no-modules-to-save': `{config} has no modules_to_save: a pooler that the checkpoint lacks is neither trained nor saved.
    Nothing to do here: Graft trains and saves every layer that the checkpoint lacks.`,
  'no-modules-to-save/task': `{config} has neither task_type nor modules_to_save: the new head is neither trained nor saved.
    Set task_type to SEQ_CLS. Graft trains and saves the head and every layer that the checkpoint lacks.`,
  'no-seed/shuffle': `shuffle() has no seed: every start of the script takes other rows.
    Set a seed: shuffle(seed=42). The recipe takes 42.`,
  'no-seed/head': `No seed is set. The head is drawn before Trainer sets its own seed of 42, so two starts differ.
    Set seed in the recipe; Graft draws everything from it.`,
  'no-seed/split': `train_test_split() has no {name}: every start of the script evaluates other rows.
    Set one: train_test_split(test_size=0.2, {name}=42). The recipe takes 42.`,
  'no-truncation': `Texts are not cut: one longer than the model takes stops the script.
    Graft always cuts at the maximum length, and says how many texts it cuts.`,
  'not-supported': `{message}
    {remedy}`,
  'not-supported/field': `{config}'s {name} is not supported.
    The recipe leaves {name} out; the result differs from the script's.`,
  'not-supported/loss': `The script computes its loss by itself.
    Graft takes cross-entropy, with class_weights and label_smoothing_factor where they are set.`,
  'not-supported/optimizer': `The script makes its optimizer or its schedule by itself.
    Graft makes AdamW and a schedule of its settings; set rate, decay and warm-up in the form.`,
  'not-supported/range': `{name} is {value:json}; it takes {range}.
    It is left out of the recipe.`,
  'not-supported/adapter': `{name} is {value:json}; it takes {range}.
    It is left out of the recipe; the result differs from the script's.`,
  'not-taken': `{name} is left out: it depends on {cause} in line {at}, which is not taken as it stands there.
    Set both in the form, or neither.`,
  'other-method': `The script trains by {method}.
    Graft trains {trainable}; choose one of them.`,
  'other-method/frozen': `Only a part of the weights is frozen{where}.
    Graft trains {trainable}; choose one of them.`,
  'other-model': `By its name {model} is {title}. Graft does not train it: {reason}.
    Nearest is {nearest}.`,
  'other-rows': `The rows set aside are others than train_test_split's. Graft sets the same share of every class aside, by a draw of its own.
    For the same rows, split the files and import both parts.`,
  'other-task': `{model} is a model for another task.
    Graft trains text classification (AutoModelForSequenceClassification): one class a text.`,
  'other-task/problem': `problem_type {type} is another task.
    Graft trains one class a text.`,
  'own-head': `The script puts a head of its own on {model}.
    Graft trains the head that transformers has for this architecture.`,
  'padding-max-length': `padding="max_length" fills every text up to the longest possible one: most of the time goes into padding.
    Set padding to longest. The results are the same and a step takes a fraction of the time.`,
  'prefix-cache': `PEFT ends with a ValueError here: {config} hands its prefix over in past_key_values, which {model} does not take.
    In PEFT, BERT, RoBERTa and ELECTRA take it; LoRA goes on every encoder.`,
  'prompt-first': `{config} puts virtual tokens before the text: the first token, of which the head of {model} answers, is then one of them.
    Prompts are weak on encoders of this size. LoRA leaves the text as it is.`,
  'prompt-labels': `PEFT ends with a ValueError here: {config} puts virtual tokens before the text, and the labels of TOKEN_CLS stay as many as they were.
    Train an adapter on the layers, such as LoRA, which leaves tokens and labels as they are.`,
  quantised: `The base model is quantised. An adapter trained on it is merged with other weights than it saw.
    Graft trains on the original weights, which encoders of this size allow.`,
  'targets-none': `target_modules {targets:json} match nothing: by its name {model} is a {family} model.
    Its layers are called {layers}; "all-linear" takes them all.`,
  'wrong-direction': `greater_is_better={value} with {metric} keeps the worst checkpoint as the best.
    The recipe leaves it out: the direction follows from the metric.`,
} as const;

/** Why something that stands on a line is not taken. */
export const reasonTexts = {
  another: 'A second {what}; the recipe {has} the first one.',
  arguments:
    'Which TrainingArguments Trainer gets is not known; the recipe has the first ones of the script.',
  callback: 'The callback {name} is not taken over.',
  collator: 'data_collator is not taken over; Graft pads the rows of a batch.',
  column: 'The script makes the column {name} here; join or change texts before they are imported.',
  conditional: '{name} is read though it is made on a condition: {condition}.',
  dictionary: 'Values are replaced by those of a dictionary; replace them where the data is imported.',
  'function of map': 'What {name} changes in the rows is not taken over.',
  labels: 'The labels are worked out here; Graft takes those of a column as they are.',
  'labels again': 'Labels are made here in another way than in line {at}.',
  metric: 'The metric {name} is not worked out by Graft.',
  method: '{type}.{name} changes how Trainer works; it is not taken over.',
  models: 'Several models are loaded; the recipe has the first one.',
  rows: 'Where the rows of {name} come from is not known.',
  'rows elsewhere':
    'A part of the rows trains and others than the rest are evaluated; Graft trains on the whole split.',
  'rows set aside': 'A number of rows is set aside; Graft sets a share aside.',
  'rows set aside at run time': 'How many rows are set aside, or by which seed, is not known.',
  'test part': 'The part for testing trains.',
  texts: 'The texts of {name} are worked out while the script runs.',
  tokenizer: '{name} of the tokenizer is not taken over.',
  trainer: '{name} of Trainer is not taken over.',
  value: 'The value of {name} is not known: {why}.',
} as const;
