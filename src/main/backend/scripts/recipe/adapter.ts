import { isDeepStrictEqual } from 'node:util';
import { loraSettings } from '../../../../shared/settings/adapter.ts';
import { unsupportedFields } from '../../../engine/formats/adapter-config.ts';
import type { Reader } from '../python/reader.ts';
import { calledName, type Call } from '../python/values.ts';
import type { Findings } from './findings.ts';

/** PEFT's other configurations by the method they stand for. */
const otherMethods: Readonly<Record<string, string>> = {
  IA3Config: 'IA3',
  AdaLoraConfig: 'ADALORA',
  PrefixTuningConfig: 'PREFIX_TUNING',
  PromptTuningConfig: 'PROMPT_TUNING',
  PromptEncoderConfig: 'P_TUNING',
  VeraConfig: 'VERA',
  LoHaConfig: 'LOHA',
  LoKrConfig: 'LOKR',
  OFTConfig: 'OFT',
  BOFTConfig: 'BOFT',
};
/** The order of LoraConfig's arguments without names. */
const places = ['task_type', 'peft_type'];

/** PEFT trains and saves the head of a classifier by itself. */
const heads: ReadonlySet<unknown> = new Set(['classifier', 'score']);

/** What of `modules_to_save` is said beyond the head; null: nothing. */
function withoutHeads(names: unknown): unknown {
  if (!Array.isArray(names)) return names;
  const others = names.filter((name) => !heads.has(name));
  return others.length === 0 ? null : others;
}

/** The adapter's fields and the call that says them; null where the script trains the whole model. */
export function readAdapterFields(
  reader: Reader,
  findings: Findings,
): { fields: Record<string, unknown>; call: Call | undefined } | null {
  const { calls } = reader;
  const lora = calls.find((call) => calledName(call) === 'LoraConfig');
  if (lora) return { fields: loraFields(lora, findings), call: lora };
  const other = calls.find((call) => Object.hasOwn(otherMethods, calledName(call)));
  if (other) {
    const method = otherMethods[calledName(other)]!;
    findings.found('adapter.peft_type', other.line, method);
    findings.trap(
      'other-method',
      other.line,
      `The script trains by ${method}.`,
      'Graft trains LoRA, the head alone, or everything; choose one of them.',
    );
    return { fields: { peft_type: method }, call: other };
  }
  const [frozen] = reader.frozenAt;
  if (frozen === undefined) return null;
  findings.found('adapter.peft_type', frozen, 'HEAD_ONLY');
  const others = reader.trainedModules.filter((name) => !heads.has(name));
  return {
    fields: { peft_type: 'HEAD_ONLY', ...(others.length === 0 ? {} : { modules_to_save: others }) },
    call: undefined,
  };
}

function loraFields(call: Call, findings: Findings): Record<string, unknown> {
  const fields: Record<string, unknown> = { peft_type: 'LORA' };
  const read = findings.settings(call);
  call.args.forEach((arg, i) => {
    const name = places[i];
    const value = name === undefined ? undefined : findings.value(name, arg);
    if (name !== undefined && value && !read.has(name)) read.set(name, { ...value, line: arg.line });
  });
  for (const [name, { data, line }] of read) {
    if (name === 'inference_mode') {
      if (data !== true) continue;
      findings.trap(
        'inference-mode',
        line,
        'inference_mode=True freezes the adapter: nothing would be learnt.',
        'The recipe leaves it out. Take it out of the script too.',
      );
    } else if (name === 'task_type' || Object.hasOwn(loraSettings, name)) {
      if (data === null) continue;
      findings.found(`adapter.${name}`, line, data);
      const kept = name === 'modules_to_save' ? withoutHeads(data) : data;
      if (kept !== null) fields[name] = kept;
    } else if (unsupportedFields({ peft_type: 'LORA', [name]: data }).length > 0) {
      findings.trap(
        'not-supported',
        line,
        `LoraConfig's ${name} is not supported.`,
        `The recipe leaves ${name} out; the result differs from the script's.`,
      );
    }
  }
  return isDeepStrictEqual(fields, { peft_type: 'LORA' }) ? { ...fields, r: loraSettings.r.default } : fields;
}
