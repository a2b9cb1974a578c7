import { artifacts, type Artifact } from '../catalog/artifacts.ts';
import type { Architecture } from '../catalog/data.ts';
import { images, metallbImages } from '../catalog/images.ts';
import type { ArtifactName, Release } from '../catalog/release.ts';
import type { Addon, RemoteChart } from '../model/addon.ts';
import { etcdHosts, hasExternalEtcd, type Cluster } from '../model/cluster.ts';
import { enforcesPolicies } from './text/network-policy.ts';

/** The contents of a bundle. */
export interface BundleContents {
  readonly release: Release;
  readonly files: readonly ArtifactName[];
  /** References, by the name of their archive in the bundle. */
  readonly images: Readonly<Record<string, string>>;
  /** Programs of spec.runtimes. */
  readonly programs?: readonly { readonly url: string; readonly sha256: string }[];
  /** What spec.addons fetches from URLs. */
  readonly manifests?: readonly { readonly url: string; readonly sha256: string }[];
  /** Charts of spec.addons that are not on this machine. */
  readonly charts?: readonly RemoteChart[];
  /** Distributions whose packages hosts need: `debian-12`. */
  readonly packages?: readonly string[];
}

/** Everything that any cluster of a release may need. */
export function contentsOfRelease(release: Release, imageRepository: string): BundleContents {
  const { controller, speaker } = metallbImages(release, imageRepository);
  return {
    release,
    files: artifacts(release, 'amd64').map(({ name }) => name),
    images: {
      ...images(release, imageRepository),
      'metallb-controller': controller,
      'metallb-speaker': speaker,
    },
  };
}

/** Everything that the hosts of a cluster need. */
export function contentsOf(cluster: Cluster, release: Release): BundleContents {
  const all = contentsOfRelease(release, cluster.imageRepository);
  const onHosts = hasExternalEtcd(cluster);
  const without = (name: string): boolean =>
    (name === 'etcd' && onHosts) ||
    (name.startsWith('metallb-') && cluster.metallb === undefined) ||
    (name === 'kube-network-policies' && !enforcesPolicies({ cluster })) ||
    (name === 'kube-proxy' && cluster.kubeProxy === undefined) ||
    (name.startsWith('flannel') && cluster.networking.flannel === undefined);
  return {
    ...all,
    files: all.files.filter((name) => name !== 'etcd' || (onHosts && etcdHosts(cluster).length > 0)),
    images: Object.fromEntries(Object.entries(all.images).filter(([name]) => !without(name))),
    programs: [
      ...new Map(
        (cluster.runtimes ?? []).flatMap(({ files }) => files).map((file) => [file.sha256, file]),
      ).values(),
    ],
  };
}

/** The same with what add-ons need: their images, and the manifests of their URLs. */
export function withAddons(
  contents: BundleContents,
  addons: readonly Addon[],
  images: readonly string[],
): BundleContents {
  const own = new Set(Object.values(contents.images));
  const manifests = addons.flatMap((addon) => addon.manifests.filter((each) => 'url' in each));
  const charts = addons.flatMap(({ chart }) =>
    chart === undefined || 'path' in chart.source ? [] : [chart.source],
  );
  return {
    ...contents,
    images: {
      ...contents.images,
      ...Object.fromEntries(
        images.filter((ref) => !own.has(ref)).map((ref) => [archiveName(ref), ref] as const),
      ),
    },
    manifests: [...new Map(manifests.map((each) => [each.sha256, each])).values()],
    charts: [...new Map(charts.map((each) => [each.sha256, each])).values()],
  };
}

/** `docker.io_library_busybox_1.37`: each reference has a name of its own, since the digest of its tag is unique. */
function archiveName(ref: string): string {
  return ref.replace('@sha256:', '_').replaceAll(/[^\w.-]/g, '_');
}

/** Path in a bundle of a manifest that spec.addons fetches, by its SHA-256. */
export function manifestInBundle(sha256: string): string {
  return `manifests/${sha256}.yaml`;
}

/** Path in a bundle of the archive of a chart, by its SHA-256. */
export function chartInBundle(sha256: string): string {
  return `charts/${sha256}.tgz`;
}

/** Path in a bundle of a program of spec.runtimes, by its SHA-256. */
export function programInBundle(sha256: string): string {
  return `programs/${sha256}`;
}

/** Path of a release file in a bundle. */
export function pathInBundle({ kind, name, fileName, arch }: Artifact): string {
  return kind === 'binary' ? `bin/linux-${arch}/${name}` : `archives/linux-${arch}/${fileName}`;
}

/** Path in a bundle of the packages of a distribution, `debian-12`. */
export function packagesInBundle(system: string, arch: Architecture): string {
  return `packages/linux-${arch}/${system}.tar.gz`;
}

/** Path of an image in a bundle. */
export function imagePathInBundle(name: string, arch: Architecture): string {
  return `images/linux-${arch}/${name}.tar`;
}
