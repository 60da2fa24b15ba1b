import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { NamedTensorMap, Tensor as TfTensor } from '@tensorflow/tfjs-node-gpu';
import { systemTemporary } from '../formats/temporary.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';
import type { Feeds, Graph, Signature, Values } from './graph.ts';
import { savedModelBytes } from './saved-model.ts';

interface LoadedSignature extends Pick<Signature, 'inputs'> {
  model: Awaited<ReturnType<ReturnType<typeof loadTensorFlow>['node']['loadSavedModel']>>;
}

/** A graph loaded into TensorFlow, with its variables. `run` is synchronous: the process does nothing else. */
export class Session {
  private readonly loaded: ReadonlyMap<string, LoadedSignature>;

  private constructor(loaded: ReadonlyMap<string, LoadedSignature>) {
    this.loaded = loaded;
  }

  static async open(graph: Graph): Promise<Session> {
    const tf = loadTensorFlow();
    const folder = systemTemporary('graph');
    try {
      await writeFile(path.join(folder, 'saved_model.pb'), savedModelBytes(graph));
      const loaded = new Map<string, LoadedSignature>();
      for (const [name, { inputs }] of graph.signatures)
        loaded.set(name, { inputs, model: await tf.node.loadSavedModel(folder, ['serve'], name) });
      return new Session(loaded);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Runs one signature. Every input must be fed; open axes take the length of what is fed. */
  run(name: string, feeds: Feeds): Record<string, Values> {
    const tf = loadTensorFlow();
    const loaded = this.loaded.get(name);
    if (!loaded) throw new Error(`The graph has no signature ${name}.`);
    const inputs: NamedTensorMap = {};
    const used: TfTensor[] = [];
    try {
      for (const [key, placeholder] of Object.entries(loaded.inputs)) {
        const feed = feeds[key];
        if (!feed) throw new Error(`Signature ${name} needs ${key}.`);
        const data = 'data' in feed ? feed.data : feed;
        const shape =
          'data' in feed ? feed.shape : placeholder.shape.map((size) => (size < 0 ? data.length : size));
        const dtype = data instanceof Int32Array ? 'int32' : 'float32';
        const tensor = tf.tensor(data, [...shape], dtype);
        inputs[key] = tensor;
        used.push(tensor);
      }
      const outputs = loaded.model.predict(inputs) as NamedTensorMap;
      const values: Record<string, Values> = {};
      for (const [key, tensor] of Object.entries(outputs)) {
        used.push(tensor);
        values[key] = tensor.dataSync() as Values;
      }
      return values;
    } finally {
      for (const tensor of used) tensor.dispose();
    }
  }

  close(): void {
    for (const { model } of this.loaded.values()) model.dispose();
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
