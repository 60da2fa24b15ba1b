import type { FaultText } from './fault.ts';

export const scriptsFaults = {
  'scripts/recipe-exists': (p: { name: string }) => ({
    message: `There is a recipe called ${p.name} already.`,
    remedy: 'Choose another name, or delete that one first.',
  }),
  'scripts/recipe-missing': (p: { name: string }) => ({
    message: `There is no recipe called ${p.name} any more.`,
    remedy: 'Open the list of recipes again.',
  }),
  'scripts/recipe-broken': (p: { file: string; reason: string }) => ({
    message: `${p.file} is no recipe: ${p.reason}.`,
    remedy: 'Correct the file, a config of graft train, or delete it.',
  }),
  'scripts/too-slow': (p: { seconds: number }) => ({
    message: `The script was not read within ${p.seconds} seconds.`,
    remedy: 'Paste only the part that sets up the model, the data and the training.',
  }),
  'scripts/unreadable': (_: object) => ({
    message: 'The text cannot be read as a Python script.',
    remedy: 'Paste the text of a .py file. Of a notebook, export the code as a script first.',
  }),
  'scripts/carriage-returns': (p: { file: string }) => ({
    message: `${p.file} has carriage returns in its texts and at its line ends, which pandas cannot tell apart.`,
    remedy: 'Save the file with line feeds as line ends, or as JSON Lines.',
  }),
  'scripts/token-ids': (p: { file: string }) => ({
    message: `${p.file} holds token ids instead of texts; a script starts from texts.`,
    remedy: 'Train on the texts themselves, and the run can be written as a script.',
  }),
  'scripts/rows': (p: { settings: readonly string[] }) => ({
    message: `The run reads its rows in a way that no script says yet: ${p.settings.join(', ')}.`,
    remedy: 'Import the file with these choices, export the data set version, and train on that.',
  }),
  'scripts/format': (p: { file: string; format: string }) => ({
    message: `${p.file} (${p.format}) is in a format that the datasets library does not load by itself.`,
    remedy: 'Import the file, export the data set version as .csv or .parquet, and train on that.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
