import { isDeepStrictEqual } from 'node:util';
import { lora } from '../../../../shared/methods/lora.ts';
import { loraSettings } from '../../../../shared/settings/adapter.ts';
import { rangeText, schemaOf, type Setting } from '../../../../shared/settings/setting.ts';
import { unsupportedFields } from '../../../engine/formats/adapter-config.ts';
import type { Reader } from '../python/reader.ts';
import {
  argument,
  calledName,
  constantOf,
  ownerName,
  textOf,
  type Call,
  type Value,
} from '../python/values.ts';
import { commit, dropDependents, type Group, type Taken } from './dependent.ts';
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

export const ownHead = 'Graft trains the head that transformers has for this architecture.';

/** PEFT trains and saves the head of a classifier by itself. */
const heads: ReadonlySet<unknown> = new Set(['classifier', 'score']);

/** What of `modules_to_save` is said beyond the head; null: nothing. */
function withoutHeads(names: unknown): unknown {
  if (!Array.isArray(names)) return names;
  const others = names.filter((name) => !heads.has(name));
  return others.length === 0 ? null : others;
}

const groups: readonly Group[] = [
  { names: ['r', 'lora_alpha', 'use_rslora', 'rank_pattern', 'alpha_pattern'] },
  {
    names: ['target_modules', 'exclude_modules', 'layers_to_transform', 'layers_pattern'],
    needs: ['target_parameters'],
  },
];

export interface AdapterRead {
  /** Null: the whole model trains. Undefined: how the script trains is not known. */
  fields: Record<string, unknown> | null | undefined;
  call: Call | undefined;
}

/** The adapter's fields and the call that says them. `trains`: whether the script trains a model at all. */
export function readAdapterFields(reader: Reader, trains: boolean, findings: Findings): AdapterRead {
  const { calls } = reader;
  const [first, second] = calls.filter((call) => calledName(call) === 'LoraConfig');
  if (second) findings.notUnderstood(second.line, 'A second LoraConfig; the recipe has the first one.');
  if (first) return { fields: loraFields(first, findings), call: first };
  const other = calls.find((call) => Object.hasOwn(otherMethods, calledName(call)));
  if (other) {
    const method = otherMethods[calledName(other)]!;
    findings.trap(
      'other-method',
      other.line,
      `The script trains by ${method}.`,
      'Graft trains LoRA, the head alone, or everything; choose one of them.',
    );
    return { fields: undefined, call: other };
  }
  const loaded = calls.find(isAdapterOf);
  if (loaded) {
    const folder = textOf(argument(loaded, 'model_id', ownerName(loaded) === 'PeftModel' ? 1 : 0)?.value);
    findings.trap(
      'init-adapter',
      loaded.line,
      `The script goes on from the adapter ${folder ?? 'that it loads here'}, whose method and base model do not stand in it.`,
      'Choose model and method in the form. To train its weights further: init_adapter in a config of graft train.',
    );
    return { fields: undefined, call: loaded };
  }
  const [frozen, ...more] = frozenAt(reader);
  if (frozen === undefined) return { fields: trains ? null : undefined, call: undefined };
  const partly = [frozen, ...more].find(({ part }) => part !== null);
  if (partly) {
    findings.trap(
      'other-method',
      partly.line,
      `Only a part of the weights is frozen${partly.part === '' ? '' : `: where ${partly.part!}`}.`,
      'Graft trains LoRA, the head alone, or everything; choose one of them.',
    );
    return { fields: undefined, call: undefined };
  }
  findings.found('adapter.peft_type', frozen.line, 'HEAD_ONLY');
  const others = trainedModules(calls).filter((name) => !heads.has(name));
  return {
    fields: { peft_type: 'HEAD_ONLY', ...(others.length === 0 ? {} : { modules_to_save: others }) },
    call: undefined,
  };
}

const isHead = (text: string): boolean => /classifier|score|head/.test(text);

