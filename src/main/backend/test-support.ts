import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import {
  events,
  methods,
  type EventName,
  type EventOf,
  type InputOf,
  type MethodName,
  type OutputOf,
} from '../../shared/contract.ts';
import type { EventMessage } from '../../shared/contract/message.ts';
import { RefusedError } from '../../shared/rpc-client.ts';
import { openBackend, type Backend } from './backend.ts';
import { testHost } from './test-support-host.ts';

export interface TestBackend extends Backend {
  dir: string;
  host: ReturnType<typeof testHost>;
  /** Every event so far. */
  seen: EventMessage[];
  /** As a window calls; both directions are checked. Rejects with a RefusedError that carries the fault. */
  call<Name extends MethodName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
  /** The first event of this name that fulfils `wanted`, among those seen already or those to come. */
  event<Name extends EventName>(
    name: Name,
    wanted?: (data: EventOf<Name>) => boolean,
  ): Promise<EventOf<Name>>;
  /** The same among those to come. */
  nextEvent<Name extends EventName>(
    name: Name,
    wanted?: (data: EventOf<Name>) => boolean,
  ): Promise<EventOf<Name>>;
}

/** A folder for a workspace, that goes when the test ends. */
export async function workspaceFolder(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'graft-workspace-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** An opened backend with the real engine, in a new workspace or in `dir`; closed when the test ends. */
export async function testBackend(dir?: string): Promise<TestBackend> {
  const folder = dir ?? (await workspaceFolder());
  const host = testHost();
  const backend = await openBackend(folder, host);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= backend.close());
  onTestFinished(close);
  const seen: EventMessage[] = [];
  backend.app.onEvent((message) => void seen.push(message));
  let id = 0;

  const valid = <Name extends EventName>(message: EventMessage, name: Name): EventOf<Name> | undefined =>
    message.event === name ? (events[name].parse(message.data) as EventOf<Name>) : undefined;
  const nextEvent: TestBackend['nextEvent'] = (name, wanted = () => true) =>
    new Promise((resolve) => {
      const off = backend.app.onEvent((message) => {
        const data = valid(message, name);
        if (data === undefined || !wanted(data)) return;
        off();
        resolve(data);
      });
    });
  return {
    ...backend,
    close,
    dir: folder,
    host,
    seen,
    nextEvent,
    event: (name, wanted = () => true) => {
      for (const message of seen) {
        const data = valid(message, name);
        if (data !== undefined && wanted(data)) return Promise.resolve(data);
      }
      return nextEvent(name, wanted);
    },
    call: async <Name extends MethodName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> => {
      const reply = await backend.app.answer({ id: ++id, method: name, input });
      if (!reply) throw new Error(`${name} got no reply.`);
      if ('fault' in reply) throw new RefusedError(reply.fault);
      return methods[name].output.parse(reply.output) as OutputOf<Name>;
    },
  };
}
