// Trains as `run` does, in a process of its own, and is killed at a step: node killed-run-test-support.ts OPTIONS STEP
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import type { optionsOf } from './test-support.ts';
import { train } from './train.ts';

const [options, step] = process.argv.slice(2) as [string, string];
const { config, ...rest } = JSON.parse(options) as ReturnType<typeof optionsOf>;
await train(
  { ...rest, config: parseTrainConfig(config, 'test').config },
  {
    signal: new AbortController().signal,
    onEvent(event) {
      // Not at once: what follows the step, a checkpoint perhaps, has begun by then.
      if (event.type === 'step' && event.step === Number(step))
        setTimeout(() => process.kill(process.pid, 'SIGKILL'));
    },
  },
);
