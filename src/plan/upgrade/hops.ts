import { minorOf } from '../../model/minor.ts';
import semver from 'semver';
import { kubeletSkew } from './skew.ts';
import type { ClusterVersions } from './versions.ts';

/** One upgrade of a chain. */
export interface Hop {
  readonly to: string;
  /** Workers keep their version: a later hop takes them further, and they may skip this one. */
  readonly holdWorkers: boolean;
}

/**
 * The upgrades that take a cluster to `to`, one minor version at a time; one hop, or none, if it is not more than a minor
 * away. `available`: versions to go through, the best of each minor first.
 * undefined: there is no version to go through for some minor.
 */
export function hopsTo(
  to: string,
  { apiServers, kubelets }: ClusterVersions,
  available: readonly string[],
): readonly Hop[] | undefined {
  const oldest = [...apiServers.values()].toSorted(semver.compare)[0];
  if (oldest === undefined) return [{ to, holdWorkers: false }];
  const between: string[] = [];
  for (let minor = minorOf(oldest) + 1; minor < minorOf(to); minor++) {
    const version = available.find((each) => minorOf(each) === minor);
    if (version === undefined) return undefined;
    between.push(version);
  }
  const versions = [...between, to];
  const worker = [...kubelets.values()].toSorted(semver.compare)[0] ?? oldest;
  return versions.map((version, index) => {
    const next = versions[index + 1];
    return {
      to: version,
      holdWorkers: next !== undefined && minorOf(next) - minorOf(worker) <= kubeletSkew,
    };
  });
}
