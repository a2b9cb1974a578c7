import { basename, dirname } from 'node:path/posix';
import { images, metallbImages, type ImageName } from '../../catalog/images.ts';
import { isOfficialPlace, knownDigests } from '../../catalog/known-digests.ts';
import type { ImageDigests, Release } from '../../catalog/release.ts';
import { hasExternalEtcd, type Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import { cniFolder } from '../../resource/cni-config.ts';
import { runtimesOf, type RuntimeFile } from '../../model/runtime.ts';
import type { Artifact, ImageResource, Resource } from '../../resource/types.ts';
import { addonImages } from '../addon-images.ts';
import { programInBundle } from '../bundle-contents.ts';
import { isOfficial } from '../bundle-fit.ts';
import { filesFor, folders, textContext, textFile, releaseOf, type Desire } from '../context.ts';
import { containerdFiles } from '../text/containerd.ts';
import { flannelLinks } from '../text/flannel.ts';
import { kubeletUnitFiles } from '../text/kubelet.ts';
import { enforcesPolicies } from '../text/network-policy.ts';
import { paths } from '../text/paths.ts';
import { proxyDropIn } from '../text/proxy.ts';
import { registryFiles, registryFolder } from '../text/registries.ts';

/** containerd with everything it needs: runc, CNI plugins, images; the kubelet's binary and service, not started yet. */
export function runtimeStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stage = 'runtime';
  const files = filesFor(desire, facts);
  const crictl = files.find('crictl');
  const kubelet = files.find('kubelet');
  const kubectl = files.find('kubectl');
  return [
    {
      kind: 'archive',
      stage,
      name: 'containerd',
      artifact: files.get('containerd'),
      destination: '/usr/local',
      readBy: ['containerd'],
    },
    { kind: 'binary', stage, path: '/usr/local/sbin/runc', artifact: files.get('runc') },
    {
      kind: 'archive',
      stage,
      name: 'cni-plugins',
      artifact: files.get('cni-plugins'),
      destination: '/opt/cni/bin',
    },
    ...(crictl
      ? [{ kind: 'archive', stage, name: 'crictl', artifact: crictl, destination: '/usr/local/bin' } as const]
      : []),
    ...(kubelet
      ? [{ kind: 'binary', stage, path: '/usr/bin/kubelet', artifact: kubelet, readBy: ['kubelet'] } as const]
      : []),
    ...(kubectl ? [{ kind: 'binary', stage, path: '/usr/bin/kubectl', artifact: kubectl } as const] : []),
    ...runtimesOf(desire.cluster, host).flatMap(({ files }) =>
      files.map((file) => ({
        ...({ kind: 'binary', stage, path: file.path } as const),
        artifact: runtimeArtifact(desire, file),
      })),
    ),
    ...folders(stage, ['/etc/containerd', cniFolder]),
    ...(desire.cluster.networking.flannel === undefined
      ? []
      : [{ kind: 'cni-config', stage, keep: ownNetworks(desire, host) } as const]),
    ...containerdFiles(textContext(desire, facts), host).map((file) =>
      textFile(stage, file, file.path === paths.crictlConfig ? undefined : ['containerd']),
    ),
    ...proxy(desire, facts),
    ...registries(desire, facts),
    { kind: 'unit', stage, name: 'containerd' },
    ...folders(stage, ['/etc/systemd/system/kubelet.service.d']),
    ...kubeletUnitFiles(textContext(desire, facts), facts).map((file) => textFile(stage, file, ['kubelet'])),
    ...imageResources(desire, host, facts),
    ...flannelLinks(desire.cluster, facts).map((link): Resource => ({ kind: 'link-mtu', stage, ...link })),
  ];
}

/** From the bundle if that has it, else from its URL. */
function runtimeArtifact({ bundle, cluster }: Desire, { url, sha256 }: RuntimeFile): Artifact {
  const path = programInBundle(sha256);
  const held = bundle?.files.find((file) => file.path === path);
  return {
    title: basename(new URL(url).pathname),
    sha256,
    source:
      held === undefined
        ? { kind: 'download', url, ...(cluster.artifacts.fetch === 'once' && { once: true }) }
        : { kind: 'bundle', path, size: held.size },
  };
}

/** Network configurations that spec.files puts on a host: Multus and the like. */
function ownNetworks({ cluster: { files = [] } }: Desire, { name }: Host): readonly string[] {
  return files.flatMap(({ path, hosts }) =>
    dirname(path) === cniFolder && hosts.includes(name) ? [basename(path)] : [],
  );
}

function proxy(desire: Desire, facts: HostFacts): readonly Resource[] {
  const files = proxyDropIn(textContext(desire, facts));
  return [
    ...folders('runtime', [...new Set(files.map(({ path }) => dirname(path)))]),
    ...files.map((file) => textFile('runtime', file, ['containerd'])),
  ];
}

