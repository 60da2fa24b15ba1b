import type { Findings } from './findings.ts';

/** Settings that mean something only beside each other. */
export interface Group {
  names: readonly string[];
  /** Settings of other groups without which these would mean something else. */
  needs?: readonly string[];
}

/** What was read by the name of the setting, and the line of what could not be taken. */
export interface Taken {
  values: Map<string, { data: unknown; line: number }>;
  lost: Map<string, number>;
}

/** Takes out what depends on a setting that could not be taken, and says so: a group is taken whole or not at all. */
export function dropDependents({ values, lost }: Taken, groups: readonly Group[], findings: Findings): void {
  for (let changed = true; changed;) {
    changed = false;
    for (const { names, needs = [] } of groups) {
      const cause = [...names, ...needs].find((name) => lost.has(name));
      if (cause === undefined) continue;
      for (const name of names) {
        const one = values.get(name);
        if (!one) continue;
        values.delete(name);
        lost.set(name, one.line);
        changed = true;
        findings.trap(
          'not-taken',
          one.line,
          `${name} is left out: it depends on ${cause} in line ${lost.get(cause)!}, which is not taken as it stands there.`,
          'Set both in the form, or neither.',
        );
      }
    }
  }
}

/** The settings that were taken, each said with its line. */
export function commit(taken: Taken, section: string, findings: Findings): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, { data, line }] of taken.values) {
    fields[name] = data;
    findings.found(`${section}.${name}`, line, data);
  }
  return fields;
}
