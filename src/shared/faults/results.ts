import { formats, type Catalogue } from './fault.ts';

const again = 'Choose the base that the adapter was trained on.';

export const resultsFaults = {
  'adapters/base-changed': `The base model {name} changed since training: {file} was {then:hash} and is {now:hash} (SHA-256).
    Put the former weights back, or train again on the ones that are there now.`,
  'adapters/base-gone': `The base model {name} is gone: there are no weights in {folder}.
    Put the folder back, or download the model again.`,
  'adapters/gone': `The files of {name} are gone: {folder} holds no adapter.
    Put the folder back, or train or import it again.`,
  'adapters/changed': `{file} of {name} changed since it was made: it was {then:hash} and is {now:hash} (SHA-256).
    Put the former file back, or import the folder as a new adapter.`,
  'adapters/no-adapter': `{folder} holds no adapter: there is no adapter_config.json.
    Choose the folder that PEFT wrote, with adapter_config.json and adapter_model.safetensors or .bin.`,
  'adapters/other-base': `{file} names {named} as the base model, not {chosen}.
    ${again} If it is the same model under another name, correct base_model_name_or_path in that file.`,
  'adapters/other-weights': `{file} says that the adapter was trained on weights {then:hash}; those of {chosen} are {now:hash} (SHA-256).
    ${again}`,
  'adapters/label-count': `{file} has a head of {found} labels; {source} names {expected}.
    ${again} Where the labels were replaced in training, put the config.json with the new ones beside the adapter.`,
  'adapters/not-an-adapter': `{name} is not an adapter beside a base ({method}): its weights cannot be added up with others.
    Combine adapters that were trained with {combinable}.`,
  'adapters/not-plain': `{name} ({method}) changes more than products of two small matrices, which alone can be added up: lengths of rows, rows of embeddings, or biases.
    Combine adapters that were trained with plain {combinable}.`,
  'adapters/merge-bases': `{first} was trained on {firstBase}, {other} on {otherBase}: they are not of one base.
    Combine adapters that were trained on the same weights.`,
  'adapters/merge-labels': `{first} answers {labels}; {other} answers {otherLabels}.
    Combine adapters that have the same labels in the same order.`,
  'adapters/merge-twice': `{name} is chosen twice.
    Choose each adapter once and give it a larger weight.`,
  'adapters/merge-ranks': `{combination} needs equal ranks; in {layer} they are {ranks:and}.
    Use cat, or one of the ways that end with svd.`,
  'adapters/merge-biases': `{name} trained biases too (bias "{bias}"), which a weighted merge would lose.
    Combine adapters that were trained with bias "none".`,
  'adapters/merge-saved': `{parameter} was trained in one of {first} and {other} only.
    Combine adapters with the same modules_to_save.`,
  'adapters/merge-weights': `The weights add up to zero: the heads would have no mean.
    Change one of the weights.`,
  'compare/no-predictions': `{reason}
    Compare it when it has been evaluated, or leave it out.`,
  'compare/different-rows': `{reason}
    Compare runs that were evaluated on the same rows of the same version.`,
  'compare/same-run': `A run has no difference from itself.
    Choose two runs.`,
  'compare/no-common-rows': `{a} and {b} were evaluated on different rows of {data}: no row was answered by both.
    Compare runs that were evaluated on the same rows.`,
  'compare/no-texts': `The config of {name} does not say which file it was evaluated on.
    Choose runs of a data set.`,
  'compare/file-missing': `The data file {file} is gone: it was moved or deleted since it was evaluated.
    Put it back under that name. The figures stay: they are kept with the run.`,
  'compare/file-changed': `{file} has {rows:n} rows now; row {row:n} was evaluated.
    Put the file back that was evaluated. The figures stay: they are kept with the run.`,
  'compare/no-column': (p: { column: string; columns: readonly string[] }) => ({
    message: `The data has no column "${p.column}" to cut by.`,
    remedy:
      p.columns.length === 0
        ? 'No extra columns were kept when it was imported; text length is there always.'
        : `Choose one of ${formats.quotes(p.columns)}.`,
  }),
  'compare/retrain-labels': `{name} learnt {labels:quotes}; {data} has {found:quotes}.
    Make a new experiment on this version instead.`,
  'compare/cross-prediction': `Label errors cannot be looked for in {rows} rows of {classes} classes.
    Choose a split with {fewest} rows or more, and with 2 to {most} classes.`,
  'export/differs': `The merged model, read back, answers differently: its logits are up to {difference} off (limit {limit}). {output} was not written.
    Check that the disk is sound and merge again.`,
  'export/name': `The name of {what}, {name:json}, holds the control character {character}. Nothing was written.
    Give it a name without line breaks and control characters: other programs read it in what is written.`,
  'export/no-adapter': `{model} comes without an adapter: there is none to export.
    Name one with --adapter, or choose another target.`,
  'export/base-needed': (p: { folder: string; named: string | null }) => ({
    message: `${p.folder} holds an adapter, which answers only with its base model${p.named === null ? '' : `, ${p.named}, which was not found`}.`,
    remedy: 'Name the base with --model.',
  }),
  'export/no-proof': `{folder} has no verification.json of Graft that can be read.
    Name the folder of an export, or export again.`,
  'export/no-answer': (p: { folder: string; how: string; reason: string }) => ({
    message:
      `The process that was to load ${p.folder} ended without an answer (${p.how}). ${p.reason}`.trim(),
    remedy: 'Free some memory, then try again.',
  }),
  'export/cannot-load': `What was written cannot be loaded: {detail}
    Check that the disk is sound and export again.`,
  'export/beyond-half': `{tensor} holds values beyond 65,504, the largest that float16 has.
    Choose bf16 or fp32 for the merged weights; of ONNX, full precision or int8.`,
  'export/disk-full': `The disk is full: {name} could not be written to {folder}. Nothing of it was left there.
    Free some space, or choose a folder on another disk.`,
  'export/exists': `{folder} exists and holds something.
    Choose another folder, or let what is there be replaced.`,
  'exports/no-adapter': `{name} has no adapter: it is {state}.
    Export an experiment that has finished, or was stopped behind a checkpoint.`,
  'exports/refused': `{target} cannot be made: {reason}
    Leave it out, or choose another source.`,
  'exports/not-absolute': `{folder} is not the full path of a folder.
    Choose the folder, or write its path from the root of the disk.`,
  'exports/not-ours': `{folder} holds something that Graft did not write.
    Choose another folder: nothing but earlier exports is replaced.`,
  'exports/same-folder': `{name} is being written to {folder}.
    Wait until it has ended, or choose another folder.`,
  'exports/gone': `{folder} cannot be made: its drive was removed, or takes no folders.
    Connect the drive again, or choose another folder.`,
  'exports/running': `{name} is being written.
    Wait until it has ended, or cancel it first.`,
  'exports/nothing-to-verify': `Nothing of {name} was written: there is nothing to look at.
    Export again.`,
  'exports/engine-ended': `The process that exports ended in the middle ({how}).
    What was proved stays. Free some memory, then export the rest again.`,
  'exports/engine-memory': `Memory ran out while exporting.
    What was proved stays. Close other programs, or wait until nothing trains, then export the rest again.`,
  'playground/no-label': `The model has no label "{label}".
    Choose one of: {labels:list}.`,
  'playground/no-attributions': `This export gives answers only: token attributions need its weights and gradients.
    Choose the experiment or the adapter that it was made of.`,
  'playground/superseded': `A newer text was asked for.
    Its attributions come when it has been answered.`,
  'playground/out-of-memory': `Memory ran out while the model was answering.
    Close other programs or one of the two models, then type again: the model is loaded anew.`,
  'playground/ended': `The process that answers ended ({how}).
    Type again: it is started anew. If it happens each time, Settings, Doctor says what is missing.`,
  'playground/not-ready': `{name} is {state} and has no adapter to answer with yet.
    Wait until it has finished, or choose another one.`,
  'playground/gone': `The files of {name} are gone: {folder}.
    Bring the folder back, or choose another one.`,
  'playground/no-head': (p: { name: string; other: string | null }) => ({
    message: `${p.name} ${p.other === null ? '' : `is ${p.other}: it `}has no trained head for classes that it could answer with.`,
    remedy: 'Train an experiment on it and choose that.',
  }),
  'playground/output-type': `{file} does not end in {ending}, as a file of these answers does.
    Name it with {ending} at the end, or choose another format.`,
  'playground/output-not-answers': `{file} exists and holds no answers of Graft: it is not replaced.
    Choose another name, or move that file away.`,
  'playground/output-exists': `{file} exists.
    Choose another name, or replace it.`,
  'playground/output-is-input': `{file} is the file that is read.
    Choose another name for the answers.`,
  'playground/late-column': `{ROW} has a field "{column}" that no row before it had.
    Choose JSON Lines for the answers: there each row keeps its own fields.`,
  'playground/column-type': `{ROW}: "{column}" is not {expected} as in the rows before.
    Choose CSV or JSON Lines for the answers: a Parquet column holds values of one type.`,
  'serving/nothing': `{folder} holds no model that answers: no config.json with weights, ONNX, SavedModel or adapter.
    Name the folder of an export, or the output folder of a run.`,
  'serving/several': `{folder} holds several exports.
    Name one of them: {inside:list}.`,
  'serving/json': `The body is not JSON: {reason}.
    Send {"texts": ["a text", "another one"]}.`,
  'serving/body': `{place}: {reason}.
    Send {"texts": ["a text", ["first of a pair", "second"]]} or {"text": "a text"}; GET / shows the schema.`,
  'serving/type': (p: { type: string }) => ({
    message: p.type === '' ? 'The request has no content-type.' : `The content-type is ${p.type}.`,
    remedy: 'Send JSON with content-type: application/json.',
  }),
  'serving/too-large': `The body is larger than {most:MiB} MB.
    Send the texts in several requests.`,
  'serving/busy': `Too many texts wait already.
    Send the request again after a second, as the header Retry-After says.`,
  'serving/closing': `The server is closing.
    Start it again with graft serve-model.`,
  'serving/path': `There is nothing at {path}.
    POST /predict answers texts, GET /health says that it runs, GET / shows the schema and an example.`,
  'serving/method': `{path} takes {method}.
    GET / shows an example.`,
  'serving/host': `This address is for programs of this machine only.
    Ask http://127.0.0.1:{port}, without an Origin of another site.`,
} as const satisfies Catalogue;
