/**
 * The part of check_exports.py for transformers.js: loads the ONNX folders of `graft export` by its pipeline and compares
 * the scores of every label with the softmax of Graft's logits. Texts beyond the length limit are left out: transformers.js
 * cuts behind the special tokens and loses the last one, as no other program does.
 *
 *     node bench/reference/check_exports.mjs EXPECTED.json DIR [DIR ...]
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { env, pipeline } from '@huggingface/transformers';

const dtypes = { onnx: 'fp32', 'onnx-fp16': 'fp16', 'onnx-int8': 'q8' };
const limits = { onnx: 1e-4, 'onnx-fp16': 1e-2, 'onnx-int8': 0.1 };
const [expected, ...folders] = process.argv.slice(2);
const { texts, logits } = JSON.parse(await readFile(expected, 'utf8'));

env.allowRemoteModels = false;
for (const folder of folders) {
  const {
    target,
    labels,
    max_length: longest,
  } = JSON.parse(await readFile(path.join(folder, 'verification.json'), 'utf8'));
  env.localModelPath = path.dirname(path.resolve(folder));
  const classify = await pipeline('text-classification', path.basename(folder), { dtype: dtypes[target] });
  let [difference, asked] = [0, 0];
  for (const [i, text] of texts.entries()) {
    if (classify.tokenizer(text).input_ids.dims.at(-1) > longest) continue;
    asked++;
    const answers = (await classify(text, { top_k: labels.length })).flat();
    const scores = new Map(answers.map(({ label, score }) => [label, score]));
    const sum = logits[i].reduce((all, logit) => all + Math.exp(logit), 0);
    for (const [k, label] of labels.entries()) {
      const distance = Math.abs((scores.get(label) ?? NaN) - Math.exp(logits[i][k]) / sum);
      difference = Number.isNaN(distance) ? Infinity : Math.max(difference, distance);
    }
  }
  await classify.dispose();
  const limit = limits[target];
  const row = { target, consumer: 'transformers.js', texts: asked, passed: difference <= limit };
  console.log(JSON.stringify({ ...row, scores: { difference, limit } }));
  if (!(difference <= limit)) process.exitCode = 1;
}
