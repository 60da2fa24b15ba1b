import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelTensorInfo, Tensor as TfTensor } from '@tensorflow/tfjs-node-gpu';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import { systemTemporary } from '../formats/temporary.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';
import type { Feeds, Graph, Signature, Values } from './graph.ts';
import { savedModelBytes } from './saved-model.ts';

interface LoadedSignature extends Pick<Signature, 'inputs'> {
  /** Each output with the name of its tensor. */
  outputs: [name: string, tensor: string][];
}

/** A graph loaded into TensorFlow, with its variables. `run` is synchronous: the process does nothing else. */
export class Session {
  private readonly id: number;
  private readonly loaded = new Map<string, LoadedSignature>();

  private constructor(id: number, { signatures }: Graph) {
    this.id = id;
    for (const [name, { inputs, outputs }] of signatures) {
      const tensors = Object.entries(outputs).map(([key, tensor]): [string, string] => [key, tensor.key]);
      this.loaded.set(name, { inputs, outputs: tensors });
    }
  }

  static async open(graph: Graph): Promise<Session> {
    const folder = systemTemporary('graph');
    try {
      await writeFile(path.join(folder, 'saved_model.pb'), savedModelBytes(graph));
      return new Session(backend().loadSavedModelMetaGraph(folder, 'serve'), graph);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Runs one signature. Every input must be fed; open axes take the length of what is fed. */
  run(name: string, feeds: Feeds): Record<string, Values> {
    const tf = loadTensorFlow();
    const loaded = this.loaded.get(name);
    if (!loaded) throw new Error(`The graph has no signature ${name}.`);
    const fed: ModelTensorInfo[] = [];
    const used: TfTensor[] = [];
    try {
      for (const [key, placeholder] of Object.entries(loaded.inputs)) {
        const feed = feeds[key];
        if (!feed) throw new Error(`Signature ${name} needs ${key}.`);
        const data = 'data' in feed ? feed.data : feed;
        const shape =
          'data' in feed ? feed.shape : placeholder.shape.map((size) => (size < 0 ? data.length : size));
        const dtype = data instanceof Int32Array ? 'int32' : 'float32';
        used.push(tf.tensor(data, [...shape], dtype));
        fed.push({ name: placeholder.key, dtype });
      }
      const names = loaded.outputs.map(([, tensor]) => tensor);
      const outputs = backend().runSavedModel(this.id, used, fed, names);
      used.push(...outputs);
      return Object.fromEntries(
        loaded.outputs.map(([key], index) => [key, outputs[index]!.dataSync() as Values]),
      );
    } finally {
      for (const tensor of used) tensor.dispose();
    }
  }

  close(): void {
    backend().deleteSavedModel(this.id);
  }
}

/** Feeds the parameters that each loading signature wants. Closes the session where `read` throws. */
export async function loadParameters(
  session: Session,
  loading: ReadonlyMap<string, readonly string[]>,
  read: (name: string) => Promise<Float32Array>,
): Promise<void> {
  try {
    for (const [signature, names] of loading) {
      const feeds: Record<string, Float32Array> = {};
      for (const name of names) feeds[name] = await read(name);
      session.run(signature, feeds);
    }
  } catch (error) {
    session.close();
    throw error;
  }
}

/** Its own calls: `tf.node.loadSavedModel` would read the whole graph back in JavaScript, once a signature. */
const backend = (): NodeJSKernelBackend => loadTensorFlow().backend() as NodeJSKernelBackend;
