import path from 'node:path';
import { stringify } from 'yaml';
import type { Interval } from '../../../../shared/statistics/bootstrap.ts';
import {
  markdownBlock,
  markdownCell,
  markdownCode,
  markdownText,
  oneLine,
} from '../../../../shared/quoting.ts';
import { targets, weightsOf, type TargetKey } from '../targets.ts';
import type { Verification } from '../verification.ts';
import { writeFileAtomic } from '../../formats/atomic.ts';
import { isHubId } from '../../hub/repository.ts';
import type { TrainedModel } from '../trained-model.ts';
import {
  licenceOf,
  readAdapterSettings,
  readRun,
  type CardSource,
  type Licence,
  type RunSummary,
} from './sources.ts';

export interface Card extends CardSource {
  proof: Omit<Verification, 'bytes' | 'files'>;
  licence: Licence | null;
  run: RunSummary | null;
  adapterSettings: Readonly<Record<string, unknown>>;
}

const libraries: Readonly<Record<TargetKey, string | null>> = {
  hf: 'transformers',
  peft: 'peft',
  onnx: 'transformers.js',
  'onnx-fp16': 'transformers.js',
  'onnx-int8': 'transformers.js',
  savedmodel: null,
  embedding: 'sentence-transformers',
};

const isTransformersJs = ({ consumer }: Verification['consumers'][number]): boolean =>
  consumer === 'transformers.js';

/** Writes README.md into an export's folder. Throws what `writeFileAtomic` throws. */
export async function writeCard(
  folder: string,
  { model, adapterFolder }: TrainedModel,
  source: CardSource,
  proof: Card['proof'],
): Promise<void> {
  const card = modelCard({
    ...source,
    proof,
    licence: await licenceOf(model),
    run: await readRun(adapterFolder),
    adapterSettings: await readAdapterSettings(adapterFolder),
  });
  await writeFileAtomic(path.join(folder, 'README.md'), card);
}

