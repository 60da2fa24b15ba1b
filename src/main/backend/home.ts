import type { Handlers, OutputOf } from '../../shared/contract.ts';
import type { Experiment } from '../../shared/contract/experiments.ts';
import { targetText } from './exports/offer.ts';
import { ExportStore, type StoredExport } from '../storage/exports.ts';
import type { BackendContext } from './context.ts';
import type { ListExperiments } from './system/status.ts';

type Home = OutputOf<'system/home'>;
type Decision = Home['decisions'][number];

/** What runs, what needs a decision, and what finished last. */
export function homeHandlers(
  { db }: Pick<BackendContext, 'db'>,
  listExperiments: ListExperiments,
): Handlers<'system/home'> {
  const exports = new ExportStore(db);
  return {
    'system/home': async () => {
      const experiments = await listExperiments();
      const finished = experiments
        .filter(({ state, finishedAt }) => state === 'finished' && finishedAt !== null)
        .sort((a, b) => b.finishedAt! - a.finishedAt!);
      return {
        running: experiments.find(({ state }) => state === 'running' || state === 'starting') ?? null,
        decisions: [
          ...experiments.flatMap((experiment) => decision(experiment) ?? []),
          ...exports.list().flatMap((made) => failedProof(made) ?? []),
        ],
        finished: finished.slice(0, 5).map((experiment) => ({
          experiment,
          verdict: verdict(experiment, finished),
        })),
      };
    },
  };
}

function decision({ id, name, state, fault, checkpointStep }: Experiment): Decision | undefined {
  if (state !== 'interrupted' && state !== 'failed') return undefined;
  const goOn = checkpointStep === null ? '' : ` It can go on from step ${checkpointStep}.`;
  return {
    kind: state,
    title: state === 'failed' ? `${name} failed` : `${name} was interrupted`,
    detail: `${fault?.message ?? 'It ended in the middle.'}${goOn}`,
    link: `/experiments/${id}`,
    experimentId: id,
  };
}

/** An export of which a proof fell short, when it was made or when it was looked at again. */
function failedProof({ id, name, targets }: StoredExport): Decision | undefined {
  const failed = targets.filter(({ state }) => state === 'failed');
  const [first] = failed;
  if (!first) return undefined;
  const which = failed.length === 1 ? targetText(first.target).name : `${failed.length} targets`;
  return {
    kind: 'failed',
    title: `${name}: the proof of ${which} failed`,
    detail: first.reason ?? 'It does not answer as the trained model does.',
    link: `/exports/${id}`,
    experimentId: null,
  };
}

/** One sentence against the best that was finished before it on the same version of the data. */
function verdict(experiment: Experiment, finished: readonly Experiment[]): string {
  const accuracy = experiment.metrics?.['accuracy'];
  if (accuracy === undefined) return 'It was not evaluated.';
  const shown = `Accuracy ${(100 * accuracy).toFixed(1)} %`;
  const before = finished
    .filter((other) => other.versionId === experiment.versionId && other.finishedAt! < experiment.finishedAt!)
    .flatMap(({ name, metrics }) => {
      const value = metrics?.['accuracy'];
      return value === undefined ? [] : [{ name, value }];
    })
    .sort((a, b) => b.value - a.value)
    .at(0);
  if (!before) return `${shown}, the first on this data.`;
  const points = 100 * (accuracy - before.value);
  if (Math.abs(points) < 0.05) return `${shown}, as ${before.name}.`;
  const side = points > 0 ? 'above' : 'below';
  return `${shown}, ${Math.abs(points).toFixed(1)} points ${side} the best before (${before.name}).`;
}
