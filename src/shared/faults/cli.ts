import type { FaultText } from './fault.ts';

const list = (names: readonly string[]) => names.join(', ');

export const cliFaults = {
  'settings/not-an-object': (p: { source: string; path: string | null }) => ({
    message: `${p.source}: ${p.path ?? 'the config'} is not an object with named fields.`,
    remedy:
      p.path === null
        ? 'A config is one JSON or YAML object with model, data, adapter and training; `graft train --help` shows one.'
        : `Write ${p.path} as an object: {"name": value, …}.`,
  }),
  'settings/unknown': (p: {
    source: string;
    path: string;
    nearest: string | null;
    known: readonly string[];
  }) => ({
    message: `${p.source}: ${p.path} is not a setting.`,
    remedy:
      p.nearest === null
        ? `Take it out. Settings there are: ${list(p.known)}.`
        : `Did you mean ${p.nearest}?`,
  }),
  'settings/unsupported': (p: { source: string; path: string; value: string; remedy: string }) => ({
    message: `${p.source}: ${p.path} ${p.value} is not supported.`,
    remedy: p.remedy,
  }),
  'settings/later': (p: { source: string; path: string; value: string; now: readonly string[] }) => ({
    message: `${p.source}: ${p.path} "${p.value}" comes later; this version cannot do it.`,
    remedy: `Use ${p.now.map((one) => `"${one}"`).join(' or ')}.`,
  }),
  'settings/required': (p: { source: string; path: string; example: string }) => ({
    message: `${p.source}: ${p.path} is missing.`,
    remedy: `Add it to the config, or pass --set ${p.path}=${p.example}.`,
  }),
  'settings/value': (p: { source: string; path: string; value: string; expected: string; help: string }) => ({
    message: `${p.source}: ${p.path} is ${p.value}; it takes ${p.expected}.`,
    remedy: `Change it or take it out. ${p.help}`,
  }),
  'settings/conflict': (p: {
    source: string;
    first: string;
    second: string;
    reason: string;
    remedy: string;
  }) => ({
    message: `${p.source}: ${p.first} does not go with ${p.second}: ${p.reason}.`,
    remedy: p.remedy,
  }),
} satisfies Record<string, (p: never) => FaultText>;
