import { openCheckpoint } from '../formats/checkpoint.ts';
import { readModelConfig } from '../formats/model-config.ts';

/** Labels of the classification head in a checkpoint folder, or null when it has none. Throws `formats/…`, `files/…`. */
export async function headLabels(folder: string): Promise<readonly string[] | null> {
  const file = await openCheckpoint(folder);
  await file.close();
  const size = file.tensors.get('classifier.weight')?.shape[0];
  const { id2label } = await readModelConfig(folder);
  return size === id2label.length ? id2label : null;
}
