import {
  methods,
  type EventName,
  type EventOf,
  type Handlers,
  type MethodName,
} from '../../shared/contract.ts';
import { nothing, requestSchema, type EventMessage, type Reply } from '../../shared/contract/message.ts';
import { fault } from '../../shared/faults/index.ts';
import { faultValue } from './jobs/jobs.ts';

type AnyHandler = (input: unknown) => unknown;

/** Answers requests from the handlers of all areas and sends events to every connection. */
export class App {
  private readonly handlers = new Map<MethodName, AnyHandler>();
  private readonly listeners = new Set<(message: EventMessage) => void>();

  /** Throws when two areas answer one method. */
  add(area: Partial<Handlers>): void {
    for (const [name, handler] of Object.entries(area)) {
      if (this.handlers.has(name as MethodName)) throw new Error(`Two areas answer ${name}.`);
      this.handlers.set(name as MethodName, handler as AnyHandler);
    }
  }

  /** Methods of the contract that nothing answers. */
  missing(): string[] {
    return Object.keys(methods).filter((name) => !this.handlers.has(name as MethodName));
  }

  emit = <Name extends EventName>(event: Name, data: EventOf<Name>): void => {
    for (const listener of this.listeners) listener({ event, data });
  };

  /** Returns its own unsubscribe. */
  onEvent(listener: (message: EventMessage) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** The reply to one message of a transport; undefined for what is no request at all. */
  async answer(message: unknown): Promise<Reply | undefined> {
    const request = requestSchema.safeParse(message);
    if (!request.success) return undefined;
    const { id, method: name, input } = request.data;
    const handler = this.handlers.get(name as MethodName);
    if (!handler) return { id, fault: fault('backend/unknown-method', { method: name }).toJSON() };
    const parsed = methods[name as MethodName].input.safeParse(input);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const detail = `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
      return { id, fault: fault('backend/invalid-input', { method: name, detail }).toJSON() };
    }
    try {
      const output = await handler(parsed.data);
      return { id, output: methods[name as MethodName].output === nothing ? {} : output };
    } catch (error) {
      return { id, fault: faultValue(name, error) };
    }
  }
}
