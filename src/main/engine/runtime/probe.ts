// Started by the doctor in a process of its own, because a broken TensorFlow may crash the one it is loaded into.
// Prints one line of JSON: a ProbeAnswer.
import { matmulSpeed } from './matmul-speed.ts';
import type { ProbeAnswer } from './report.ts';
import { loadTensorFlow } from './tensorflow.ts';

function answer(): ProbeAnswer {
  try {
    const tf = loadTensorFlow();
    return { addonVersion: tf.version['tfjs-node'], ...matmulSpeed(tf) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

process.stdout.write(`\n${JSON.stringify(answer())}\n`);
