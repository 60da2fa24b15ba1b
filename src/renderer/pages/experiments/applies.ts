import type { Setting, Settings } from '../../../shared/settings/setting.ts';

/** The value of a setting by its name: what was chosen, else the default. */
export type Read = (name: string) => unknown;

/** The phrase that says when a setting has an effect; undefined: always. */
export function whenOf(setting: Setting | undefined): string | undefined {
  return setting && 'when' in setting ? setting.when : undefined;
}

const isOn = (value: unknown): boolean => value !== null && value !== undefined && value !== false;

/**
 * Whether a setting has an effect: reads the phrase in its `when` ("eval_strategy is steps", "a is x or y",
 * "a, b or c best", "a is set"). Throws for a phrase of another form, which is a defect of the description.
 */
export function applies(when: string | undefined, read: Read, settings: Settings): boolean {
  if (when === undefined) return true;
  let subject: { name: string; negated: boolean } | null = null;
  const holds = when.split(/, | or /).map((part): boolean => {
    const said = /^(\w+) (is set|is left out|has an effect|is a list of names)$/.exec(part);
    if (said) return state(said[1]!, said[2]!);
    const compared = /^(\w+) (is not|is) (\S+)$/.exec(part) ?? /^(\w+)( )(\S+)$/.exec(part);
    if (compared) {
      subject = { name: compared[1]!, negated: compared[2] === 'is not' };
      return (String(read(subject.name)) === compared[3]) !== subject.negated;
    }
    if (!/^\w+$/.test(part)) throw new Error(`"${when}" is not understood`);
    // A single word is the next value of what was compared before, or a setting that is switched on.
    if (subject && !Object.hasOwn(settings, part))
      return (String(read(subject.name)) === part) !== subject.negated;
    return isOn(read(part));
  });
  return holds.includes(true);

  function state(name: string, words: string): boolean {
    if (words === 'is set') return isOn(read(name));
    if (words === 'is left out') return !isOn(read(name));
    if (words === 'is a list of names') return Array.isArray(read(name));
    return applies(whenOf(settings[name]), read, settings);
  }
}
