import type { Component, ExtraEnv } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { PodVolume } from '../../render/params.ts';

/** Mounted if they exist on the host (kubeadm phases/controlplane/volumes.go). */
const optional = [
  '/etc/pki/ca-trust',
  '/etc/pki/tls/certs',
  '/etc/ca-certificates',
  '/usr/share/ca-certificates',
  '/usr/local/share/ca-certificates',
];

/** A volume of kboot's own: at the same path in the Pod, read-only. */
export function ownVolume(name: string, path: string, type: 'DirectoryOrCreate' | 'FileOrCreate'): PodVolume {
  return { name, path, mountPath: path, readOnly: true, type };
}

/** The CA folders and the PKI that kube-apiserver and kube-controller-manager mount. */
export function caVolumes(facts: HostFacts): readonly PodVolume[] {
  return [
    ownVolume('ca-certs', '/etc/ssl/certs', 'DirectoryOrCreate'),
    ownVolume('k8s-certs', '/etc/kubernetes/pki', 'DirectoryOrCreate'),
    ...optional
      .filter((path) => facts.caDirectories.includes(path))
      .map((path) => ownVolume(path.slice(1).replaceAll('/', '-'), path, 'DirectoryOrCreate')),
  ];
}

/** kboot's volumes and those of the inventory, sorted by name as kubeadm does. */
export function podVolumes(
  own: readonly PodVolume[],
  { extraVolumes = [] }: Pick<Component, 'extraVolumes'>,
): readonly PodVolume[] {
  const extra = extraVolumes.map(({ name, hostPath, mountPath, readOnly, pathType }) => ({
    ...{ name, path: hostPath, mountPath, readOnly, type: pathType },
  }));
  return [...own, ...extra].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Environment variables sorted by name, as kubeadm does (util/env.go). */
export function podEnv({ extraEnvs = [] }: Pick<Component, 'extraEnvs'>): readonly ExtraEnv[] {
  return [...extraEnvs].sort((a, b) => (a.name < b.name ? -1 : 1));
}
