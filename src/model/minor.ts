/** 36 of `v1.36.2`, `1.36.2` or `1.36`; 0 of what is not a version. */
export function minorOf(version: string): number {
  return Number(/^v?\d+\.(\d+)/.exec(version)?.[1] ?? 0);
}
