import { rowOf, type FaultText, type RowPlace } from './fault.ts';

const list = (names: readonly string[]): string => names.join(', ');

export const playgroundFaults = {
  'playground/no-label': (p: { label: string; labels: readonly string[] }) => ({
    message: `The model has no label "${p.label}".`,
    remedy: `Choose one of: ${list(p.labels)}.`,
  }),
  'playground/no-attributions': (_: object) => ({
    message: 'This export gives answers only: token attributions need its weights and gradients.',
    remedy: 'Choose the experiment or the adapter that it was made of.',
  }),
  'playground/superseded': (_: object) => ({
    message: 'A newer text was asked for.',
    remedy: 'Its attributions come when it has been answered.',
  }),
  'playground/out-of-memory': (_: object) => ({
    message: 'Memory ran out while the model was answering.',
    remedy: 'Close other programs or one of the two models, then type again: the model is loaded anew.',
  }),
  'playground/ended': (p: { how: string }) => ({
    message: `The process that answers ended (${p.how}).`,
    remedy: 'Type again: it is started anew. If it happens each time, Settings, Doctor says what is missing.',
  }),
  'playground/not-ready': (p: { name: string; state: string }) => ({
    message: `${p.name} is ${p.state} and has no adapter to answer with yet.`,
    remedy: 'Wait until it has finished, or choose another one.',
  }),
  'playground/gone': (p: { name: string; folder: string }) => ({
    message: `The files of ${p.name} are gone: ${p.folder}.`,
    remedy: 'Bring the folder back, or choose another one.',
  }),
  'playground/no-head': (p: { name: string; other: string | null }) => ({
    message: `${p.name} ${p.other === null ? '' : `is ${p.other}: it `}has no trained head for classes that it could answer with.`,
    remedy: 'Train an experiment on it and choose that.',
  }),
  'playground/output-type': (p: { file: string; ending: string }) => ({
    message: `${p.file} does not end in ${p.ending}, as a file of these answers does.`,
    remedy: `Name it with ${p.ending} at the end, or choose another format.`,
  }),
  'playground/output-not-answers': (p: { file: string }) => ({
    message: `${p.file} exists and holds no answers of Graft: it is not replaced.`,
    remedy: 'Choose another name, or move that file away.',
  }),
  'playground/output-exists': (p: { file: string }) => ({
    message: `${p.file} exists.`,
    remedy: 'Choose another name, or replace it.',
  }),
  'playground/output-is-input': (p: { file: string }) => ({
    message: `${p.file} is the file that is read.`,
    remedy: 'Choose another name for the answers.',
  }),
  'playground/late-column': (p: RowPlace & { column: string }) => ({
    message: `${rowOf(p)} has a field "${p.column}" that no row before it had.`,
    remedy: 'Choose JSON Lines for the answers: there each row keeps its own fields.',
  }),
  'playground/column-type': (p: RowPlace & { column: string; expected: string }) => ({
    message: `${rowOf(p)}: "${p.column}" is not ${p.expected} as in the rows before.`,
    remedy: 'Choose CSV or JSON Lines for the answers: a Parquet column holds values of one type.',
  }),
  'serving/nothing': (p: { folder: string }) => ({
    message: `${p.folder} holds no model that answers: no config.json with weights, ONNX, SavedModel or adapter.`,
    remedy: 'Name the folder of an export, or the output folder of a run.',
  }),
  'serving/several': (p: { folder: string; inside: readonly string[] }) => ({
    message: `${p.folder} holds several exports.`,
    remedy: `Name one of them: ${list(p.inside)}.`,
  }),
  'serving/json': (p: { reason: string }) => ({
    message: `The body is not JSON: ${p.reason}.`,
    remedy: 'Send {"texts": ["a text", "another one"]}.',
  }),
  'serving/body': (p: { place: string; reason: string }) => ({
    message: `${p.place}: ${p.reason}.`,
    remedy:
      'Send {"texts": ["a text", ["first of a pair", "second"]]} or {"text": "a text"}; GET / shows the schema.',
  }),
  'serving/type': (p: { type: string }) => ({
    message: p.type === '' ? 'The request has no content-type.' : `The content-type is ${p.type}.`,
    remedy: 'Send JSON with content-type: application/json.',
  }),
  'serving/too-large': (p: { most: number }) => ({
    message: `The body is larger than ${p.most / 2 ** 20} MB.`,
    remedy: 'Send the texts in several requests.',
  }),
  'serving/busy': (_: object) => ({
    message: 'Too many texts wait already.',
    remedy: 'Send the request again after a second, as the header Retry-After says.',
  }),
  'serving/closing': (_: object) => ({
    message: 'The server is closing.',
    remedy: 'Start it again with graft serve-model.',
  }),
  'serving/path': (p: { path: string }) => ({
    message: `There is nothing at ${p.path}.`,
    remedy:
      'POST /predict answers texts, GET /health says that it runs, GET / shows the schema and an example.',
  }),
  'serving/method': (p: { path: string; method: string }) => ({
    message: `${p.path} takes ${p.method}.`,
    remedy: 'GET / shows an example.',
  }),
  'serving/host': (p: { port: number }) => ({
    message: 'This address is for programs of this machine only.',
    remedy: `Ask http://127.0.0.1:${p.port}, without an Origin of another site.`,
  }),
} satisfies Record<string, (p: never) => FaultText>;
