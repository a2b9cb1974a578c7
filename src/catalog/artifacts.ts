import type { Architecture } from './data.ts';
import { fileVersion, type ArtifactName, type Release } from './release.ts';

/** One file from an upstream release. */
export interface Artifact {
  readonly name: ArtifactName;
  readonly kind: 'binary' | 'archive';
  /** Without `v`. */
  readonly version: string;
  /** On the official host. */
  readonly url: string;
  /** Below `spec.artifacts.mirror`: the official host and path, `dl.k8s.io/release/v1.36.2/…`. */
  readonly mirrorPath: string;
  readonly fileName: string;
  /** Hex. */
  readonly sha256: string;
  readonly arch: Architecture;
}

/** Every file that hosts of one architecture may need, in the order they are installed. */
export function artifacts(release: Release, arch: Architecture): Artifact[] {
  const artifact = (
    name: ArtifactName,
    kind: Artifact['kind'],
    path: (version: string) => string,
  ): Artifact => {
    const version = fileVersion(release.kubernetesVersion, release, name);
    const mirrorPath = path(version);
    const fileName = mirrorPath.slice(mirrorPath.lastIndexOf('/') + 1);
    const sha256 = release.files[arch][name];
    return { name, kind, version, url: `https://${mirrorPath}`, mirrorPath, fileName, sha256, arch };
  };
  const github = (repository: string, file: (version: string) => string) => (version: string) =>
    `github.com/${repository}/releases/download/v${version}/${file(version)}`;
  const kubernetes = (name: string) => (version: string) =>
    `dl.k8s.io/release/v${version}/bin/linux/${arch}/${name}`;
  return [
    artifact(
      'containerd',
      'archive',
      github('containerd/containerd', (version) => `containerd-${version}-linux-${arch}.tar.gz`),
    ),
    artifact(
      'runc',
      'binary',
      github('opencontainers/runc', () => `runc.${arch}`),
    ),
    artifact(
      'cni-plugins',
      'archive',
      github('containernetworking/plugins', (version) => `cni-plugins-linux-${arch}-v${version}.tgz`),
    ),
    artifact(
      'crictl',
      'archive',
      github('kubernetes-sigs/cri-tools', (version) => `crictl-v${version}-linux-${arch}.tar.gz`),
    ),
    artifact('kubelet', 'binary', kubernetes('kubelet')),
    artifact('kubectl', 'binary', kubernetes('kubectl')),
    artifact(
      'etcd',
      'archive',
      github('etcd-io/etcd', (version) => `etcd-v${version}-linux-${arch}.tar.gz`),
    ),
  ];
}
