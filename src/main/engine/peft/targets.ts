/** Which modules an adapter goes to, by the rules of PEFT 0.21 (`check_target_module_exists`, `get_pattern_key`). */
import { fault } from '../../../shared/faults/index.ts';
import { walk, type ModuleNode } from '../models/module-tree.ts';

export interface TargetRules {
  target_modules: string | readonly string[] | null;
  exclude_modules: string | readonly string[] | null;
  modules_to_save: readonly string[] | null;
  layers_to_transform: number | readonly number[] | null;
  layers_pattern: string | readonly string[] | null;
}

/** The classification heads that `all-linear` leaves out. */
const HEAD_NAMES = ['score', 'classifier'];

/** Paths of the linear modules that the rules choose, in the model's order. */
export function targetedModules(model: ModuleNode, rules: TargetRules): string[] {
  const linear = [...walk(model)].filter(({ node }) => node.type === 'Linear').map(({ path }) => path);
  const chosen = linear.filter((path) => isTarget(path, rules, linear));
  if (chosen.length === 0) {
    throw fault('peft/no-target', {
      target: JSON.stringify(rules.target_modules),
      available: [...new Set(linear.map((path) => path.split('.').at(-1)!))],
    });
  }
  return chosen;
}

function isTarget(path: string, rules: TargetRules, linear: readonly string[]): boolean {
  if (isExcluded(path, rules)) return false;
  const { target_modules: targets } = rules;
  if (targets === null) throw fault('peft/no-target-modules', {});
  if (typeof targets === 'string') {
    if (targets.toLowerCase() !== 'all-linear')
      return pythonRegex('^(?:', targets, ')$', 'target_modules').test(path);
    return linear.includes(path) && !HEAD_NAMES.includes(path);
  }
  // A path named in full is taken whatever the layers are; only names that end a path are held to them.
  if (targets.includes(path)) return true;
  return targets.some((target) => path.endsWith(`.${target}`)) && isChosenLayer(path, rules);
}

function isExcluded(
  path: string,
  { exclude_modules: excluded, modules_to_save: saved }: TargetRules,
): boolean {
  if (typeof excluded === 'string' && pythonRegex('^(?:', excluded, ')$', 'exclude_modules').test(path))
    return true;
  if (Array.isArray(excluded) && excluded.some((name: string) => path === name || path.endsWith(`.${name}`)))
    return true;
  return (saved ?? []).some((name) =>
    pythonRegex('^(?:|.*\\.)(?:', name, ')(?:$|\\..*)', 'modules_to_save').test(path),
  );
}

function isChosenLayer(
  path: string,
  { layers_to_transform: layers, layers_pattern: patterns }: TargetRules,
): boolean {
  if (layers === null || (Array.isArray(layers) && layers.length === 0)) return true;
  const names = patterns === null ? [] : typeof patterns === 'string' ? [patterns] : patterns;
  const match =
    names.length === 0
      ? /^.*?\.[^.]*\.(\d+)\./.exec(path)
      : names
          .map((name) => pythonRegex('^(?:|.*?\\.)(?:', name, ')\\.(\\d+)\\.', 'layers_pattern').exec(path))
          .find((found) => found !== null);
  if (!match) return false;
  const layer = Number(match[1]);
  return typeof layers === 'number' ? layer === layers : layers.includes(layer);
}

/** The value of the first pattern of `field` that ends `path`, else `otherwise`. */
export function patternValue(
  field: 'rank_pattern' | 'alpha_pattern',
  patterns: Readonly<Record<string, number>>,
  path: string,
  otherwise: number,
): number {
  for (const [pattern, value] of Object.entries(patterns)) {
    if (pythonRegex('^(?:.*\\.)?(?:', pattern, ')$', field).test(path)) return value;
  }
  return otherwise;
}

/** Modules that are trained and saved whole, by the end of their path. */
export function savedModules(model: ModuleNode, names: readonly string[]): string[] {
  const paths = [...walk(model)].map(({ path }) => path).filter((path) => path !== '');
  return paths.filter((path) => names.some((name) => path === name || path.endsWith(`.${name}`)));
}

/** A pattern of a configuration between ours. Throws `peft/bad-pattern`. */
function pythonRegex(before: string, pattern: string, after: string, field: string): RegExp {
  try {
    return new RegExp(`${before}${pattern.replaceAll('(?P<', '(?<')}${after}`, 's');
  } catch (error) {
    // V8 says what is wrong behind the whole expression, of which a part is ours.
    const reason = (error as Error).message.split(': ').at(-1)!;
    throw fault('peft/bad-pattern', { field, pattern, reason });
  }
}
