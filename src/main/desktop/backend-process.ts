// The backend's process under Electron: all application logic, and one port for each window.
import type { MessagePortMain } from 'electron';
import type { OutputOf } from '../../shared/contract.ts';
import { preferencesSchema } from '../../shared/contract/system.ts';
import { fault } from '../../shared/faults/index.ts';
import { openAlone, type Backend } from '../backend/backend.ts';
import { faultValue } from '../backend/jobs/jobs.ts';
import { DesktopHost } from './desktop-host.ts';
import { toBackendSchema, type ToMain } from './messages.ts';

const { parentPort } = process;
const post = (message: ToMain): void => parentPort.postMessage(message);

let host: DesktopHost | undefined;
let backend: Backend | undefined;
/** Windows that came before the files were open. */
const early: MessagePortMain[] = [];

parentPort.on('message', ({ data, ports }) => {
  const { data: message } = toBackendSchema.safeParse(data);
  if (!message) return;
  if (message.type === 'open') void open(message.dir, message.keyStore);
  else if (message.type === 'window') connect(ports[0]!);
  else if (message.type === 'busy') void tellBusy();
  else if (message.type === 'close') void close();
  else host?.receive(message);
});

async function open(dir: string, keyStore: boolean): Promise<void> {
  try {
    host = new DesktopHost(post, keyStore);
    const opened = await openAlone(dir, host.host());
    if ('holder' in opened) throw fault('store/in-use', { file: dir, pid: opened.holder.pid });
    opened.announce({ pid: process.pid, port: null, token: null });
    backend = opened;
  } catch (error) {
    return post({ type: 'refused', fault: faultValue('Opening the workspace', error) });
  }
  backend.app.onEvent(({ event, data }) => {
    if (event === 'settings/changed')
      post({ type: 'preferences', preferences: preferencesSchema.parse(data) });
  });
  const settings = await ask('settings/read');
  post({ type: 'opened', preferences: settings?.preferences ?? preferencesSchema.parse({}) });
  for (const port of early.splice(0)) connect(port);
}

/** Answers a window and sends it the events, until its port closes. */
function connect(port: MessagePortMain): void {
  if (!backend) return void early.push(port);
  const { app } = backend;
  const unsubscribe = app.onEvent((message) => port.postMessage(message));
  port.on('message', ({ data }) => {
    void app.answer(data).then((reply) => {
      if (reply) port.postMessage(reply);
    });
  });
  port.on('close', unsubscribe);
  port.start();
}

async function tellBusy(): Promise<void> {
  const home = await ask('system/home');
  post({ type: 'busy', running: home?.running?.name ?? null });
}

/** What the backend answers to a request without input; null where it refuses, or is not open. */
async function ask<Name extends 'settings/read' | 'system/home'>(
  method: Name,
): Promise<OutputOf<Name> | null> {
  const reply = await backend?.app.answer({ id: 0, method, input: {} });
  return reply && 'output' in reply ? (reply.output as OutputOf<Name>) : null;
}

async function close(): Promise<void> {
  await backend?.close();
  process.exit(0);
}
