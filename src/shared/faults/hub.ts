import type { FaultText } from './fault.ts';

/** What was asked of a hub, and which hub. */
interface Place {
  endpoint: string;
  kind: 'model' | 'data set' | 'search';
  /** Of a search: its words. */
  id: string;
}

const subject = ({ kind, id }: Place) => (kind === 'search' ? `the search for "${id}"` : `the ${kind} ${id}`);

const page = ({ endpoint, kind, id }: Place) =>
  `${endpoint}/${kind === 'data set' ? 'datasets/' : ''}${id.split('@')[0]!}`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
const afterWait = (seconds: number) =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
const ownCopies = (kind: Place['kind']) =>
  kind === 'data set' ? 'import the data from files' : 'give the path of a folder that holds the model';

export const hubFaults = {
  'hub/not-an-id': (p: { model: string }) => ({
    message: `${p.model} is neither a folder that exists nor the id of a model on the hub.`,
    remedy: 'Check the path, or give an id such as google-bert/bert-base-uncased.',
  }),
  'hub/not-a-dataset-id': (p: { id: string }) => ({
    message: `${p.id} is not the id of a data set on the hub.`,
    remedy: 'An id is written organisation/name, as on the page of the data set.',
  }),
  'hub/endpoint': (p: { endpoint: string }) => ({
    message: `${p.endpoint} is not the address of a hub.`,
    remedy: 'An address begins with https://; leave it empty for https://huggingface.co.',
  }),
  'hub/offline': (p: { model: string; cache: string }) => ({
    message: `${p.model} is not in the Hugging Face cache (${p.cache}), and HF_HUB_OFFLINE forbids asking the hub.`,
    remedy: 'Unset HF_HUB_OFFLINE, or give the path of a folder that holds the model.',
  }),
  'hub/asking-forbidden': (_: object) => ({
    message: 'HF_HUB_OFFLINE forbids asking the hub.',
    remedy: 'Unset HF_HUB_OFFLINE and start again; what is on this machine can be used as it is.',
  }),
  'hub/unreachable': (p: Place & { reason: string }) => ({
    message: `${p.endpoint} cannot be reached (${p.reason}), so there is no answer about ${subject(p)}.`,
    remedy: `Check the connection and the proxy, set HF_ENDPOINT to a mirror that can be reached, or ${ownCopies(p.kind)}.`,
  }),
  'hub/not-found': (p: Place) => ({
    message: `${p.endpoint} has no ${p.kind} ${p.id}${p.kind === 'model' ? ', and there is no folder of that name' : ''}.`,
    remedy: `Check the spelling: an id is written organisation/name, upper and lower case as on the page of the ${p.kind}.`,
  }),
  'hub/no-revision': (p: Place & { revision: string }) => ({
    message: `The ${p.kind} ${p.id} on ${p.endpoint} has no revision ${p.revision}.`,
    remedy: `Choose a branch, tag or commit of ${page(p)}.`,
  }),
  'hub/gated': (p: Place & { hasToken: boolean }) => ({
    message: `${p.endpoint} gives the ${p.kind} ${p.id} only to those who accepted its terms.`,
    remedy: p.hasToken
      ? `Accept them at ${page(p)} with the account that the token belongs to, and check that the token may read gated repositories.`
      : `Accept them at ${page(p)}, then put a token of that account into Settings (or HF_TOKEN).`,
  }),
  'hub/no-access': (p: Place & { status: number; hasToken: boolean }) => ({
    message: `${p.endpoint} does not give out the ${p.kind} ${p.id} (status ${p.status}): it is private, or there is none of that name.`,
    remedy: p.hasToken
      ? `Check the id, and that the token is valid and may read ${p.id}.`
      : 'Check the id; for a private one, put a token that may read it into Settings (or HF_TOKEN).',
  }),
  'hub/busy': (p: Place & { seconds: number | null }) => ({
    message: `${p.endpoint} has had too many requests from here (status 429).`,
    remedy:
      p.seconds === null
        ? 'Try again in a few minutes; with a token in Settings the limit is higher.'
        : `Try again in ${afterWait(p.seconds)}; with a token in Settings the limit is higher.`,
  }),
  'hub/answer': (p: Place & { what: string }) => ({
    message: `${p.endpoint} gave an unusable answer about ${subject(p)}: ${p.what}.`,
    remedy: 'Try again later; check the address of the hub in Settings, HF_ENDPOINT and the proxy.',
  }),
  'hub/no-weights': (p: { endpoint: string; model: string }) => ({
    message: `${p.model} on ${p.endpoint} lacks config.json or weights (model.safetensors, pytorch_model.bin).`,
    remedy: 'Choose a model with weights for PyTorch; an adapter or a GGUF file needs its base model.',
  }),
  'hub/no-parquet': (p: { endpoint: string; id: string }) => ({
    message: `${p.endpoint} has no Parquet files of the data set ${p.id}.`,
    remedy: 'Download its files from its page and import those.',
  }),
  'hub/no-split': (p: { id: string; config: string; split: string; available: readonly string[] }) => ({
    message: `The data set ${p.id} has no split ${p.split} in ${p.config}.`,
    remedy: `Choose one of: ${p.available.join(', ')}.`,
  }),
  'hub/unsafe-name': (p: Place & { name: string }) => ({
    message: `${p.endpoint} lists a file of the ${p.kind} ${p.id} whose name leads out of its folder: ${JSON.stringify(p.name)}. Nothing was fetched.`,
    remedy: 'Do not use it unless you trust who made it.',
  }),
  'hub/cut': (p: { id: string; file: string; arrived: number; size: number; reason: string }) => ({
    message: `${p.file} of ${p.id} stopped arriving at ${megabytes(p.arrived)} of ${megabytes(p.size)}: ${p.reason}.`,
    remedy: 'Start again when the connection is back: it goes on from there.',
  }),
  'hub/damaged': (p: { id: string; file: string; reason: string }) => ({
    message: `${p.file} of ${p.id} did not arrive as it is on the hub: ${p.reason}. It was not kept.`,
    remedy:
      'Start again: files that did arrive are kept. If it happens again, check the proxy or mirror between here and the hub.',
  }),
  'hub/no-space': (p: { folder: string; needed: number; free: number }) => ({
    message: `The download takes ${megabytes(p.needed)}; the disk of ${p.folder} has ${megabytes(p.free)} free.`,
    remedy: 'Free some space, or set HF_HOME to a folder on another disk.',
  }),
  'hub/disk-full': (p: { file: string; id: string; arrived: number; size: number }) => ({
    message: `The disk is full: ${p.file} of ${p.id} stands at ${megabytes(p.arrived)} of ${megabytes(p.size)}.`,
    remedy: 'Free some space, then start again: it goes on from there.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
