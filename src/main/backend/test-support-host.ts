import { forkEngine } from '../web/web-host.ts';
import type { EngineProcess, Host } from './host.ts';
import { windowlessHost } from './host.ts';

/** A host without a window. `engines`: every engine process that was started, the last one at the end. */
export function testHost(): Host & { engines: EngineProcess[]; notices: { title: string; body: string }[] } {
  const engines: EngineProcess[] = [];
  const notices: { title: string; body: string }[] = [];
  const startEngine = (): EngineProcess => {
    const engine = forkEngine();
    engines.push(engine);
    return engine;
  };
  return {
    // Behind a window the machine's speed is measured soon after the start, beside whatever is tested.
    ...windowlessHost('cli', startEngine, true),
    engines,
    notices,
    notify: (title, body) => void notices.push({ title, body }),
  };
}
