import { expect, it } from 'vitest';
import { hasTokenizer, neededFiles } from './needed-files.ts';

it('what is fetched of a sentence model are its weights, its SentencePiece model and how its vectors are made', () => {
  const all = [
    ...['README.md', 'config.json', 'model.safetensors', 'pytorch_model.bin', 'onnx/model.onnx'],
    ...['sentencepiece.bpe.model', 'tokenizer_config.json', 'modules.json', '1_Pooling/config.json'],
    ...['sentence_bert_config.json', 'config_sentence_transformers.json', '0_Other/config.json'],
  ];
  expect(neededFiles(new Set(all))).toEqual([
    ...['config.json', 'sentencepiece.bpe.model', 'tokenizer_config.json', 'modules.json'],
    ...['sentence_bert_config.json', 'config_sentence_transformers.json', '1_Pooling/config.json'],
    'model.safetensors',
  ]);
  expect(hasTokenizer(new Set(all))).toBe(true);
});
