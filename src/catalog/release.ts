import semver from 'semver';
import { nearestVersions } from '../inventory/nearest-versions.ts';
import { KbootError } from '../model/error.ts';
import { checksums, releases, type Architecture, type Pins, type SummedFile } from './data.ts';
import { remedies } from './remedies.ts';

export type ArtifactName = 'kubelet' | 'kubectl' | 'runc' | 'containerd' | 'cni-plugins' | 'crictl' | 'etcd';

/** SHA-256 in hex of every release file, by architecture. */
export type FileSums = Readonly<Record<Architecture, Readonly<Record<ArtifactName, string>>>>;

/** `sha256:HEX`: of what a registry serves for the tag, an index or one manifest, and of each architecture's manifest. */
export type ImageDigests = { readonly digest: string } & { readonly [arch in Architecture]?: string };

/**
 * Everything one Kubernetes release is installed with. `etcd`, `coredns`, `pause`, `flannel`, `flannelCniPlugin`,
 * `metallb` and `kubeNetworkPolicies` are image tags (`3.6.8-0`, `v1.14.2`); the rest are versions without `v`.
 */
export interface Release extends Pins {
  /** `v1.36.2` */
  readonly kubernetesVersion: string;
  readonly files: FileSums;
  /** Digests of images by reference. Hosts and bundles are held to files and images; absent: nothing is locked. */
  readonly locked?: Readonly<Record<string, ImageDigests>>;
}

/** The releases that can be installed. */
export interface Releases {
  /** `v1.36.2`, newest first. */
  readonly versions: readonly string[];
  /** Throws KbootError E-INVENTORY with the nearest known versions. */
  get(kubernetesVersion: string): Release;
}

/** kboot's own catalog. */
export const catalog: Releases = {
  get versions() {
    return knownVersions();
  },
  get: release,
};

/** The catalog with other releases added, or in the place of its own. */
export function withReleases(own: readonly Release[]): Releases {
  if (own.length === 0) return catalog;
  const locked = new Map(own.map((each) => [each.kubernetesVersion, each]));
  const versions = [...new Set([...knownVersions(), ...locked.keys()])].sort(semver.rcompare);
  return {
    versions,
    get(version) {
      const found = locked.get(version);
      if (found !== undefined) return found;
      if (!knownVersions().includes(version)) throw unknownVersion(version, versions);
      return release(version);
    },
  };
}

/** Every Kubernetes version in the catalog, with pins and checksums for both amd64 and arm64; newest first, with `v`. */
export function knownVersions(): readonly string[] {
  return (known ??= listKnown());
}

let known: readonly string[] | undefined;

function listKnown(): string[] {
  const { amd64, arm64 } = checksums().kubelet;
  return Object.keys(amd64)
    .filter((version) => version in arm64 && pinsOf(`v${version}`) !== undefined)
    .sort(semver.rcompare)
    .map((version) => `v${version}`);
}

/**
 * The catalog's release of a version such as `v1.36.2`.
 * Throws KbootError E-INVENTORY with the nearest known versions.
 */
export function release(kubernetesVersion: string): Release {
  const pins = knownVersions().includes(kubernetesVersion) ? pinsOf(kubernetesVersion) : undefined;
  if (pins === undefined) throw unknownVersion(kubernetesVersion, knownVersions());
  const sumsFor = (arch: Architecture): FileSums[Architecture] => {
    const sum = (name: ArtifactName): string =>
      catalogSum(name, fileVersion(kubernetesVersion, pins, name), arch);
    return {
      ...{
        kubelet: sum('kubelet'),
        kubectl: sum('kubectl'),
        runc: sum('runc'),
        containerd: sum('containerd'),
      },
      ...{ 'cni-plugins': sum('cni-plugins'), crictl: sum('crictl'), etcd: sum('etcd') },
    };
  };
  return { kubernetesVersion, ...pins, files: { amd64: sumsFor('amd64'), arm64: sumsFor('arm64') } };
}

/** What the catalog installs a version with, known or not; undefined if it does not know the minor. */
export function pinsOf(kubernetesVersion: string): Pins | undefined {
  const version = kubernetesVersion.replace(/^v/, '');
  const minor = version.split('.').slice(0, 2).join('.');
  const { minors, patches, metallb, kubeNetworkPolicies } = releases();
  const pins = minors[minor];
  return pins && { ...pins, metallb, kubeNetworkPolicies, ...patches[version] };
}

/** The version of a release file, without `v`. */
export function fileVersion(kubernetesVersion: string, pins: Pins, name: ArtifactName): string {
  if (name === 'kubelet' || name === 'kubectl') return kubernetesVersion.replace(/^v/, '');
  if (name === 'etcd') return pins.etcd.replace(/-\d+$/, '');
  return name === 'cni-plugins' ? pins.cniPlugins : pins[name];
}

/** The catalog's SHA-256 of a release file; undefined if it has none. */
export function knownSum(name: ArtifactName, version: string, arch: Architecture): string | undefined {
  const file: SummedFile = name === 'cni-plugins' ? 'cni' : name;
  return checksums()[file][arch][version];
}

function catalogSum(name: ArtifactName, version: string, arch: Architecture): string {
  const sha256 = knownSum(name, version, arch);
  if (sha256 !== undefined) return sha256;
  throw new KbootError('E-INVENTORY', `The catalog has no SHA-256 for ${name} ${version} on ${arch}.`, {
    remedy: remedies.otherVersion,
  });
}

function unknownVersion(version: string, known: readonly string[]): KbootError {
  return new KbootError(
    'E-INVENTORY',
    `Kubernetes ${version} is not in the catalog of this version of kboot.`,
    {
      remedy: remedies.nearestVersion({ versions: nearestVersions(version, known).join(', ') }),
    },
  );
}
