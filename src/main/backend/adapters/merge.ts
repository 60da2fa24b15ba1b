import { combinableMethods, methodLabel, methodOf } from '../../../shared/methods/index.ts';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import type { ParsedInputOf } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { AdapterStore, ListedAdapter } from '../../storage/adapters.ts';
import { ModelStore } from '../../storage/models.ts';
import type { BackendContext } from '../context.ts';
import { watchedEngineJob } from '../jobs/engine-run.ts';
import { inTurn } from '../jobs/turns.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { trainedModel } from './base.ts';
import { adapterWeights, storeFolder } from './adapter-folder.ts';

type Request = ParsedInputOf<'adapters/merge'>;

const resultSchema = z.object({ rank: z.number(), labels: z.array(z.string()) });

/**
 * Starts the job that makes one adapter of several; what cannot be merged is refused at once. Throws `adapters/…` and
 * `store/unknown`. Resolves to the job's id; its result is the adapter's.
 */
export async function startMerge(
  context: BackendContext,
  store: AdapterStore,
  request: Request,
): Promise<string> {
  const parts = request.parts.map(({ id, weight }) => ({ adapter: store.read(id), weight }));
  checkParts(parts.map(({ adapter }) => adapter));
  const folders: { model: string; adapter: string }[] = [];
  for (const { adapter } of parts) folders.push(await trainedModel(context, adapter));
  const id = randomUUID();
  const folder = path.join(context.workspace.adapters, id);
  const first = parts[0]!.adapter;
  const work = async (control: JobControl): Promise<string> => {
    let made: z.infer<typeof resultSchema> | undefined;
    await storeFolder(folder, async (temporary) => {
      const output = await watchedEngineJob(context, control, 'Combining the adapters', {
        job: 'merge-adapters',
        input: {
          model: folders[0]!.model,
          baseName: new ModelStore(context.db).read(first.modelId)?.hubId ?? undefined,
          parts: parts.map(({ adapter, weight }, i) => ({
            name: adapter.name,
            folder: folders[i]!.adapter,
            weight,
          })),
          combination: request.combination,
          density: request.density,
          majoritySign: request.majoritySign,
          seed: request.seed,
          output: temporary,
        },
      });
      control.signal.throwIfAborted();
      made = resultSchema.parse(output);
    });
    const { sha256, bytes } = await adapterWeights(folder);
    const { combination, density, majoritySign, seed } = request;
    store.put({
      ...{ id, name: request.name, origin: 'merged', experimentId: null, modelId: first.modelId },
      ...{ folder, peftType: first.peftType, sha256, bytes },
      facts: {
        rank: made!.rank,
        labels: made!.labels,
        lost: null,
        base: first.facts.base,
        parts: parts.map(({ adapter, weight }) => ({ id: adapter.id, name: adapter.name, weight })),
        combination: { combination, density, majoritySign, seed },
      },
    });
    context.emit('adapters/changed', { id });
    return id;
  };
  const title = `Combining ${parts.length} adapters as ${request.name}`;
  return context.jobs.start({
    kind: 'merge',
    title,
    work: (control) => inTurn(context, control, () => work(control)),
  }).id;
}

/** Adapters on one base, with the same labels, each once. */
function checkParts(adapters: readonly ListedAdapter[]): void {
  const [first, ...others] = adapters as [ListedAdapter, ...ListedAdapter[]];
  for (const { name, peftType } of adapters)
    if (!methodOf(peftType)?.combinable)
      throw fault('adapters/not-an-adapter', {
        name,
        method: methodLabel({ peft_type: peftType }),
        combinable: combinableMethods(),
      });
  for (const [i, other] of others.entries()) {
    if (adapters.findIndex(({ id }) => id === other.id) <= i)
      throw fault('adapters/merge-twice', { name: other.name });
    if (!isSameBase(first, other))
      throw fault('adapters/merge-bases', {
        ...{ first: first.name, other: other.name },
        ...{ firstBase: baseWords(first), otherBase: baseWords(other) },
      });
    const [labels, otherLabels] = [first, other].map(({ facts }) => facts.labels.join(', ')) as [
      string,
      string,
    ];
    if (labels !== otherLabels)
      throw fault('adapters/merge-labels', { first: first.name, other: other.name, labels, otherLabels });
  }
}

/** By the hash of the weights; by the model where a hash was not recorded. */
function isSameBase(a: ListedAdapter, b: ListedAdapter): boolean {
  const [base, other] = [a.facts.base, b.facts.base];
  if (base?.sha256 != null && other?.sha256 != null) return base.sha256 === other.sha256;
  return a.modelId !== null ? a.modelId === b.modelId : base !== null && base.folder === other?.folder;
}

const baseWords = ({ modelName, facts: { base } }: ListedAdapter): string =>
  base?.sha256 == null ? modelName : `${modelName} (${base.sha256.slice(0, 8)}…)`;
