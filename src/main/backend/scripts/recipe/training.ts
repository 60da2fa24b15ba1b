import { Fault } from '../../../../shared/faults/index.ts';
import { rangeText, schemaOf } from '../../../../shared/settings/setting.ts';
import { trainingSettings } from '../../../../shared/settings/training.ts';
import { resolveTrainingArguments } from '../../../../shared/settings/training-arguments.ts';
import {
  argument,
  calledName,
  constantOf,
  numberOf,
  plain,
  textOf,
  type Call,
  type Value,
} from '../python/values.ts';
import type { Findings } from './findings.ts';

/** Older names, and what they are called today. */
const renamed: Readonly<Record<string, string>> = {
  evaluation_strategy: 'eval_strategy',
  per_gpu_train_batch_size: 'per_device_train_batch_size',
  per_gpu_eval_batch_size: 'per_device_eval_batch_size',
  no_cuda: 'use_cpu',
  overwrite_output_dir: 'nothing: it is gone in transformers 5',
};
const perGpu = new Set(['per_gpu_train_batch_size', 'per_gpu_eval_batch_size']);
/** Names that set nothing of the arithmetic, and need no word. */
const quiet = new Set(['output_dir', 'report_to', 'logging_dir', 'run_name', 'push_to_hub']);
/** Written 1e-4 in a script, and as it is there in the recipe. */
const halfPrecision = new Set(['fp16', 'fp16_full_eval']);

/** TrainingArguments as Graft takes them: older names resolved, those without an effect named. */
export function readTraining(call: Call | undefined, findings: Findings): Record<string, unknown> {
  const training: Record<string, unknown> = {};
  if (!call) return training;
  for (const [given, placed] of call.named) {
    const { line } = placed;
    if (given in renamed) {
      findings.trap(
        'deprecated-name',
        line,
        `${given} is an older name.`,
        `Today it is ${renamed[given]!}. The recipe has today's name.`,
      );
    }
    if (halfPrecision.has(given)) {
      if (constantOf(placed.value) !== false) readFp16(given, line, findings);
      continue;
    }
    if (quiet.has(given)) continue;
    const name = perGpu.has(given) ? renamed[given]! : given;
    const known = findings.value(name, placed);
    if (known) take(name, known.data, line, training, findings);
  }
  return training;
}

function readFp16(name: string, line: number, findings: Findings): void {
  findings.trap(
    'fp16',
    line,
    `${name} needs a GPU: without one the script stops, and on some models its losses overflow.`,
    'Set precision to bf16 for half precision; the recipe leaves fp16 out.',
  );
}

function take(
  name: string,
  value: unknown,
  line: number,
  training: Record<string, unknown>,
  findings: Findings,
): void {
  const data = typeof value === 'string' ? value.toLowerCase() : value;
  try {
    const { fields, notes } = resolveTrainingArguments({ [name]: data }, 'script');
    for (const [setting, one] of Object.entries(fields)) {
      const known = trainingSettings[setting as keyof typeof trainingSettings];
      if (!schemaOf({ [setting]: known }).safeParse({ [setting]: one }).success) {
        const message = `${setting} is ${JSON.stringify(one)}; it takes ${rangeText(known)}.`;
        findings.trap('not-supported', line, message, 'It is left out of the recipe.');
        continue;
      }
      // Arguments come one by one here; beside bf16 nothing is left for tf32 to round.
      if (one === 'tf32' && training[setting] === 'bf16') continue;
      training[setting] = one;
      findings.found(`training.${setting}`, line, one);
    }
    if (notes.length > 0) {
      const why = notes[0]!.split('has no effect: ')[1] ?? '';
      findings.trap(
        'no-effect',
        line,
        `${name} has no effect in Graft: ${why}`,
        'It is left out of the recipe.',
      );
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const text = error.message.replace(/^script: training\./, '');
    findings.trap('not-supported', line, text, error.remedy);
  }
}

/** `EarlyStoppingCallback(early_stopping_patience=3)`. */
export function readEarlyStopping(
  calls: readonly Call[],
  training: Record<string, unknown>,
  findings: Findings,
): void {
  const call = calls.find((one) => calledName(one) === 'EarlyStoppingCallback');
  if (!call) return;
  const patience = numberOf(call.named.get('early_stopping_patience')?.value ?? call.args[0]?.value) ?? 1;
  training['early_stopping_patience'] = patience;
  findings.found('training.early_stopping_patience', call.line, patience);
  const threshold = numberOf(call.named.get('early_stopping_threshold')?.value ?? call.args[1]?.value);
  if (threshold !== undefined) training['early_stopping_threshold'] = threshold;
}

/** The weights of a loss of the script's own: a list, or `compute_class_weight("balanced", …)`. */
export function readClassWeights(
  calls: readonly Call[],
  training: Record<string, unknown>,
  findings: Findings,
): void {
  const loss = calls.find((call) => /^(cross_entropy|CrossEntropyLoss)$/.test(calledName(call)));
  const given =
    loss?.named.get('weight') ?? (loss && calledName(loss) === 'CrossEntropyLoss' ? loss.args[0] : undefined);
  if (!given) return;
  const weights = weightsOf(given.value);
  if (weights === undefined) return;
  training['class_weights'] = weights;
  findings.found('training.class_weights', given.line, weights);
}

/** Behind `torch.tensor(…)` and the methods that move it. */
function weightsOf(value: Value): 'balanced' | number[] | undefined {
  let at: Value | undefined = value;
  for (let hops = 0; at?.kind === 'call' && hops < 20; hops++) {
    const { call }: { call: Call } = at;
    if (calledName(call) === 'compute_class_weight') {
      return textOf(argument(call, 'class_weight', 0)?.value) === 'balanced' ? 'balanced' : undefined;
    }
    at = call.args[0]?.value ?? (call.callee.kind === 'member' ? call.callee.of : undefined);
  }
  const data = at && plain(at)?.data;
  return Array.isArray(data) && data.length > 0 && data.every((one) => typeof one === 'number')
    ? data
    : undefined;
}
