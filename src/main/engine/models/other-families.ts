/**
 * Models that Graft does not train, as messages about files, hub models and scripts name them: what each is, why, and
 * what is nearest to it.
 */

/** A kind of model, by what keeps Graft from training it. */
interface Kind {
  /** After "Graft does not train it: ". */
  reason: string;
  /** What a person takes instead. */
  nearest: string;
}

export interface OtherFamily extends Kind {
  /** As people write it. */
  title: string;
  /** `model_type` in config.json. */
  modelTypes: readonly string[];
  /** What its tensors' names begin with; empty: nothing of its own. */
  prefix: string;
  /** What names of its checkpoints have in them. */
  hubNames: readonly string[];
}

const writes: Kind = {
  reason: 'it writes text, and each token sees only those before it',
  nearest: 'ModernBERT or DeBERTa-v3, which read the whole text at once and are far smaller',
};
const translates: Kind = {
  reason: 'it is an encoder with a decoder behind it, which writes text',
  nearest: 'DeBERTa-v3, or XLM-RoBERTa for other languages than English',
};
const seesImages: Kind = {
  reason: 'it reads images, and Graft trains on text',
  nearest: 'nothing here: take a tool for images',
};
const hears: Kind = {
  reason: 'it reads sound, and Graft trains on text',
  nearest: 'nothing here: take a tool for sound, or an encoder of text for its transcripts',
};
const readsPages: Kind = {
  reason: 'it reads where words stand on a page, and the data here are texts',
  nearest: 'RoBERTa, where the text alone says enough',
};
const sparse: Kind = {
  reason: 'its attention goes over windows and chosen tokens, which Graft does not compute',
  nearest: 'ModernBERT, which reads 8,192 tokens',
};
const large: Kind = {
  reason: 'with 3.5 billion weights and more it is larger than what Graft is made for',
  nearest: 'XLM-RoBERTa large',
};
const otherLayers = (what: string, nearest: string): Kind => ({
  reason: `${what}, which Graft does not compute`,
  nearest,
});
const ownCode = (nearest: string): Kind => ({
  reason: 'its code comes with the checkpoint, and Graft runs none',
  nearest,
});

/** title; model types; tensors' prefix; hub names; kind */
type Row = readonly [string, string, string, string, Kind];

