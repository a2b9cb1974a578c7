import type { ExtraArg } from '../../model/cluster.ts';

/**
 * Flags in kubeadm's order (util/arguments.go): defaults sorted by name, without those that an extra argument
 * overrides; then the extra arguments as given, including duplicates.
 */
export function flags(
  defaults: Readonly<Record<string, string>>,
  extra: readonly ExtraArg[],
): readonly string[] {
  const overridden = new Set(extra.map((arg) => arg.name));
  const kept = Object.entries(defaults)
    .filter(([name]) => !overridden.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));
  return [...kept, ...extra].map(({ name, value }) => `--${name}=${value}`);
}

/** The value of the last extra argument with that name, like kubeadm's GetArgValue(…, -1). */
export function extraValue(extra: readonly ExtraArg[], name: string): string | undefined {
  return extra.findLast((arg) => arg.name === name)?.value;
}
