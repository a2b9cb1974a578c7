import { KbootError } from '../model/error.ts';
import { checksums, type Architecture, type SummedFile } from './data.ts';
import type { Release } from './release.ts';

export type ArtifactName = 'kubelet' | 'kubectl' | 'runc' | 'containerd' | 'cni-plugins' | 'crictl' | 'etcd';

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
  const kubernetes = release.kubernetesVersion.replace(/^v/, '');
  const { containerd, runc, cniPlugins, crictl } = release;
  const etcd = release.etcd.replace(/-\d+$/, '');
  const bin = `dl.k8s.io/release/v${kubernetes}/bin/linux/${arch}`;

  const artifact = (
    name: ArtifactName,
    kind: Artifact['kind'],
    summed: SummedFile,
    version: string,
    mirrorPath: string,
  ): Artifact => ({
    name,
    kind,
    version,
    url: `https://${mirrorPath}`,
    mirrorPath,
    fileName: mirrorPath.slice(mirrorPath.lastIndexOf('/') + 1),
    sha256: sum(summed, arch, version),
    arch,
  });

  return [
    artifact(
      'containerd',
      'archive',
      'containerd',
      containerd,
      `${github('containerd/containerd')}/v${containerd}/containerd-${containerd}-linux-${arch}.tar.gz`,
    ),
    artifact('runc', 'binary', 'runc', runc, `${github('opencontainers/runc')}/v${runc}/runc.${arch}`),
    artifact(
      'cni-plugins',
      'archive',
      'cni',
      cniPlugins,
      `${github('containernetworking/plugins')}/v${cniPlugins}/cni-plugins-linux-${arch}-v${cniPlugins}.tgz`,
    ),
    artifact(
      'crictl',
      'archive',
      'crictl',
      crictl,
      `${github('kubernetes-sigs/cri-tools')}/v${crictl}/crictl-v${crictl}-linux-${arch}.tar.gz`,
    ),
    artifact('kubelet', 'binary', 'kubelet', kubernetes, `${bin}/kubelet`),
    artifact('kubectl', 'binary', 'kubectl', kubernetes, `${bin}/kubectl`),
    artifact(
      'etcd',
      'archive',
      'etcd',
      etcd,
      `${github('etcd-io/etcd')}/v${etcd}/etcd-v${etcd}-linux-${arch}.tar.gz`,
    ),
  ];
}

function github(repository: string): string {
  return `github.com/${repository}/releases/download`;
}

function sum(file: SummedFile, arch: Architecture, version: string): string {
  const sha256 = checksums()[file][arch][version];
  if (sha256 === undefined) {
    throw new KbootError('E-INVENTORY', `The catalog has no SHA-256 for ${file} ${version} on ${arch}.`, {
      remedy: 'Choose another spec.kubernetesVersion.',
    });
  }
  return sha256;
}
