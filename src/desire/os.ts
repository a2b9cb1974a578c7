import type { HostFacts } from '../model/facts.ts';

/** Everything that differs between distributions, in one place. */
export interface SystemTraits {
  readonly packageManager: 'apt';
  /** Packages that every node needs besides what a minimal install has. */
  readonly nodePackages: readonly string[];
  /** Packages that make downloads work; not needed with a bundle. */
  readonly downloadPackages: readonly string[];
}

const debian: SystemTraits = {
  packageManager: 'apt',
  nodePackages: ['iptables', 'kmod', 'mount', 'util-linux'],
  downloadPackages: ['ca-certificates', 'curl'],
};

const table: Readonly<Record<string, SystemTraits>> = {
  debian,
  ubuntu: debian,
};

/** Traits of a host's distribution; an unknown one is taken for Debian, and preflight refuses it by name. */
export function systemTraits(facts: HostFacts): SystemTraits {
  return table[facts.os.id] ?? debian;
}
