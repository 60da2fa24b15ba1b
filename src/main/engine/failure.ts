import type { FaultValue } from '../../shared/contract/message.ts';
import { fault } from '../../shared/faults/index.ts';
import { systemFault } from '../../shared/faults/system.ts';

/** What TensorFlow, C++ and V8 say when memory has run out. */
const memoryTexts = [
  'OOM when allocating',
  'RESOURCE_EXHAUSTED',
  'Resource exhausted',
  'failed to allocate',
  'Cannot allocate memory',
  'std::bad_alloc',
  'Array buffer allocation failed',
  'CUDA_ERROR_OUT_OF_MEMORY',
];

/** A failure of a job as the value that crosses the process border. */
export function faultOf(job: string, error: unknown): FaultValue {
  const known = systemFault(error);
  if (known) return known.toJSON();
  const detail = error instanceof Error ? error.message : String(error);
  if (memoryTexts.some((text) => detail.includes(text)))
    return fault('experiments/out-of-memory', {}, error).toJSON();
  return fault(
    'backend/defect',
    { method: job, detail: detail.split('\n')[0]!.replace(/\.$/, '') },
    error,
  ).toJSON();
}
