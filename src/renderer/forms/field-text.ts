import { isFields } from '../../shared/fields.ts';
import type { Setting } from '../../shared/settings/setting.ts';

/** How a value stands in a line of text: lists with commas, maps as `name=number`. */
export function textOfValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(textOfValue).join(', ');
  if (isFields(value))
    return Object.entries(value)
      .map(([name, one]) => `${name}=${textOfValue(one)}`)
      .join(', ');
  if (typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3)
    return value.toExponential().replace('e-0', 'e-');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const numberOr = (text: string): number | string => {
  const number = Number(text.replace(',', '.'));
  return text === '' || Number.isNaN(number) ? text : number;
};
const parts = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** The value that a person wrote; null: left out. What does not fit comes back as written, so that it can be refused. */
export function valueOfText(setting: Setting, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  switch (setting.type) {
    case 'number':
    case 'integer':
      return numberOr(trimmed);
    case 'integer list':
      return parts(trimmed).map(numberOr);
    case 'class weights':
      return trimmed === 'balanced' ? trimmed : parts(trimmed).map(numberOr);
    case 'layers': {
      const layers = parts(trimmed).map(numberOr);
      return layers.length === 1 ? layers[0] : layers;
    }
    case 'names':
      return trimmed === 'all-linear' || /[\\^$*+?()[\]|]/.test(trimmed) ? trimmed : parts(trimmed);
    case 'text list':
      return parts(trimmed);
    case 'number map':
      return Object.fromEntries(
        parts(trimmed).map((part) => {
          const cut = part.lastIndexOf('=');
          return cut < 0 ? [part, ''] : [part.slice(0, cut).trim(), numberOr(part.slice(cut + 1).trim())];
        }),
      );
    default:
      return trimmed;
  }
}