const rows: readonly Row[] = [
  ['Longformer', 'longformer', 'longformer', 'longformer', sparse],
  ['BigBird', 'big_bird', '', 'bigbird', sparse],
  ['Nyströmformer', 'nystromformer', 'nystromformer', 'nystromformer', sparse],
  ['YOSO', 'yoso', 'yoso', 'yoso', sparse],
  ['MRA', 'mra', 'mra', '', sparse],
  [
    'Funnel Transformer',
    'funnel',
    'funnel',
    'funnel-transformer',
    otherLayers('it shortens the text from block to block', 'ELECTRA, which was trained in the same way'),
  ],
  [
    'MobileBERT',
    'mobilebert',
    'mobilebert',
    'mobilebert',
    otherLayers('its layers have bottlenecks and norms of their own', 'DistilBERT, or ELECTRA small'),
  ],
  [
    'SqueezeBERT',
    'squeezebert',
    '',
    'squeezebert',
    otherLayers('its layers are grouped convolutions', 'DistilBERT'),
  ],
  [
    'ConvBERT',
    'convbert',
    'convbert',
    'convbert',
    otherLayers('part of its attention is convolutions', 'ELECTRA, which was trained in the same way'),
  ],
  [
    'DeBERTa (the first version)',
    'deberta',
    '',
    'deberta-base deberta-large deberta-xlarge',
    otherLayers(
      'its attention is built otherwise than that of versions 2 and 3',
      'DeBERTa-v3, which is better',
    ),
  ],
  [
    'RoFormer',
    'roformer',
    'roformer',
    'roformer',
    otherLayers('it turns queries and keys in its own way', 'ModernBERT'),
  ],
  ['FNet', 'fnet', 'fnet', 'fnet', otherLayers('it has Fourier transforms for attention', 'BERT')],
  ['XLNet', 'xlnet', '', 'xlnet', otherLayers('it has attention in permuted orders', 'DeBERTa-v3')],
  [
    'RemBERT',
    'rembert',
    'rembert',
    'rembert',
    otherLayers('its embeddings of input and output differ', 'XLM-RoBERTa'),
  ],
  ['X-MOD', 'xmod', '', 'xmod', otherLayers('it has an adapter for each language inside', 'XLM-RoBERTa')],
  ['LUKE', 'luke mluke', 'luke', 'luke', otherLayers('it reads entities beside the words', 'RoBERTa')],
  ['XLM', 'xlm', '', 'xlm-mlm', otherLayers('it has an embedding for each language', 'XLM-RoBERTa')],
  ['FlauBERT', 'flaubert', '', 'flaubert', otherLayers('it is built as XLM', 'CamemBERT')],
  ['CANINE', 'canine', 'canine', 'canine', otherLayers('it reads characters', 'XLM-RoBERTa')],
  ['ESM', 'esm', 'esm', 'esm2', otherLayers('it reads proteins', 'nothing here')],
  ['XLM-RoBERTa XL', 'xlm-roberta-xl', '', 'xlm-roberta-xl', large],
  ['NeoBERT', 'neobert', '', 'neobert', ownCode('ModernBERT, which is built alike')],
  [
    'GTE',
    'new gte',
    '',
    'gte-multilingual',
    ownCode('multilingual E5 (XLM-RoBERTa), or mmBERT (ModernBERT)'),
  ],
  ['LayoutLM', 'layoutlm layoutlmv2 layoutlmv3 layoutxlm lilt bros', '', 'layoutlm', readsPages],
  ['GPT-2', 'gpt2', 'transformer', 'gpt2', writes],
  ['GPT-NeoX', 'gpt_neox gpt_neox_japanese', 'gpt_neox', 'pythia', writes],
  ['GPT', 'openai-gpt gpt_neo gptj gpt_oss gpt_bigcode', '', '', writes],
  ['Llama', 'llama llama4', '', 'llama', writes],
  ['Qwen', 'qwen2 qwen2_moe qwen3 qwen3_moe qwen3_5', '', 'qwen', writes],
  ['Mistral', 'mistral mixtral ministral mistral3', '', 'mistral', writes],
  ['Gemma', 'gemma gemma2 gemma3 gemma3_text', '', 'gemma-', writes],
  ['T5', 't5 mt5 umt5 byt5 longt5 switch_transformers', 'shared', 't5-', translates],
  ['BART', 'bart mbart', '', 'bart-', translates],
  ['T5 or BART', '', 'encoder', '', translates],
  ['Pegasus', 'pegasus pegasus_x bigbird_pegasus', '', 'pegasus', translates],
  ['LED', 'led', 'led', '', translates],
  ['ViT', 'vit deit beit swin swinv2 dinov2 convnext resnet vit_mae', 'vit', '', seesImages],
  ['CLIP', 'clip siglip siglip2 chinese_clip blip', '', '', seesImages],
  ['Whisper', 'whisper', '', 'whisper', hears],
  ['wav2vec 2.0', 'wav2vec2 hubert wavlm wav2vec2-bert', 'wav2vec2', 'wav2vec2', hears],
];

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

export const otherFamilies: readonly OtherFamily[] = rows.map(
  ([title, modelTypes, prefix, hubNames, kind]) => ({
    ...kind,
    title,
    modelTypes: words(modelTypes),
    prefix: prefix && `${prefix}.`,
    hubNames: words(hubNames),
  }),
);

/** What a config.json says of a model whose `model_type` is in no list; undefined: nothing. */
export function kindOf(
  raw: Readonly<Record<string, unknown>>,
  architectures: readonly string[],
): Kind | undefined {
  const has = (...keys: string[]): boolean => keys.some((key) => raw[key] != null);
  if (has('auto_map')) return ownCode('ModernBERT or XLM-RoBERTa, or a copy of its family without auto_map');
  if (has('vision_config', 'image_size', 'patch_size')) return seesImages;
  if (has('audio_config', 'num_mel_bins', 'feat_extract_norm')) return hears;
  if (raw['is_encoder_decoder'] === true) return translates;
  return architectures.some((name) => /ForCausalLM$|LMHeadModel$/.test(name)) ? writes : undefined;
}
