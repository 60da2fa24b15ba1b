import { phrases, type Catalogue, type HubRequest } from './fault.ts';

export const hubFaults = {
  'hub/not-an-id': `{model} is neither a folder that exists nor the id of a model on the hub.
    Check the path, or give an id such as google-bert/bert-base-uncased.`,
  'hub/not-a-dataset-id': `{id} is not the id of a data set on the hub.
    An id is written organisation/name, as on the page of the data set.`,
  'hub/endpoint': `{endpoint} is not the address of a hub.
    An address begins with https://; leave it empty for https://huggingface.co.`,
  'hub/offline': `{model} is not in the Hugging Face cache ({cache}), and HF_HUB_OFFLINE forbids asking the hub.
    Unset HF_HUB_OFFLINE, or give the path of a folder that holds the model.`,
  'hub/asking-forbidden': `HF_HUB_OFFLINE forbids asking the hub.
    Unset HF_HUB_OFFLINE and start again; what is on this machine can be used as it is.`,
  'hub/unreachable': `{endpoint} cannot be reached ({reason}), so there is no answer about {ASKED}.
    Check the connection and the proxy, set HF_ENDPOINT to a mirror that can be reached, or {kind:ownCopies}.`,
  'hub/not-found': `{endpoint} has no {kind} {id}{kind:noFolder}.
    Check the spelling: an id is written organisation/name, upper and lower case as on the page of the {kind}.`,
  'hub/no-revision': `The {kind} {id} on {endpoint} has no revision {revision}.
    Choose a branch, tag or commit of {PAGE}.`,
  'hub/gated': (p: HubRequest & { hasToken: boolean }) => ({
    message: `${p.endpoint} gives the ${p.kind} ${p.id} only to those who accepted its terms.`,
    remedy: p.hasToken
      ? `Accept them at ${phrases.PAGE(p)} with the account that the token belongs to, and check that the token may read gated repositories.`
      : `Accept them at ${phrases.PAGE(p)}, then put a token of that account into Settings (or HF_TOKEN).`,
  }),
  'hub/no-access': (p: HubRequest & { status: number; hasToken: boolean }) => ({
    message: `${p.endpoint} does not give out the ${p.kind} ${p.id} (status ${p.status}): it is private, or there is none of that name.`,
    remedy: p.hasToken
      ? `Check the id, and that the token is valid and may read ${p.id}.`
      : 'Check the id; for a private one, put a token that may read it into Settings (or HF_TOKEN).',
  }),
  'hub/busy': `{endpoint} has had too many requests from here (status 429).
    Try again in {seconds:wait}; with a token in Settings the limit is higher.`,
  'hub/answer': `{endpoint} gave an unusable answer about {ASKED}: {what}.
    Try again later; check the address of the hub in Settings, HF_ENDPOINT and the proxy.`,
  'hub/no-weights': `{model} on {endpoint} lacks config.json or weights (model.safetensors, pytorch_model.bin).
    Choose a model with weights for PyTorch; an adapter or a GGUF file needs its base model.`,
  'hub/no-parquet': `{endpoint} has no Parquet files of the data set {id}.
    Download its files from its page and import those.`,
  'hub/no-split': `The data set {id} has no split {split} in {config}.
    Choose one of: {available:list}.`,
  'hub/unsafe-name': `{endpoint} lists a file of the {kind} {id} whose name leads out of its folder: {name:json}. Nothing was fetched.
    Do not use it unless you trust who made it.`,
  'hub/cut': `{file} of {id} stopped arriving at {arrived:MB} of {size:MB}: {reason}.
    Start again when the connection is back: it goes on from there.`,
  'hub/damaged': `{file} of {id} did not arrive as it is on the hub: {reason}. It was not kept.
    Start again: files that did arrive are kept. If it happens again, check the proxy or mirror between here and the hub.`,
  'hub/no-space': `The download takes {needed:MB}; the disk of {folder} has {free:MB} free.
    Free some space, or set HF_HOME to a folder on another disk.`,
  'hub/disk-full': `The disk is full: {file} of {id} stands at {arrived:MB} of {size:MB}.
    Free some space, then start again: it goes on from there.`,
} as const satisfies Catalogue;
