import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasClusterBundle } from '../cluster.ts';

/** A bundle and the Kubernetes version that it is for. */
export interface VersionBundle {
  readonly dir: string;
  /** Such as v1.36.2. */
  readonly version: string;
  /** The minor release: 36. */
  readonly minor: number;
}

function bundleOf(variable: string): VersionBundle | undefined {
  const dir = process.env[variable] ?? '';
  if (dir === '' || !hasClusterBundle || !existsSync(join(dir, 'bundle.json'))) return undefined;
  const index = JSON.parse(readFileSync(join(dir, 'bundle.json'), 'utf8')) as { kubernetesVersion: string };
  const version = index.kubernetesVersion;
  return { dir, version, minor: Number(version.split('.')[1]) };
}

/** The bundles of an upgrade: from, maybe through others, to. */
export interface UpgradeBundles {
  readonly from: VersionBundle;
  readonly through: VersionBundle | undefined;
  readonly to: VersionBundle;
}

/** What a test of an upgrade needs. */
export type UpgradeKind = 'any' | 'minor' | 'patch' | 'chain';

const needs: Readonly<Record<UpgradeKind, string>> = {
  any: 'KBOOT_BUNDLE_FROM names no complete bundle of an older version than that of KBOOT_BUNDLE',
  minor: 'KBOOT_BUNDLE_FROM names no complete bundle of the minor release before that of KBOOT_BUNDLE',
  patch: 'KBOOT_BUNDLE_FROM names no complete bundle of an older patch of the minor release of KBOOT_BUNDLE',
  chain:
    'KBOOT_BUNDLE_FROM, KBOOT_BUNDLE_THROUGH and KBOOT_BUNDLE name no complete bundles of three successive minor releases',
};

/**
 * The bundles of KBOOT_BUNDLE_FROM, KBOOT_BUNDLE_THROUGH (chains only) and KBOOT_BUNDLE; undefined if they are not
 * those of an upgrade of this kind. `suffix` is for the title of tests, so that nobody mistakes skipped ones for passed.
 */
export function upgradeBundles(kind: UpgradeKind): {
  readonly bundles: UpgradeBundles | undefined;
  readonly suffix: string;
} {
  const [from, through, to] = ['KBOOT_BUNDLE_FROM', 'KBOOT_BUNDLE_THROUGH', 'KBOOT_BUNDLE'].map(bundleOf);
  const found = from !== undefined && to !== undefined ? { from, through, to } : undefined;
  if (found === undefined || !fits(kind, found))
    return { bundles: undefined, suffix: ` [NOT RUN: ${needs[kind]}]` };
  return { bundles: found, suffix: ` (${found.from.version} to ${found.to.version})` };
}

function fits(kind: UpgradeKind, { from, through, to }: UpgradeBundles): boolean {
  switch (kind) {
    case 'any':
      return from.version !== to.version && [0, 1].includes(to.minor - from.minor);
    case 'minor':
      return to.minor - from.minor === 1;
    case 'patch':
      return to.minor === from.minor && to.version !== from.version;
    case 'chain':
      return to.minor - from.minor === 2 && through?.minor === from.minor + 1;
  }
}
