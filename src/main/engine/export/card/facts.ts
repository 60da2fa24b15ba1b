import { fault } from '../../../../shared/faults/index.ts';
import { controlCharacter } from '../../../../shared/quoting.ts';

/** What is known of a trained model beside its files. Nothing else stands in a card. */
export interface CardFacts {
  /** What the export is called. */
  name: string;
  /** What the base is called: a hub id, else a folder or a name. */
  modelName: string;
  /** The data set that it was trained on, as its owner calls it; null: not known. */
  dataName: string | null;
  /** Settings of the run by the names of LoraConfig and TrainingArguments; null: not known. */
  settings: Readonly<Record<string, unknown>> | null;
}

/** Names stand in snippets, cards and configs, which other programs read by the line. Throws `export/name`. */
export function requirePlain(what: string, name: string): void {
  const character = controlCharacter(name);
  if (character !== null) throw fault('export/name', { what, name, character });
}
