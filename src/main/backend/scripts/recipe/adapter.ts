import type { Recipe } from '../../../../shared/contract/scripts.ts';
import {
  frozenMethod,
  laterTypeOfClass,
  methodOfClass,
  trainableInWords,
} from '../../../../shared/methods/index.ts';
import type { Method } from '../../../../shared/methods/method.ts';
import { defaultsOf, rangeText, schemaOf } from '../../../../shared/settings/setting.ts';
import { unsupportedFields } from '../../../engine/formats/adapter-config.ts';
import type { Reader } from '../python/reader.ts';
import { constantOf, textOf, type Call, type Value } from '../python/values.ts';
import { Section, type ScriptReading } from './script-reading.ts';

/** The order of PEFT's arguments without names. */
const positions = ['task_type', 'peft_type'];

/** PEFT trains and saves the head of a classifier by itself. */
const heads: ReadonlySet<unknown> = new Set(['classifier', 'score']);

/** What of `modules_to_save` is said beyond the head. */
function withoutHeads(names: unknown): { modules_to_save?: unknown } {
  const others = Array.isArray(names) ? names.filter((name) => !heads.has(name)) : names;
  return others == null || (Array.isArray(others) && others.length === 0) ? {} : { modules_to_save: others };
}

/**
 * The adapter's fields; null: the whole model trains, undefined: how the script trains is not known. `trains`: whether it
 * trains a model at all.
 */
export function readAdapterFields(trains: boolean, script: ScriptReading): Recipe['adapter'] {
  const { calls } = script;
  const trainable = trainableInWords();
  const [first, second] = calls.filter((call) => methodOfClass(call.name));
  if (second) script.notTaken('another', second.line, { what: second.name, has: 'has' });
  script.adapter = first;
  if (first) return fieldsOf(first, methodOfClass(first.name)!, script);
  const other = calls.find((call) => laterTypeOfClass(call.name));
  if (other) {
    script.trap('other-method', other.line, { method: laterTypeOfClass(other.name)!, trainable });
    script.adapter = other;
    return undefined;
  }
  const loaded = calls.find(isAdapterOf);
  if (loaded) {
    const folder = loaded.text('model_id', loaded.owner === 'PeftModel' ? 1 : 0);
    script.trap('init-adapter', loaded.line, { folder: folder ?? 'that it loads here' });
    script.adapter = loaded;
    return undefined;
  }
  const frozen = frozenAt(script.reader);
  if (frozen.length === 0) return trains ? null : undefined;
  const partly = frozen.find(({ part }) => part !== null);
  if (partly) {
    const where = partly.part === '' ? '' : `: where ${partly.part!}`;
    script.trap('other-method/frozen', partly.line, { where, trainable });
    return undefined;
  }
  script.found('adapter.peft_type', frozen[0]!.line, frozenMethod.type);
  return { peft_type: frozenMethod.type, ...withoutHeads(trainedModules(calls)) };
}

const isHead = (text: string): boolean => /classifier|score|head/.test(text);

/** What switches off the training of weights; `part`: not all but the head, and on what condition. */
function frozenAt({ fieldsSet, calls }: Reader): { line: number; part: string | null }[] {
  const switched = calls.flatMap((call) => {
    const { callee, line, condition } = call;
    const value = call.argument('requires_grad', 0)?.value;
    return callee.kind === 'member' && callee.name === 'requires_grad_'
      ? [{ of: callee.of, value, line, condition }]
      : [];
  });
  return [...fieldsSet.filter(({ name }) => name === 'requires_grad'), ...switched]
    .filter(({ value }) => constantOf(value) === false)
    .sort((a, b) => a.line - b.line)
    .map(({ of, line, condition }) => {
      const where = condition === null || /^(async )?for\b/.test(condition) ? '' : condition;
      return { line, part: (where === '' || isHead(where)) && isWholeModel(of) ? null : where };
    });
}

/** Modules that are switched on again: `model.classifier.requires_grad_(True)`, `model.get_submodule("bert.pooler")` too. */
function trainedModules(calls: readonly Call[]): string[] {
  return calls.flatMap((call) => {
    const { callee } = call;
    const isOn = call.constant('requires_grad', 0) ?? true;
    if (callee.kind !== 'member' || callee.name !== 'requires_grad_' || isOn === false) return [];
    const { of } = callee;
    if (of.kind === 'member') return [of.name];
    const isNamed = of.kind === 'call' && of.call.name === 'get_submodule';
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
  call.name === 'from_pretrained' && /^(AutoPeftModel|PeftModel|PeftConfig)/.test(call.owner);

function fieldsOf(call: Call, method: Method, script: ScriptReading): Record<string, unknown> {
  const section = new Section(script);
  const positional = call.args.slice(0, positions.length).map((arg, i) => [positions[i]!, arg] as const);
  for (const [name, given] of new Map([
    ...call.named,
    ...positional.filter(([key]) => !call.named.has(key)),
  ])) {
    const { line } = given;
    const known = script.value(name, given);
    const range = known && name !== 'task_type' ? refusal(name, method, known.data) : null;
    if (!known) section.lose(name, line);
    else if (name === 'inference_mode') {
      if (known.data === true) script.trap('inference-mode', line, {});
    } else if (name === 'task_type' || Object.hasOwn(method.settings, name)) {
      if (range !== null) {
        script.trap('not-supported/adapter', line, { name, value: known.data, range });
        section.lose(name, line);
      } else if (known.data !== null) section.values.set(name, { data: known.data, line });
    } else if (unsupportedFields({ [name]: known.data }, method).length > 0) {
      script.trap('not-supported/field', line, { config: call.name, name });
      section.lose(name, line);
    }
  }
  section.dropDependents(method.peft?.groups ?? []);
  const { modules_to_save: modules, ...others } = section.commit('adapter');
  const told = { ...others, ...withoutHeads(modules) };
  // Nothing said is the method with its first setting's default.
  const initial = Object.fromEntries(Object.entries(defaultsOf(method.settings)).slice(0, 1));
  return { peft_type: method.type, ...(Object.keys(told).length === 0 ? initial : told) };
}

/** What a setting takes where it does not take the value; null: it does, or leaves the default. */
function refusal(name: string, method: Method, data: unknown): string | null {
  const setting = method.settings[name];
  if (!setting || data === null) return null;
  const isOther =
    setting.type === 'switch or choice' && typeof data === 'string' && !setting.choices.includes(data);
  return !isOther && schemaOf({ [name]: setting }).safeParse({ [name]: data }).success
    ? null
    : rangeText(setting);
}
