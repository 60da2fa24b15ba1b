import type { EventName, EventOf, InputOf, MethodName, OutputOf } from '../shared/contract.ts';
import type { Model } from '../shared/contract/models.ts';
import { requestSchema } from '../shared/contract/message.ts';
import { RpcClient } from '../shared/rpc-client.ts';

type Answers = { [Name in MethodName]?: (input: InputOf<Name>) => OutputOf<Name> | Promise<OutputOf<Name>> };

/** For tests: the real client over a transport that `answers` stand behind; what was asked is kept. */
export function fakeBackend(answers: Answers) {
  const asked: { method: string; input: unknown }[] = [];
  let receive: (message: unknown) => void = () => undefined;
  const rpc = new RpcClient({
    send(message) {
      const { id, method, input } = requestSchema.parse(message);
      asked.push({ method, input });
      const answer = answers[method as MethodName] as ((input: unknown) => unknown) | undefined;
      void Promise.resolve()
        .then(() => {
          if (!answer) throw new Error(`no answer to ${method}`);
          return answer(input);
        })
        .then(
          (output) => receive({ id, output }),
          (error: unknown) =>
            receive({
              id,
              fault: { code: 'test/refused', message: (error as Error).message, remedy: 'None.' },
            }),
        );
    },
    onMessage: (listener) => {
      receive = listener;
    },
    onClose: () => undefined,
  });
  return {
    rpc,
    asked,
    emit: <Name extends EventName>(event: Name, data: EventOf<Name>) => receive({ event, data }),
  };
}

export const sampleModel: Model = {
  id: 'm',
  name: 'prajjwal1/bert-tiny',
  source: 'hub',
  hubId: 'prajjwal1/bert-tiny',
  revision: null,
  folder: '/cache/bert-tiny',
  present: true,
  problem: null,
  architecture: 'bert',
  supported: true,
  unsupported: null,
  parameters: 4_386_178,
  layers: 2,
  hiddenSize: 128,
  maxLength: 512,
  headLabels: null,
  otherHead: null,
  licence: 'mit',
  bytes: 17_000_000,
  sha256: null,
  addedAt: 0,
  experiments: 0,
};