/** README.md of an export: what is known and nothing else, with the front matter that the hub reads. */
export function modelCard(card: Card): string {
  const sections = [
    `---\n${stringify(frontMatter(card), frontMatterText, { compat: 'yaml-1.1' })}---`,
    `# ${markdownText(card.name)}`,
    opening(card),
    part('How to use it', snippets(card)),
    part('Data', data(card)),
    part('Training', training(card)),
    part('Results', results(card)),
    part('Limits', limits(card)),
    part('Licence', licence(card)),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** YAML 1.1, which the hub's readers speak, ends lines where YAML 1.2 does not. */
const frontMatterText = (_: unknown, value: unknown): unknown =>
  typeof value === 'string' ? oneLine(value) : value;

const part = (title: string, text: string): string => (text === '' ? '' : `## ${title}\n\n${text}`);

function frontMatter({ modelName, dataName, licence, proof, name }: Card): Record<string, unknown> {
  const { target, outcome } = proof;
  const vectors = targets[target].vectors === true;
  const relation = target === 'peft' ? 'adapter' : target === 'onnx-int8' ? 'quantized' : 'finetune';
  const task = vectors ? 'sentence-similarity' : 'text-classification';
  const measured = outcome.accuracy?.exported;
  const isUnknown = libraries[target] === 'transformers.js' && !proof.consumers.some(isTransformersJs);
  const library = isUnknown ? null : libraries[target];
  return {
    ...(licence === null ? {} : { ...licence, license_link: linkOf(licence) }),
    ...(isHubId(modelName) ? { base_model: modelName, base_model_relation: relation } : {}),
    ...(library === null ? {} : { library_name: library }),
    pipeline_tag: task,
    tags: [
      ...(vectors ? ['feature-extraction'] : []),
      ...(target.startsWith('onnx') ? ['onnx'] : []),
      'graft',
    ],
    ...(measured === undefined
      ? {}
      : {
          metrics: ['accuracy'],
          'model-index': [
            {
              name,
              results: [
                {
                  task: { type: task },
                  dataset: { name: dataName ?? 'evaluation rows', type: 'text' },
                  metrics: [{ type: 'accuracy', value: Number(measured.value.toFixed(4)) }],
                },
              ],
            },
          ],
        }),
  };
}

function opening({ modelName, dataName, proof }: Card): string {
  const { target, adapter, labels, pooling } = proof;
  const base = markdownText(modelName);
  const trained = adapter === null ? base : `${base} with an adapter trained on it`;
  const on = dataName === null ? '' : `, on the data "${markdownText(dataName)}"`;
  const does =
    pooling === null
      ? `It gives a text one of ${labels.length} labels: ${labels.map(markdownCode).join(', ')}.`
      : `It turns a text into a vector: the ${pooling === 'mean' ? 'mean of its tokens' : 'first token'}.`;
  return `${targets[target].name} of ${trained}${on}. ${does}`;
}

const fences = { python: 'python', node: 'js', curl: 'sh' } as const;

function snippets({ proof }: Card): string {
  return proof.snippets
    .map(({ language, code, output, notRun }) => {
      const came =
        output === null
          ? `Not run when this was written: ${markdownText(notRun ?? '')}`
          : `It printed:\n\n${markdownBlock('', output)}`;
      return `${markdownBlock(fences[language], code)}\n\n${came}`;
    })
    .join('\n\n');
}

function data({ dataName, proof }: Card): string {
  const { accuracy } = proof.outcome;
  return [
    dataName === null ? '' : `Trained on "${markdownText(dataName)}".`,
    accuracy === null ? '' : `Measured on ${count(accuracy.rows)} labelled rows.`,
    `Texts are cut to ${count(proof.max_length)} tokens.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function training({ run, settings, adapterSettings, proof }: Card): string {
  const rows = Object.entries({ ...adapterSettings, ...settings }).filter(([, value]) => value != null);
  const table = rows.map(([name, value]) => `| ${markdownCell(name)} | ${cell(value)} |`).join('\n');
  const figures =
    run === null
      ? ''
      : `${count(run.parameters.trainable)} of ${count(run.parameters.all)} parameters trained (${run.parameters.trainable_percent.toFixed(2)} %), in ${count(run.steps)} steps.`;
  const { base, adapter } = proof;
  const hashes = [
    `Base: ${markdownText(base.name)}, weights with SHA-256 \`${base.sha256}\`.`,
    adapter === null ? '' : `Adapter: weights with SHA-256 \`${adapter.sha256}\`.`,
  ];
  return [
    figures,
    rows.length === 0 ? '' : `| setting | value |\n| --- | --- |\n${table}`,
    hashes.filter((sentence) => sentence !== '').join(' '),
  ]
    .filter((paragraph) => paragraph !== '')
    .join('\n\n');
}

const cell = (value: unknown): string =>
  markdownCell(typeof value === 'string' ? value : JSON.stringify(value));

function results({ proof, run }: Card): string {
  const { outcome, target, precision, scales } = proof;
  const { accuracy, latency_ms: ms } = outcome;
  const metrics = accuracy
    ? [
        '| | accuracy | 95 % interval |\n| --- | --- | --- |',
        `| as it was trained | ${share(accuracy.reference.value)} | ${interval(accuracy.reference)} |`,
        `| this export | ${share(accuracy.exported.value)} | ${interval(accuracy.exported)} |`,
      ].join('\n')
    : '';
  const f1 = run?.metrics?.f1_macro;
  const what = outcome.smallest_cosine === null ? 'logits' : 'vectors';
  const same =
    outcome.smallest_cosine === null
      ? `the same answer on ${count(outcome.same_answers)} of ${count(outcome.rows)} texts`
      : `a cosine of at least ${outcome.smallest_cosine.toFixed(6)} with the vectors as trained`;
  return [
    metrics,
    f1 === undefined ? '' : `Macro F1 at the end of training: ${share(f1)}.`,
    `A fresh process loaded this folder and answered ${count(outcome.rows)} texts: ${what} within ${outcome.largest_difference.toExponential(1)} of those of the trained model, ${same}. Weights are kept in ${weightsOf(target, precision)}${scales === null ? '' : `, ${scales.kept}`}.`,
    `On the machine that wrote it, one short text took ${ms.batch_1.toFixed(1)} ms and 32 took ${ms.batch_32.toFixed(1)} ms.`,
    outcome.reason === null ? '' : `**It did not pass its proof.** ${markdownText(outcome.reason)}`,
  ]
    .filter((paragraph) => paragraph !== '')
    .join('\n\n');
}

function limits({ proof }: Card): string {
  const { labels, max_length: length, outcome, pooling } = proof;
  return [
    pooling === null
      ? `It answers with one of its ${labels.length} labels whatever the text is about; what fits none of them gets one all the same.`
      : 'It was trained to tell labels apart; nearness of its vectors was not measured.',
    `What stands beyond ${count(length)} tokens is not read.`,
    outcome.accuracy === null
      ? 'Its accuracy was not measured when it was written.'
      : 'Its accuracy was measured on rows like those it was trained for; on other texts it has to be measured anew.',
  ]
    .map((sentence) => `- ${sentence}`)
    .join('\n');
}

function licence({ licence: found, modelName }: Card): string {
  if (found === null)
    return `The files of the base name no licence. Find out what ${markdownText(modelName)} allows before you pass this on.`;
  const name = found.license_name ?? [found.license].flat().join(', ');
  const link = linkOf(found);
  return markdownText(`${name}${link === undefined ? '' : ` (${link})`}, as the base ${modelName}.`);
}

/** Where the licence stands: a page of the web or a file beside the model; nothing else becomes a link on the hub. */
const linkOf = ({ license_link: link }: Licence): string | undefined =>
  link !== undefined && /^(?:https?:\/\/\S+|[\w./-]+)$/i.test(link) ? link : undefined;

const count = (value: number): string => value.toLocaleString('en');
const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
const interval = ({ low, high }: Interval): string => `${share(low)} to ${share(high)}`;
