import {
  events,
  methods,
  type EventName,
  type EventOf,
  type InputOf,
  type MethodName,
  type OutputOf,
} from './contract.ts';
import { eventSchema, replySchema, type FaultValue } from './contract/message.ts';

/** What carries messages: a WebSocket, a MessagePort, or two functions in a test. Values must be cloneable. */
export interface Transport {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
}

/** A request that the backend refused, with its words. */
export class RefusedError extends Error {
  readonly fault: FaultValue;
  constructor(fault: FaultValue) {
    super(fault.message);
    this.name = 'RefusedError';
    this.fault = fault;
  }
}

/** The words of a refused request; anything else is a defect and is thrown on. */
export function faultOf(error: unknown): FaultValue {
  if (error instanceof RefusedError) return error.fault;
  throw error;
}

const connectionLost: FaultValue = {
  code: 'backend/connection',
  message: 'The connection to Graft was lost.',
  remedy: 'It is tried again by itself; what runs goes on.',
};

/** Typed requests and events over a transport. Both directions are checked against the contract. */
export class RpcClient {
  private readonly transport: Transport;
  private readonly waiting = new Map<
    number,
    { name: MethodName; resolve: (value: never) => void; reject: (error: Error) => void }
  >();
  private readonly listeners = new Map<EventName, Set<(data: never) => void>>();
  private next = 1;
  private closed = false;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.onMessage((message) => this.receive(message));
    transport.onClose(() => {
      this.closed = true;
      for (const { reject } of this.waiting.values()) reject(new RefusedError(connectionLost));
      this.waiting.clear();
    });
  }

  /** Rejects with a RefusedError. */
  call<Name extends MethodName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
    if (this.closed) return Promise.reject(new RefusedError(connectionLost));
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { name, resolve, reject });
      this.transport.send({ id, method: name, input });
    });
  }

  /** Returns its own unsubscribe. */
  on<Name extends EventName>(name: Name, listener: (data: EventOf<Name>) => void): () => void {
    const all = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, all);
    all.add(listener);
    return () => void all.delete(listener);
  }

  private receive(message: unknown): void {
    const event = eventSchema.safeParse(message);
    if (event.success && Object.hasOwn(events, event.data.event)) {
      const name = event.data.event as EventName;
      const data = events[name].safeParse(event.data.data);
      if (data.success) for (const listener of this.listeners.get(name) ?? []) listener(data.data as never);
      return;
    }
    const reply = replySchema.safeParse(message);
    if (!reply.success) return;
    const waiting = this.waiting.get(reply.data.id);
    if (!waiting) return;
    this.waiting.delete(reply.data.id);
    if ('fault' in reply.data) return waiting.reject(new RefusedError(reply.data.fault));
    const output = methods[waiting.name].output.safeParse(reply.data.output);
    if (output.success) return waiting.resolve(output.data as never);
    const detail = output.error.issues[0];
    waiting.reject(
      new RefusedError({
        code: 'backend/answer',
        message: `The answer to ${waiting.name} is not valid: ${detail?.path.join('.')} ${detail?.message}.`,
        remedy: 'The window and the program are of different versions: start Graft again.',
      }),
    );
  }
}
