import { createHash } from 'node:crypto';
import {
  baselinesSchema,
  type Baselines,
  type ExperimentSpec,
} from '../../../shared/contract/experiments.ts';
import { keepReport, readReport } from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';
import { existsSync } from 'node:fs';
import { ModelStore } from '../../storage/models.ts';

/** Everything that baselines depend on, hashed: they are kept with the data set version and cost nothing again. */
function keyOf(context: BackendContext, { modelId, modelOverrides, data }: ExperimentSpec): string {
  const known = new ModelStore(context.db).read(modelId);
  const model = known && existsSync(known.folder) ? known : null;
  const { padding, ...rows } = data;
  // Nothing trains here, so nothing is dropped.
  const overrides = Object.entries(modelOverrides).filter(([name]) => !name.includes('dropout'));
  const depends = [model?.sha256 ?? model?.folder ?? modelId, Object.fromEntries(overrides), rows];
  return `baselines:${createHash('sha256').update(JSON.stringify(depends)).digest('hex')}`;
}

/** The baselines of a spec's model and rows; null where they were not worked out yet. */
export function keptBaselines(context: BackendContext, spec: ExperimentSpec): Baselines | null {
  return readReport(context.db, spec.versionId, keyOf(context, spec), baselinesSchema) ?? null;
}

export function keepBaselines(context: BackendContext, spec: ExperimentSpec, found: Baselines): void {
  keepReport(context.db, spec.versionId, keyOf(context, spec), found);
}
