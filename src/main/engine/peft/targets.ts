/** Which modules an adapter goes to, by the rules of PEFT 0.21 (`check_target_module_exists`, `get_pattern_key`). */
import { fault } from '../../../shared/faults/index.ts';
import { isUnder } from '../models/architecture.ts';
import { architectures } from '../models/architectures.ts';
import { walk, type ModuleNode } from '../models/module-tree.ts';
import { Patterns } from './patterns.ts';

export interface TargetRules {
  target_modules: string | readonly string[] | null;
  exclude_modules: string | readonly string[] | null;
  modules_to_save: readonly string[] | null;
  layers_to_transform: number | readonly number[] | null;
  layers_pattern: string | readonly string[] | null;
}

/** PEFT's heads of sequence classification, which it always trains and saves. */
export const peftHeads: readonly string[] = ['classifier', 'score'];

/** The heads that `all-linear` leaves out. */
const isHead = (path: string): boolean =>
  isUnder([...peftHeads, ...architectures.flatMap(({ names }) => names.head)], path);

/** Paths of the linear modules, and of those named in `others`, that the rules choose, in the model's order. */
export function targetedModules(
  model: ModuleNode,
  rules: TargetRules,
  others: readonly string[] = [],
): string[] {
  const modules = [...walk(model)];
  const linear = modules.filter(({ node }) => node.type === 'Linear').map(({ path }) => path);
  const candidates = modules
    .map(({ path }) => path)
    .filter((path) => linear.includes(path) || others.includes(path));
  const patterns = new Patterns(candidates);
  const saved = savedModules(model, rules.modules_to_save ?? []);
  const chosen = candidates.filter(
    (path) => !isUnder(saved, path) && isTarget(path, rules, linear, patterns),
  );
  if (chosen.length === 0) {
    throw fault('peft/no-target', {
      target: JSON.stringify(rules.target_modules),
      available: [...new Set(linear.map((path) => path.split('.').at(-1)!))],
    });
  }
  return chosen;
}

function isTarget(path: string, rules: TargetRules, linear: readonly string[], patterns: Patterns): boolean {
  if (isExcluded(path, rules, patterns)) return false;
  const { target_modules: targets } = rules;
  if (targets === null) return false;
  if (typeof targets === 'string') {
    if (targets.toLowerCase() !== 'all-linear')
      return patterns.matches('target_modules', '^(?:', targets, ')$').has(path);
    return linear.includes(path) && !isHead(path);
  }
  // A path named in full is taken whatever the layers are; only names that end a path are held to them.
  if (targets.includes(path)) return true;
  return targets.some((target) => path.endsWith(`.${target}`)) && isChosenLayer(path, rules, patterns);
}

function isExcluded(
  path: string,
  { exclude_modules: excluded, modules_to_save: saved }: TargetRules,
  patterns: Patterns,
): boolean {
  if (typeof excluded === 'string' && patterns.matches('exclude_modules', '^(?:', excluded, ')$').has(path))
    return true;
  if (Array.isArray(excluded) && excluded.some((name: string) => path === name || path.endsWith(`.${name}`)))
    return true;
  return (saved ?? []).some((name) =>
    patterns.matches('modules_to_save', '^(?:|.*\\.)(?:', name, ')(?:$|\\..*)').has(path),
  );
}

function isChosenLayer(
  path: string,
  { layers_to_transform: layers, layers_pattern: given }: TargetRules,
  patterns: Patterns,
): boolean {
  if (layers === null || (Array.isArray(layers) && layers.length === 0)) return true;
  const names = given === null ? [] : typeof given === 'string' ? [given] : given;
  const match =
    names.length === 0
      ? /^.*?\.[^.]*\.(\d+)\./.exec(path)
      : names
          .map((name) =>
            patterns.matches('layers_pattern', '^(?:|.*?\\.)(?:', name, ')\\.(\\d+)\\.').get(path),
          )
          .find((found) => found !== undefined);
  if (!match) return false;
  const layer = Number(match[1]);
  return typeof layers === 'number' ? layer === layers : layers.includes(layer);
}

/** For each path the value of the first pattern of `field` that ends it, else `otherwise`. */
export function patternValues(
  field: string,
  values: Readonly<Record<string, number>>,
  paths: readonly string[],
  otherwise: number,
): number[] {
  const patterns = new Patterns(paths);
  const found = Object.entries(values).map(
    ([pattern, value]) => [patterns.matches(field, '^(?:.*\\.)?(?:', pattern, ')$'), value] as const,
  );
  return paths.map((path) => found.find(([matches]) => matches.has(path))?.[1] ?? otherwise);
}

/** Modules that are trained and saved whole: those whose path ends so, `pre_classifier` with `classifier` too, as in PEFT. */
export function savedModules(model: ModuleNode, names: readonly string[]): string[] {
  const paths = [...walk(model)].map(({ path }) => path).filter((path) => path !== '');
  return paths.filter((path) => names.some((name) => name !== '' && path.endsWith(name)));
}
