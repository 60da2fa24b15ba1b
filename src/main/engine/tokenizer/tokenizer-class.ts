/**
 * What transformers makes of a tokenizer's files, by the class that it takes. `generic` takes tokenizer.json as it
 * stands; `other` builds something that Graft does not know; `python` cannot be had here.
 */
export type Family =
  | 'bert'
  | 'mpnet'
  | 'roberta'
  | 'xlm-roberta'
  | 'camembert'
  | 'albert'
  | 'deberta-v2'
  | 'generic'
  | 'other'
  | 'python';

export interface TokenizerClass {
  /** As transformers calls it. */
  name: string;
  family: Family;
  /** Whether it gives token_type_ids where model_input_names does not say. */
  tokenTypes: boolean;
}

export const GENERIC: TokenizerClass = { name: 'TokenizersBackend', family: 'generic', tokenTypes: false };

/**
 * Classes of transformers 5.17, and the names of earlier versions that it takes for them. Those of `python` are written
 * in Python and read no tokenizer.json; any name that stands nowhere here is to transformers the generic class.
 */
const CLASSES: ReadonlyMap<string, TokenizerClass> = new Map(
  (
    [
      ['bert', true, 'Bert Electra LayoutLM Lxmert MobileBert SqueezeBert'],
      ['bert', false, 'DistilBert'],
      ['mpnet', false, 'MPNet'],
      ['roberta', false, 'Roberta Bart LED Longformer Mvp'],
      ['xlm-roberta', false, 'XLMRoberta'],
      ['camembert', false, 'Camembert'],
      ['albert', false, 'Albert'],
      ['deberta-v2', true, 'DebertaV2'],
      [
        'python',
        false,
        'Bartpho BertGeneration BertJapanese Bertweet BioGpt BlenderbotSmall ByT5 CTRL Canine Clvp CpmAnt Cpm Dia Esm ' +
          'FSMT FastSpeech2Conformer Flaubert GPTNeoXJapanese GPTSw3 M2M100 Marian Mgpstr MyT5 PLBart Perceiver Phobert ' +
          'ProphetNet RoCBert Siglip Speech2Text SpeechT5 Tapas Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC XLM',
      ],
      [
        'other',
        false,
        'Barthez BigBird Blenderbot CLIP CodeGen CodeLlama Cohere ConvBert DPRContextEncoder DPRQuestionEncoder ' +
          'DPRReader Deberta Esmc FNet Funnel GPT2 GPTNeoX Gemma Herbert Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Llama Luke ' +
          'MBart50 MBart MLuke MarkupLM Nllb Nougat OpenAIGPT Parakeet Pegasus Qwen2 Qwen3_5 Reformer RemBert RoFormer ' +
          'SeamlessM4T Siglip2 Splinter T5 Udop Whisper XGLM XLNet',
      ],
    ] as const
  ).flatMap(([family, tokenTypes, list]) =>
    list.split(' ').map((start) => {
      const name = `${start}Tokenizer`;
      return [name, { name, family, tokenTypes }] as const;
    }),
  ),
);

/** The class of a model type where no file names one. */
const MODEL_CLASSES: ReadonlyMap<string, string> = new Map(
  [
    'Bert: bert convbert distilbert electra ernie layoutlm megatron-bert nezha nomic_bert qdqbert squeezebert',
    'Roberta: bart data2vec-text ibert lilt longformer mega mra roberta roberta-prelayernorm',
    'XLMRoberta: jina_embeddings_v3 xlm-roberta xmod',
    'Albert: albert yoso',
    'MPNet: mpnet',
    'Camembert: camembert',
    'DebertaV2: deberta-v2',
    'MobileBert: mobilebert',
    'Bertweet: bertweet',
    'BertJapanese: bert-japanese',
    'BigBird: big_bird',
    'Deberta: deberta',
    'Esm: esm',
    'Flaubert: flaubert',
    'FNet: fnet',
    'Funnel: funnel',
    'Herbert: herbert',
    'Luke: luke',
    'Phobert: phobert',
    'RemBert: rembert',
    'RoCBert: roc_bert',
    'RoFormer: roformer',
    'XLM: xlm',
    'XLNet: xlnet',
  ].flatMap((line) => {
    const [name, types] = line.split(': ');
    return (types ?? '').split(' ').map((type) => [type, `${name}Tokenizer`] as const);
  }),
);

/**
 * The class that `AutoTokenizer` of transformers 5.17 takes for the `tokenizer_class` of tokenizer_config.json or
 * config.json and the `model_type` of config.json; null where none of them says anything.
 */
export function tokenizerClass(
  named: string | undefined,
  modelType: string | undefined,
): TokenizerClass | null {
  const own = named?.replace(/Fast$/, '');
  const registered = modelType === undefined ? undefined : MODEL_CLASSES.get(modelType);
  // transformers distrusts the class that folders of this type name.
  if (modelType === 'modernbert') return GENERIC;
  if (own !== undefined) return classByName(own);
  if (registered !== undefined) return classByName(registered);
  return modelType === undefined ? null : GENERIC;
}

/** The class of a name; one that transformers does not know is its generic class. */
export const classByName = (name: string): TokenizerClass => CLASSES.get(name) ?? GENERIC;
