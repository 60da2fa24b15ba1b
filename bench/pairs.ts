import { runChild, type ChildResult, type Command } from './child.ts';
import type { Measure } from './measures.ts';
import type { Measured, Pair } from './report.ts';

/** Runs Graft and the reference in turn, `runs` times each, never two at once. */
export async function runPairs(
  measure: Measure,
  runs: number,
  say: (text: string) => void,
  start: (command: Command) => Promise<ChildResult> = runChild,
): Promise<Measured> {
  const pairs: Pair[] = [];
  for (let run = 0; run < runs; run++) {
    const timed = async (side: string, command: Command) => {
      const result = await start(command);
      say(`${measure.title}: pair ${run + 1} of ${runs}, ${side} ${result.wholeSeconds.toFixed(1)} s`);
      return result;
    };
    const graft = await timed('Graft', measure.graft(run));
    const reference = await timed('PyTorch', measure.reference(run));
    pairs.push({ graft, reference });
  }
  return { title: measure.title, quantities: measure.quantities, pairs };
}
