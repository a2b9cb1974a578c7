import semver from 'semver';

/**
 * The candidate that `text` most likely means, or undefined when none is close: at most a third of its
 * letters (and at least one) inserted, deleted, replaced or swapped; letter case does not count.
 */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const wanted = text.toLowerCase();
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(text.length, candidate.length) / 3));
    if (Math.abs(text.length - candidate.length) > limit) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Up to three known versions closest to `wanted`: nearest patches of its minor, else the newest of the nearest minor; newest first. */
export function nearestVersions(wanted: string, known: readonly string[]): string[] {
  const target = semver.coerce(wanted);
  const distance = (version: string): number => {
    const parsed = semver.parse(version);
    if (parsed === null || target === null) return 0;
    return (
      Math.abs(parsed.major - target.major) * 1e9 +
      Math.abs(parsed.minor - target.minor) * 1e4 +
      (parsed.minor === target.minor ? Math.abs(parsed.patch - target.patch) : 0)
    );
  };
  return [...known]
    .sort((a, b) => distance(a) - distance(b) || semver.rcompare(a, b))
    .slice(0, 3)
    .sort(semver.rcompare);
}

/** Optimal string alignment distance: Levenshtein plus the swap of two neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current[column] = cost;
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
