import type { ExtraArg } from '../../model/cluster.ts';

/**
 * Flags as kubeadm orders them (util/arguments.go): defaults sorted by name, without those that an extra
 * argument names; then the extra arguments as given, duplicates kept.
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

/** The value of the last extra argument of that name, as kubeadm's GetArgValue(…, -1). */
export function extraValue(extra: readonly ExtraArg[], name: string): string | undefined {
  return extra.findLast((arg) => arg.name === name)?.value;
}
