import type { FaultText } from './fault.ts';

export const hubFaults = {
  'hub/not-an-id': (p: { model: string }) => ({
    message: `${p.model} is neither a folder that exists nor the id of a model on the hub.`,
    remedy: 'Check the path, or give an id such as google-bert/bert-base-uncased.',
  }),
  'hub/offline': (p: { model: string; cache: string }) => ({
    message: `${p.model} is not in the Hugging Face cache (${p.cache}), and HF_HUB_OFFLINE forbids asking the hub.`,
    remedy: 'Unset HF_HUB_OFFLINE, or give the path of a folder that holds the model.',
  }),
  'hub/unreachable': (p: { endpoint: string; model: string; reason: string }) => ({
    message: `${p.endpoint} cannot be reached (${p.reason}), and ${p.model} is not in the Hugging Face cache.`,
    remedy:
      'Check the connection, set HF_ENDPOINT to a mirror that can be reached, or give the path of a folder that holds the model.',
  }),
  'hub/not-found': (p: { endpoint: string; model: string }) => ({
    message: `${p.endpoint} has no model ${p.model}, and there is no folder of that name.`,
    remedy:
      'Check the spelling: an id is written organisation/name, upper and lower case as on the page of the model.',
  }),
  'hub/no-access': (p: { endpoint: string; model: string; status: number }) => ({
    message: `${p.endpoint} does not give out ${p.model} (status ${p.status}): it is private or gated, or there is none of that name.`,
    remedy: 'Accept the terms on the page of the model, and set HF_TOKEN to a token that may read it.',
  }),
  'hub/answer': (p: { endpoint: string; model: string; what: string }) => ({
    message: `${p.endpoint} gave an unusable answer about ${p.model}: ${p.what}.`,
    remedy: 'Try again later; check HF_ENDPOINT if it is set.',
  }),
  'hub/no-weights': (p: { endpoint: string; model: string }) => ({
    message: `${p.model} on ${p.endpoint} lacks config.json or weights (model.safetensors, pytorch_model.bin).`,
    remedy: 'Choose a model with weights for PyTorch; an adapter or a GGUF file needs its base model.',
  }),
  'hub/damaged': (p: { model: string; file: string; reason: string }) => ({
    message: `${p.file} of ${p.model} did not arrive whole: ${p.reason}. It was not kept.`,
    remedy: 'Start again: files that did arrive are kept and not fetched twice.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
