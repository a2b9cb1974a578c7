import type { Artifact } from './artifacts.ts';

/** Where a project publishes the SHA-256 of a release file, as a path below a mirror. */
export function sumPath({ name, mirrorPath }: Artifact): string {
  const folder = mirrorPath.slice(0, mirrorPath.lastIndexOf('/'));
  switch (name) {
    case 'runc':
      return `${folder}/runc.sha256sum`;
    case 'etcd':
      return `${folder}/SHA256SUMS`;
    case 'containerd':
      return `${mirrorPath}.sha256sum`;
    case 'kubelet':
    case 'kubectl':
    case 'cni-plugins':
    case 'crictl':
      return `${mirrorPath}.sha256`;
  }
}

/** The SHA-256 of a file in the output of sha256sum, or in a text that is only a sum; undefined if it has none. */
export function sumIn(text: string, fileName: string): string | undefined {
  const entries = text
    .split('\n')
    .map((line) => /^([0-9a-f]{64})(?:\s+[ *]?(\S+))?\s*$/i.exec(line))
    .filter((match) => match !== null)
    .map(([, sum = '', name]) => ({ sum: sum.toLowerCase(), name: name?.replace(/^\*|^.*\//g, '') }));
  const [only] = entries;
  if (entries.length === 1 && only?.name === undefined) return only?.sum;
  return entries.find(({ name }) => name === fileName)?.sum;
}

/** kubeadm's source of a version, as a path below a mirror: it states the images that kubeadm uses. */
export function kubeadmPath(kubernetesVersion: string): string {
  return `raw.githubusercontent.com/kubernetes/kubernetes/${kubernetesVersion}/cmd/kubeadm/app/constants/constants.go`;
}

/** The tags of etcd, CoreDNS and pause in kubeadm's constants.go; undefined if one of them is not found. */
export function kubeadmPins(
  source: string,
  kubernetesVersion: string,
): { readonly etcd: string; readonly coredns: string; readonly pause: string } | undefined {
  const constant = (name: string): string | undefined =>
    new RegExp(`^\\s*${name}\\s*=\\s*"([\\w.-]+)"`, 'm').exec(source)?.[1];
  const minor = kubernetesVersion.split('.')[1] ?? '';
  const supported = /SupportedEtcdVersion = map\[uint8\]string\{([^}]*)\}/.exec(source)?.[1] ?? '';
  const etcd =
    new RegExp(`\\b${minor}:\\s*"([\\w.-]+)"`).exec(supported)?.[1] ?? constant('DefaultEtcdVersion');
  const [coredns, pause] = [constant('CoreDNSVersion'), constant('PauseVersion')];
  return etcd === undefined || coredns === undefined || pause === undefined
    ? undefined
    : { etcd, coredns, pause };
}
