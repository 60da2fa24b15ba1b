/** Texts of several lengths and scripts: what every proof asks, and what `graft verify` asks again. */
export const FIXED_TEXTS = [
  'Yes.',
  'The battery lasts two days, and the screen is sharp.',
  'Absolutely LOVED it!!! 10/10 would buy again :-)',
  'Das Essen war köstlich, aber viel zu teuer.',
  'La comida estaba fría y el camarero fue grosero.',
  'Le café était délicieux, l’accueil aussi.',
  '這家餐廳的服務態度非常差。',
  'Free entry! Text WIN to 80082 to claim your prize now.',
  `It works as described. ${'The cable is a little short, the manual says nothing of it. '.repeat(12)}`,
];

/** Short ones, as they come one at a time: the last of the fixed texts is long. */
export const TIMED_TEXTS = FIXED_TEXTS.slice(0, -1).map((text) => ({ text }));