/** What switches off the training of weights; `part`: not all but the head, and on what condition. */
function frozenAt({ fieldsSet, calls }: Reader): { line: number; part: string | null }[] {
  const switches = calls.filter((call) => calledName(call) === 'requires_grad_');
  return [
    ...fieldsSet.filter(({ name }) => name === 'requires_grad'),
    ...switches.map((call) => ({
      of: call.callee.kind === 'member' ? call.callee.of : call.callee,
      value: argument(call, 'requires_grad', 0)?.value,
      ...pick(call),
    })),
  ]
    .filter(({ value }) => constantOf(value) === false)
    .sort((a, b) => a.line - b.line)
    .map(({ of, line, condition }) => {
      const where = condition === null || /^(async )?for\b/.test(condition) ? '' : condition;
      return { line, part: (where === '' || isHead(where)) && isWholeModel(of) ? null : where };
    });
}

const pick = ({ line, condition }: Call): Pick<Call, 'line' | 'condition'> => ({ line, condition });

/** Modules that are switched on again: `model.classifier.requires_grad_(True)`, `model.get_submodule("bert.pooler")` too. */
function trainedModules(calls: readonly Call[]): string[] {
  return calls.flatMap((call) => {
    const { callee } = call;
    const isOn = constantOf(argument(call, 'requires_grad', 0)?.value) ?? true;
    if (callee.kind !== 'member' || callee.name !== 'requires_grad_' || isOn === false) return [];
    const { of } = callee;
    if (of.kind === 'member') return [of.name];
    const isNamed = of.kind === 'call' && calledName(of.call) === 'get_submodule';
    return isNamed ? [textOf(of.call.args[0]?.value) ?? ''] : [];
  });
}

/** Whether weights are those of a model, or of its encoder: `model.bert.parameters()`, also one of them in a loop. */
function isWholeModel(value: Value): boolean {
  if (value.kind === 'unknown') return value.over !== undefined && isWholeModel(value.over);
  if (value.kind === 'item') return isWholeModel(value.of);
  if (value.kind === 'member') return value.of.kind !== 'member' && !isHead(value.name);
  if (value.kind !== 'call') return value.kind === 'parameter';
  const { callee } = value.call;
  const isList = callee.kind === 'member' && /^(named_)?parameters$/.test(callee.name);
  return isList ? isWholeModel(callee.of) : true;
}

/** `AutoPeftModel….from_pretrained(folder)`, `PeftModel.from_pretrained(base, folder)`. */
export const isAdapterOf = (call: Call): boolean =>
  calledName(call) === 'from_pretrained' && /^(AutoPeftModel|PeftModel|PeftConfig)/.test(ownerName(call));

function loraFields(call: Call, findings: Findings): Record<string, unknown> {
  const taken: Taken = { values: new Map(), lost: new Map() };
  const given = new Map(call.named);
  call.args.forEach((arg, i) => {
    const name = places[i];
    if (name !== undefined && !given.has(name)) given.set(name, arg);
  });
  for (const [name, placed] of given) {
    const { line } = placed;
    const known = findings.value(name, placed);
    if (!known) {
      taken.lost.set(name, line);
      continue;
    }
    const { data } = known;
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
      const why = name === 'task_type' ? null : refused(name as keyof typeof loraSettings, data);
      if (why === null) taken.values.set(name, { data, line });
      else {
        findings.trap('not-supported', line, `${name} is ${JSON.stringify(data)}; it takes ${why}.`, leftOut);
        taken.lost.set(name, line);
      }
    } else if (unsupportedFields({ [name]: data }, lora).length > 0) {
      findings.trap(
        'not-supported',
        line,
        `LoraConfig's ${name} is not supported.`,
        `The recipe leaves ${name} out; the result differs from the script's.`,
      );
      taken.lost.set(name, line);
    }
  }
  dropDependents(taken, groups, findings);
  const { modules_to_save: modules, ...others } = commit(taken, 'adapter', findings);
  const kept = withoutHeads(modules) ?? null;
  const fields = { peft_type: 'LORA', ...others, ...(kept === null ? {} : { modules_to_save: kept }) };
  return isDeepStrictEqual(fields, { peft_type: 'LORA' }) ? { ...fields, r: loraSettings.r.default } : fields;
}

const leftOut = "It is left out of the recipe; the result differs from the script's.";

/** What a setting of LoRA takes where it does not take the value; null: it does. */
function refused(name: keyof typeof loraSettings, data: unknown): string | null {
  const setting: Setting = loraSettings[name];
  const isOther =
    setting.type === 'switch or choice' && typeof data === 'string' && !setting.choices.includes(data);
  return !isOther && schemaOf({ [name]: setting }).safeParse({ [name]: data }).success
    ? null
    : rangeText(setting);
}
