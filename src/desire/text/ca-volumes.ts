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

/** The CA folders and the PKI that kube-apiserver and kube-controller-manager mount, with `more`, sorted by name. */
export function podVolumes(facts: HostFacts, more: readonly PodVolume[] = []): readonly PodVolume[] {
  const directories: PodVolume[] = [
    { name: 'ca-certs', path: '/etc/ssl/certs', type: 'DirectoryOrCreate' },
    { name: 'k8s-certs', path: '/etc/kubernetes/pki', type: 'DirectoryOrCreate' },
    ...optional
      .filter((path) => facts.caDirectories.includes(path))
      .map((path): PodVolume => ({
        name: path.slice(1).replaceAll('/', '-'),
        path,
        type: 'DirectoryOrCreate',
      })),
  ];
  return [...directories, ...more].sort((a, b) => (a.name < b.name ? -1 : 1));
}
