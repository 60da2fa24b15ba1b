import type { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { checkFields } from '../formats/json.ts';
import type { Heads } from './attention-layout.ts';
import { activations, type Activation } from './layers.ts';

/** Refuses what transformers has and Graft does not. Throws `models/unsupported-value`. */
export function requireValue(file: string, key: string, found: string, supported: readonly string[]): void {
  if (!supported.includes(found)) throw fault('models/unsupported-value', { file, key, found, supported });
}

/** Throws `models/unsupported-value`. */
export function activationOf(file: string, key: string, name: string): Activation {
  requireValue(file, key, name, Object.keys(activations));
  return activations[name]!;
}

/**
 * The fields of a config.json under an architecture's own names, and its attention heads: `width` and `heads` name the
 * fields that decide on them. Refuses a model that writes text. Throws `formats/field`, `models/unsupported-value`.
 */
export function checkConfig<
  Fields extends Record<Width | Count, number>,
  Width extends string,
  Count extends string,
>(
  schema: z.ZodType<Fields>,
  raw: Readonly<Record<string, unknown>>,
  file: string,
  { width, heads }: { width: Width; heads: Count },
): { fields: Fields; heads: Heads } {
  const fields = checkFields(
    schema.check(({ value, issues }) => {
      if (value[width] % value[heads] === 0) return;
      const message = `${value[width]} does not divide into ${value[heads]} attention heads`;
      issues.push({ code: 'custom', input: value, path: [width], message });
    }),
    raw,
    file,
  );
  for (const key of ['is_decoder', 'add_cross_attention', 'is_encoder_decoder'])
    requireValue(file, key, String(raw[key] === true), ['false']);
  return { fields, heads: { heads: fields[heads], headSize: fields[width] / fields[heads] } };
}
