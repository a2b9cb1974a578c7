import { artifacts } from '../catalog/artifacts.ts';
import type { Architecture } from '../catalog/data.ts';
import type { ArtifactName, Release } from '../catalog/release.ts';
import { below } from '../model/below.ts';
import type { Cluster } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Artifact } from '../resource/types.ts';
import type { Bundle } from '../store/bundle.ts';
import { remedies } from './remedies.ts';

/** The release files for one architecture: from the bundle if there is one, else from the official hosts or a mirror. */
export interface ReleaseFiles {
  /** Throws KbootError E-BUNDLE if the bundle lacks the file. */
  get(name: ArtifactName): Artifact;
  /** undefined if the bundle lacks it. */
  find(name: ArtifactName): Artifact | undefined;
}

const archivePrefix: Readonly<Partial<Record<ArtifactName, string>>> = {
  containerd: 'containerd-',
  'cni-plugins': 'cni-plugins-',
  crictl: 'crictl-',
  etcd: 'etcd-',
};

const artifactNames = [
  ...(['kubelet', 'kubectl', 'runc', 'containerd', 'cni-plugins', 'crictl', 'etcd'] as const),
] satisfies readonly ArtifactName[];

/** Finds every release file. Files in a bundle have the bundle's own checksums: its maker is responsible for them. */
export function releaseFiles(
  cluster: Cluster,
  release: Release,
  architecture: HostFacts['architecture'],
  bundle: Bundle | undefined,
): ReleaseFiles {
  const find = (name: ArtifactName): Artifact | undefined =>
    bundle === undefined
      ? fromOfficial(cluster, release, architecture, name)
      : fromBundle(bundle, architecture, name);
  return {
    find,
    get(name) {
      const found = find(name);
      if (found !== undefined) return found;
      throw new KbootError(
        'E-BUNDLE',
        `the bundle ${bundle?.directory ?? ''} has no ${name} for ${architecture}`,
        {
          remedy: remedies.putIntoBundle({ path: expectedPath(name, architecture) }),
        },
      );
    },
  };
}

/** Version of the program in an archive, which determines its configuration format: a bundle may have another version. */
export function archiveVersion(
  name: 'containerd' | 'etcd',
  release: Release,
  architecture: HostFacts['architecture'],
  bundle: Bundle | undefined,
): string {
  const path = bundle && findInBundle(bundle, architecture, name)?.path;
  return versionIn(path ?? '') ?? release[name];
}

function fromOfficial(
  cluster: Cluster,
  release: Release,
  architecture: HostFacts['architecture'],
  name: ArtifactName,
): Artifact | undefined {
  const artifact = artifacts(release, architecture).find((candidate) => candidate.name === name);
  if (artifact === undefined) return undefined;
  const { mirror, fetch } = cluster.artifacts;
  return {
    title: `${name} ${artifact.version}`,
    sha256: artifact.sha256,
    source: {
      kind: 'download',
      url: mirror === undefined ? artifact.url : below(mirror, artifact.mirrorPath),
      ...(fetch === 'once' && { once: true }),
    },
  };
}

function fromBundle(
  bundle: Bundle,
  architecture: HostFacts['architecture'],
  name: ArtifactName,
): Artifact | undefined {
  const file = findInBundle(bundle, architecture, name);
  if (file === undefined) return undefined;
  const version = versionIn(file.path);
  return {
    title: version === undefined ? name : `${name} ${version}`,
    sha256: file.sha256,
    source: { kind: 'bundle', path: file.path, size: file.size },
  };
}

/** The file of a bundle for a release file, whatever its version; undefined if it lacks it. */
export function findInBundle(
  bundle: Bundle,
  architecture: HostFacts['architecture'],
  name: ArtifactName,
): Bundle['files'][number] | undefined {
  const prefix = archivePrefix[name];
  return bundle.files.find(({ path }) =>
    prefix === undefined
      ? path === `bin/linux-${architecture}/${name}`
      : path.startsWith(`archives/linux-${architecture}/${prefix}`),
  );
}

/** The release file that a path in a bundle is for, whatever its version. */
export function nameOfFile(
  path: string,
): { readonly name: ArtifactName; readonly arch: Architecture } | undefined {
  const [, folder, arch, file = ''] = /^(bin|archives)\/linux-(amd64|arm64)\/(.+)$/.exec(path) ?? [];
  const name = artifactNames.find((each) => {
    const prefix = archivePrefix[each];
    return prefix === undefined
      ? folder === 'bin' && file === each
      : folder === 'archives' && file.startsWith(prefix);
  });
  return name === undefined ? undefined : { name, arch: arch as Architecture };
}

/** The version in the name of an archive, without `v`. */
export function versionIn(path: string): string | undefined {
  return /-v?(\d+\.\d+\.\d+)/.exec(path)?.[1];
}

function expectedPath(name: ArtifactName, architecture: string): string {
  const prefix = archivePrefix[name];
  return prefix === undefined
    ? `bin/linux-${architecture}/${name}`
    : `archives/linux-${architecture}/${prefix}*`;
}
