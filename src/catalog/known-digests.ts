import { imageDigests } from './data.ts';
import type { ImageDigests, Release } from './release.ts';

/** How the official images are named in any registry, without their tags; `coredns` is `coredns/coredns` at registry.k8s.io. */
const names = [
  ...[
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-proxy',
    'coredns',
    'pause',
    'etcd',
  ],
  ...['flannel', 'flannel-cni-plugin', 'metallb/controller', 'metallb/speaker'],
];

/** Where the official images are. */
const officialPlaces = ['registry.k8s.io/', 'ghcr.io/flannel-io/', 'quay.io/metallb/'];

/** The name of the official image that a reference is of, in whatever registry. */
export function officialName(ref: string): string | undefined {
  const path = ref.slice(ref.indexOf('/') + 1, ref.lastIndexOf(':'));
  return names.find((name) => path === name || path.endsWith(`/${name}`));
}

/** Whether a reference leads to the project's own registry. */
export function isOfficialPlace(ref: string): boolean {
  return officialPlaces.some((place) => ref.startsWith(place));
}

/** The catalog's digest of an image, in whatever registry: that of the index for all platforms. undefined: it has none. */
export function catalogDigest(ref: string): string | undefined {
  const name = officialName(ref);
  return name === undefined ? undefined : imageDigests()[name]?.[ref.slice(ref.lastIndexOf(':') + 1)];
}

/** What an image is held to, and who says so: its own name, the lock if it has the image, else the catalog. */
export function knownDigests(
  release: Pick<Release, 'locked'> | undefined,
  ref: string,
): (ImageDigests & { readonly by: 'lock' | 'catalog' }) | undefined {
  const own = /@(sha256:[0-9a-f]{64})$/.exec(ref)?.[1];
  if (own !== undefined) return { digest: own, by: 'lock' };
  const locked = release?.locked?.[ref];
  if (locked !== undefined) return { ...locked, by: 'lock' };
  const digest = catalogDigest(ref);
  return digest === undefined ? undefined : { digest, by: 'catalog' };
}
