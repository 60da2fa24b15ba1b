/** Edit distance (Levenshtein): insertions, deletions and substitutions that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The known name nearest to a misspelt one, or null when none is near (more than 40 % of it would change). */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const plain = (text: string) => text.toLowerCase().replaceAll('-', '_');
  let best: string | null = null;
  let bestDistance = 0.4 * name.length;
  for (const candidate of known) {
    const distance = editDistance(plain(name), plain(candidate));
    if (distance <= bestDistance && (best === null || distance < bestDistance)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
