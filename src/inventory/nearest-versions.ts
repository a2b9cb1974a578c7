import semver from 'semver';

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
