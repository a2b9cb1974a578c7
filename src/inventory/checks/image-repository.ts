import { describePath, warning } from '../position.ts';
import type { Check } from './check.ts';

/**
 * Public copies of registry.k8s.io, and nothing else: docs/zh/air-gapped.md. A prefix such as `m.daocloud.io/registry.k8s.io` has the
 * paths of registry.k8s.io, where CoreDNS is elsewhere than in a repository.
 */
const copies: readonly RegExp[] = [
  /^registry(-vpc)?\.([a-z0-9-]+\.)?aliyuncs\.com\/google_containers$/,
  /\/registry\.k8s\.io$/,
  /^k8s(-gcr)?\.m\.daocloud\.io$/,
];

/** Nodes would wait for images that the repository is known to lack. */
export const imageRepositoryHasImages: Check = ({ draft }) => {
  const { imageRepository, networking, metallb, containerd } = draft.spec ?? {};
  const mirrors = (containerd?.registries ?? []).some((registry) => registry?.mirrors?.length);
  if (imageRepository === undefined || mirrors || !copies.some((each) => each.test(imageRepository)))
    return [];
  const lacks = [
    ...(networking?.cni === 'none' ? [] : ['flannel']),
    ...(networking?.networkPolicy === true ? ['kube-network-policies'] : []),
    ...(metallb === undefined ? [] : ['MetalLB']),
    ...(/registry\.k8s\.io$|daocloud/.test(imageRepository) ? ['coredns'] : []),
  ];
  if (lacks.length === 0) return [];
  const at = ['spec', 'imageRepository'];
  return [
    warning(
      at,
      `${describePath(at)} ${imageRepository} is a copy of Kubernetes' images: it has no path for ${lacks.join(', ')}; leave it out and give registry.k8s.io, ghcr.io and quay.io mirrors in spec.containerd.registries, or fill a registry of your own (\`kboot bundle push\`)`,
    ),
  ];
};
