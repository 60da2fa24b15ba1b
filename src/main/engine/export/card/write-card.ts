import path from 'node:path';
import { writeFileAtomic } from '../../formats/atomic.ts';
import type { TrainedModel } from '../trained-model.ts';
import type { CardFacts } from './facts.ts';
import { licenceOf } from './licence.ts';
import { modelCard, type Card } from './model-card.ts';
import { readAdapterFacts, readRunFacts } from './run-facts.ts';

/** Writes README.md into an export's folder. Throws what `writeFileAtomic` throws. */
export async function writeCard(
  folder: string,
  { model, adapterFolder }: TrainedModel,
  facts: CardFacts,
  proof: Card['proof'],
): Promise<void> {
  const card = modelCard({
    ...facts,
    proof,
    licence: await licenceOf(model),
    run: await readRunFacts(adapterFolder),
    adapterSettings: await readAdapterFacts(adapterFolder),
  });
  await writeFileAtomic(path.join(folder, 'README.md'), card);
}