/** No process needs a restart for them. */
function registries(desire: Desire, facts: HostFacts): readonly Resource[] {
  const stage = 'runtime';
  const files = registryFiles(textContext(desire, facts));
  const above = files.length === 0 ? [] : [paths.registries];
  const patterns = ['hosts.toml', 'kboot-*.crt'].map((name) => registryFolder(`*/${name}`));
  return [
    ...folders(stage, [...above, ...new Set(files.map(({ path }) => dirname(path)))]),
    ...files.map((file) => textFile(stage, file)),
    {
      kind: 'obsolete',
      stage,
      name: 'registries',
      patterns,
      keep: files.map(({ path }) => path),
      marked: true,
    },
  ];
}

const controlPlaneImages: readonly ImageName[] = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'etcd',
];

const flannelImages: readonly ImageName[] = ['flannel', 'flannel-cni-plugin'];

/** Images by role; additional images in a bundle go to every node. Without a bundle, the same list is pulled. */
function imageResources(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const { cluster, bundle } = desire;
  const release = releaseOf(desire);
  const refs = images(release, cluster.imageRepository);
  const { controller, speaker } = metallbImages(release, cluster.imageRepository);
  const metallb = cluster.metallb === undefined ? [] : [controller, speaker];
  const notHere = new Set(
    [
      ...(host.roles.includes('control-plane') ? [] : controlPlaneImages),
      ...(hasExternalEtcd(cluster) ? ['etcd' as const] : []),
      ...(cluster.networking.flannel === undefined ? flannelImages : []),
      ...(cluster.kubeProxy === undefined ? ['kube-proxy' as const] : []),
      ...(enforcesPolicies(desire) ? [] : ['kube-network-policies' as const]),
    ].map((name) => refs[name]),
  );
  if (bundle === undefined)
    return [...Object.values(refs), ...metallb]
      .filter((ref) => !notHere.has(ref))
      .map((ref) => ({
        ...{ kind: 'image', stage: 'runtime', refs: [ref], artifact: null },
        ...heldTo(facts, [[ref, pulledAs(release, ref)]]),
      }));
  for (const ref of notHere.size === 0 ? [] : ofAddons(desire)) notHere.delete(ref);
  const byPath = new Map<string, string[]>();
  const official = new Map<string, ImageDigests>();
  for (const image of bundle.images) {
    const { ref, path, arch, digest } = image;
    if (arch !== facts.architecture) continue;
    byPath.set(path, [...(byPath.get(path) ?? []), ref]);
    const known = knownDigests(release, ref);
    // An index in the archive proves that the image is the known one; containerd gives the tag to the image itself.
    if (known && digest !== undefined && isOfficial(known, image))
      official.set(ref, { ...known, [facts.architecture]: digest });
  }
  return [...byPath].flatMap(([path, held]): Resource[] => {
    const file = bundle.files.find((candidate) => candidate.path === path);
    if (file === undefined || held.every((ref) => notHere.has(ref))) return [];
    const artifact = {
      title: held.join(', '),
      sha256: file.sha256,
      source: { kind: 'bundle' as const, path, size: file.size },
    };
    const own = held.map((ref) => [ref, official.get(ref)] as const);
    return [{ kind: 'image', stage: 'runtime', refs: held, artifact, ...heldTo(facts, own) }];
  });
}

const refsOfAddons = new WeakMap<object, readonly string[]>();

/** The images of the operator's add-ons: a host needs those, even if kboot itself has no use for them there. */
function ofAddons({ cluster, addons }: Desire): readonly string[] {
  if (addons === undefined) return [];
  const refs = refsOfAddons.get(addons) ?? addonImages(cluster.addons ?? [], addons);
  refsOfAddons.set(addons, refs);
  return refs;
}

/** What a host pulls a reference as: what the lock has, or the catalog for the projects' own registries. */
function pulledAs(release: Release, ref: string): ImageDigests | undefined {
  const known = knownDigests(release, ref);
  return known?.by === 'catalog' && !isOfficialPlace(ref) ? undefined : known;
}

/** The digests of images; a bundle's own builds, which --allow-unofficial admits, are not held to any. */
function heldTo(
  { architecture }: HostFacts,
  refs: readonly (readonly [ref: string, held: ImageDigests | undefined])[],
): Pick<ImageResource, 'digests'> {
  const digests = Object.fromEntries(
    refs.flatMap(([ref, held]) =>
      held === undefined
        ? []
        : [[ref, [...new Set([held.digest, held[architecture] ?? held.digest])]] as const],
    ),
  );
  return Object.keys(digests).length === 0 ? {} : { digests };
}
