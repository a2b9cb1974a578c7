import semver from 'semver';
import { nearestVersions } from '../inventory/nearest-versions.ts';
import { KbootError } from '../model/error.ts';
import { checksums, releases, type Pins } from './data.ts';

/**
 * Everything one Kubernetes release is installed with. `etcd`, `coredns`, `pause`, `flannel` and
 * `flannelCniPlugin` are image tags (`3.6.8-0`, `v1.14.2`); the rest are versions without `v`.
 */
export interface Release extends Pins {
  /** `v1.36.2` */
  readonly kubernetesVersion: string;
}

/** Every Kubernetes version that has pins, and checksums for both amd64 and arm64; newest first, with `v`. */
export function knownVersions(): readonly string[] {
  return (known ??= listKnown());
}

let known: readonly string[] | undefined;

function listKnown(): string[] {
  const { amd64, arm64 } = checksums().kubelet;
  return Object.keys(amd64)
    .filter((version) => version in arm64 && minorOf(version) in releases().minors)
    .sort(semver.rcompare)
    .map((version) => `v${version}`);
}

/**
 * The release of a version such as `v1.36.2`.
 * Throws KbootError E-INVENTORY with the nearest known versions.
 */
export function release(kubernetesVersion: string): Release {
  const all = knownVersions();
  const version = kubernetesVersion.replace(/^v/, '');
  const pins = all.includes(kubernetesVersion) ? releases().minors[minorOf(version)] : undefined;
  if (pins === undefined) {
    throw new KbootError(
      'E-INVENTORY',
      `Kubernetes ${kubernetesVersion} is not in the catalog of this version of kboot.`,
      {
        remedy: `Set spec.kubernetesVersion to a known version; nearest: ${nearestVersions(kubernetesVersion, all).join(', ')}.`,
      },
    );
  }
  return { kubernetesVersion, ...pins, ...releases().patches[version] };
}

/** `1.36` of `1.36.2` */
function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
