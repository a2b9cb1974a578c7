import type { Release } from './release.ts';

export type ImageName =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'coredns'
  | 'pause'
  | 'etcd'
  | 'flannel'
  | 'flannel-cni-plugin'
  | 'kube-network-policies';

const officialRepository = 'registry.k8s.io';
const flannelRepository = 'ghcr.io/flannel-io';

/**
 * The full reference of every image of a release.
 * CoreDNS is `coredns/coredns` at registry.k8s.io and `coredns` in any other repository, as in kubeadm
 * (app/images); likewise kube-network-policies, which is in `networking` there. flannel comes from its own registry, or from `imageRepository` when that is not the official one.
 */
export function images(release: Release, imageRepository: string): Record<ImageName, string> {
  const official = imageRepository === officialRepository;
  const flannel = official ? flannelRepository : imageRepository;
  const kubernetes = (name: string): string => `${imageRepository}/${name}:${release.kubernetesVersion}`;
  return {
    'kube-apiserver': kubernetes('kube-apiserver'),
    'kube-controller-manager': kubernetes('kube-controller-manager'),
    'kube-scheduler': kubernetes('kube-scheduler'),
    'kube-proxy': kubernetes('kube-proxy'),
    coredns: `${imageRepository}/${official ? 'coredns/coredns' : 'coredns'}:${release.coredns}`,
    pause: `${imageRepository}/pause:${release.pause}`,
    etcd: `${imageRepository}/etcd:${release.etcd}`,
    flannel: `${flannel}/flannel:${release.flannel}`,
    'flannel-cni-plugin': `${flannel}/flannel-cni-plugin:${release.flannelCniPlugin}`,
    'kube-network-policies': `${imageRepository}/${official ? 'networking/' : ''}kube-network-policies:${release.kubeNetworkPolicies}`,
  };
}

/** MetalLB's images: from its own registry, or `metallb/NAME` below `imageRepository` when that is not the official one. */
export function metallbImages(
  release: Release,
  imageRepository: string,
): { readonly controller: string; readonly speaker: string } {
  const repository = imageRepository === officialRepository ? 'quay.io' : imageRepository;
  const image = (name: string): string => `${repository}/metallb/${name}:${release.metallb}`;
  return { controller: image('controller'), speaker: image('speaker') };
}
