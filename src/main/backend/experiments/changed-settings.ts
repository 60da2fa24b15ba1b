import { isFields, type Fields } from '../../../shared/fields.ts';
import { defaultMethod, methodOf } from '../../../shared/methods/index.ts';
import { defaultsOf } from '../../../shared/settings/setting.ts';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';

/** What has to be chosen is no change of a default. */
const chosen = new Set(['model', 'data.train', 'data.eval', 'adapter.peft_type', 'output_dir']);

/** Paths of a config's settings that differ from their defaults ("training.learning_rate"). */
export function changedSettings(config: Fields): string[] {
  const needed = { model: 'model', data: { train: 'train' }, adapter: { peft_type: defaultMethod.type } };
  const defaults = parseTrainConfig(needed, 'the defaults').config;
  const method = isFields(config['adapter']) ? methodOf(config['adapter']['peft_type']) : undefined;
  const adapter = defaultsOf(method?.settings ?? {});
  return differences('', config, { ...defaults, adapter }).filter((path) => !chosen.has(path));
}

function differences(prefix: string, value: Fields, defaults: Fields): string[] {
  return Object.entries(value).flatMap(([key, own]) => {
    const path = `${prefix}${key}`;
    const other = defaults[key];
    if (isFields(own) && isFields(other)) return differences(`${path}.`, own, other);
    return JSON.stringify(own ?? null) === JSON.stringify(other ?? null) ? [] : [path];
  });
}
