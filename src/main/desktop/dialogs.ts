import { dialog, shell, type OpenDialogOptions } from 'electron';
import { statSync } from 'node:fs';
import type { PickKind } from '../backend/host.ts';
import type { FaultValue } from '../../shared/contract/message.ts';

const pickers: Record<PickKind, OpenDialogOptions> = {
  'data-files': {
    title: 'Choose data files',
    properties: ['openFile', 'multiSelections'],
    filters: [
      { name: 'Data', extensions: ['csv', 'tsv', 'jsonl', 'ndjson', 'json', 'xlsx', 'parquet', 'txt'] },
      { name: 'All files', extensions: ['*'] },
    ],
  },
  'data-folder': { title: 'Choose a folder with one folder a class', properties: ['openDirectory'] },
  'model-folder': { title: "Choose a model's folder", properties: ['openDirectory'] },
  script: {
    title: 'Choose a Python script',
    properties: ['openFile'],
    filters: [{ name: 'Python', extensions: ['py', 'ipynb'] }],
  },
  'output-folder': { title: 'Choose a folder to write', properties: ['openDirectory', 'createDirectory'] },
};

/** The system's dialog over a window; null when the person closed it. */
export async function pick(
  window: Electron.BrowserWindow | undefined,
  kind: PickKind,
): Promise<string[] | null> {
  const options = pickers[kind];
  const { canceled, filePaths } = await (window
    ? dialog.showOpenDialog(window, options)
    : dialog.showOpenDialog(options));
  return canceled || filePaths.length === 0 ? null : filePaths;
}

/** Shows a file in its folder. Nothing is ever opened or started: a path may come from a data set. */
export function reveal(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })) return false;
  shell.showItemInFolder(path);
  return true;
}

/** Asks before a quit that interrupts an experiment. True: quit. */
export async function mayQuit(experiment: string): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: `“${experiment}” is running.`,
    detail: 'It keeps a checkpoint when Graft quits, and can go on from there at the next start.',
    buttons: ['Pause and Quit', 'Stay'],
    defaultId: 1,
    cancelId: 1,
  });
  return response === 0;
}

/** Says why the workspace cannot be opened. */
export function showRefusal({ message, remedy }: FaultValue): void {
  dialog.showErrorBox(message, remedy);
}
