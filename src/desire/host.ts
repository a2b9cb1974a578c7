import { images, type ImageName } from '../catalog/images.ts';
import { release as releaseOf } from '../catalog/release.ts';
import { etcdHosts, hasExternalEtcd, isNode, type Cluster, type Host } from '../model/cluster.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Stage } from '../model/stage.ts';
import type { Pki } from '../pki/types.ts';
import type { Membership, MembershipPlan } from '../plan/etcd-membership.ts';
import type { Renderer } from '../render/params.ts';
import { placeholder } from '../resource/placeholder.ts';
import { hostFolder } from '../resource/prelude.ts';
import type { FileResource, Resource } from '../resource/types.ts';
import type { Bundle } from '../store/bundle.ts';
import { systemTraits } from './os.ts';
import { kubeletClientPem, pkiContent, pkiFiles, pkiResource } from './pki-files.ts';
import { containerdVersion, releaseFiles } from './release-files.ts';
import { containerdFiles } from './text/containerd.ts';
import { etcdUnit } from './text/etcd.ts';
import { hostFiles, kernelModules, sysctls } from './text/host.ts';
import { kubeletKubeconfig } from './text/kubeconfig.ts';
import { kubeletFiles } from './text/kubelet.ts';
import { paths } from './text/paths.ts';
import { staticPods } from './text/static-pods.ts';
import type { HostText, TextContext } from './text/types.ts';

export interface Desire {
  readonly cluster: Cluster;
  readonly renderer: Renderer;
  readonly pki: Pki;
  /** Undefined while the CA is not issued yet. */
  readonly clusterId: string | undefined;
  readonly bundle: Bundle | undefined;
  /** How etcd members are founded, joined or kept; undefined: founded. */
  readonly membership?: MembershipPlan;
}

/**
 * Everything that must be so on one host, in the order in which it is brought about: the install, from top to
 * bottom. A unit comes after all that it reads.
 */
export function desireHost(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  return [
    ...hostStage(desire, facts),
    ...(isNode(host) ? runtimeStage(desire, host, facts) : []),
    ...(host.roles.includes('etcd') ? etcdStage(desire, host, facts) : []),
    ...(host.roles.includes('control-plane') ? controlPlaneStages(desire, host, facts) : []),
    ...(isNode(host) && !host.roles.includes('control-plane') ? nodeStage(desire, host, facts, 'node') : []),
  ];
}

/** What texts are made from, for one architecture. */
export function textContext(desire: Desire, facts: HostFacts): TextContext {
  const release = releaseOf(desire.cluster.kubernetesVersion);
  return {
    cluster: desire.cluster,
    renderer: desire.renderer,
    images: images(release, desire.cluster.imageRepository),
    versions: {
      etcd: release.etcd,
      containerd: containerdVersion(release, facts.architecture, desire.bundle),
    },
  };
}

/** PEM of the cluster's CA, or what stands for it until it is issued. */
export function caPem(pki: Pki): string {
  return pki.isIssued('ca') ? pki.ca('ca').cert : placeholder('ca.crt');
}

function hostStage(desire: Desire, facts: HostFacts): readonly Resource[] {
  const stage = 'host';
  const traits = systemTraits(facts);
  const packages = [...traits.nodePackages, ...(desire.bundle === undefined ? traits.downloadPackages : [])];
  const features: Readonly<Record<string, string>> = {
    overlay: '/sys/module/overlay',
    br_netfilter: '/proc/sys/net/bridge/bridge-nf-call-iptables',
    vxlan: '/sys/module/vxlan',
    wireguard: '/sys/module/wireguard',
  };
  return [
    textFile(stage, {
      path: `${hostFolder}/cluster`,
      mode: 0o644,
      text: `${desire.clusterId ?? placeholder('cluster-id')}\n`,
    }),
    ...packages.map((name): Resource => ({ kind: 'package', stage, name })),
    { kind: 'swap', stage },
    ...hostFiles(textContext(desire, facts)).map((file) => textFile(stage, file)),
    ...kernelModules(desire.cluster).map((name): Resource => ({
      kind: 'module',
      stage,
      name,
      feature: features[name] ?? `/sys/module/${name}`,
    })),
    ...sysctls(desire.cluster).map(({ key, value }): Resource => ({
      kind: 'sysctl',
      stage,
      key,
      value,
      compare: key.startsWith('fs.inotify.') ? 'at-least' : 'equal',
    })),
  ];
}

function runtimeStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stage = 'runtime';
  const files = releaseFiles(
    desire.cluster,
    releaseOf(desire.cluster.kubernetesVersion),
    facts.architecture,
    desire.bundle,
  );
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
    ...folders(stage, ['/etc/containerd', '/etc/cni/net.d']),
    ...containerdFiles(textContext(desire, facts)).map((file) =>
      textFile(stage, file, file.path === paths.crictlConfig ? undefined : ['containerd']),
    ),
    { kind: 'unit', stage, name: 'containerd' },
    ...imageResources(desire, host, facts),
  ];
}

/** A member on a host of the role etcd: the binary as a systemd service, with kubeadm's PKI layout. */
function etcdStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stage = 'etcd';
  const { cluster, pki, renderer } = desire;
  const files = releaseFiles(
    cluster,
    releaseOf(cluster.kubernetesVersion),
    facts.architecture,
    desire.bundle,
  );
  const unit = etcdUnit(textContext(desire, facts), host, membershipOf(desire, host));
  return [
    {
      kind: 'archive',
      stage,
      name: 'etcd',
      artifact: files.get('etcd'),
      destination: '/usr/local/bin',
      members: ['etcd', 'etcdctl', 'etcdutl'],
      readBy: ['etcd'],
    },
    ...folders(stage, ['/etc/kubernetes', '/etc/kubernetes/pki', '/etc/kubernetes/pki/etcd']),
    { kind: 'directory', stage, path: '/var/lib/etcd', mode: '700' },
    ...pkiFiles(cluster, host, pki, renderer)
      .filter((file) => file.part === 'etcd')
      .map((file) => pkiResource(file, stage)),
    textFile(stage, unit, ['etcd']),
    { kind: 'unit', stage, name: 'etcd' },
  ];
}

function controlPlaneStages(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const { cluster } = desire;
  const files = pkiFiles(cluster, host, desire.pki, desire.renderer);
  const pods = staticPods(textContext(desire, facts), host, facts, membershipOf(desire, host));
  const pod = (stage: Stage, name: string): Resource[] =>
    pods
      .filter((each) => each.name === name)
      .map((each) => ({ kind: 'static-pod', stage, name: each.name, text: each.text }));
  const stacked = !hasExternalEtcd(cluster);
  const manifests: Resource = {
    kind: 'directory',
    stage: 'etcd',
    path: '/etc/kubernetes/manifests',
    mode: '700',
  };
  return [
    ...folders('etcd', ['/etc/kubernetes', '/etc/kubernetes/pki', '/etc/kubernetes/pki/etcd']),
    manifests,
    ...(stacked ? [{ kind: 'directory', stage: 'etcd', path: '/var/lib/etcd', mode: '700' } as const] : []),
    ...files.filter((file) => file.part === 'etcd').map((file) => pkiResource(file, 'etcd')),
    ...pod('etcd', 'etcd'),
    ...files
      .filter((file) => file.part === 'control-plane')
      .map((file) => pkiResource(file, 'control-plane')),
    ...files.filter((file) => file.part === 'node').map((file) => pkiResource(file, 'control-plane')),
    ...pod('control-plane', 'kube-apiserver'),
    ...pod('control-plane', 'kube-controller-manager'),
    ...pod('control-plane', 'kube-scheduler'),
    ...nodeStage(desire, host, facts, 'control-plane'),
  ];
}

/** Flags of a host's member: as the membership plan says, or those of a founding. */
function membershipOf(desire: Desire, host: Host): Membership {
  return (
    desire.membership?.hosts.find((member) => member.host === host.name)?.membership ?? {
      initialCluster: etcdHosts(desire.cluster).map(({ name, address }) => ({ name, address })),
      state: 'new',
    }
  );
}

/** The kubelet: on a control plane it starts once the manifests lie there, elsewhere it has a stage of its own. */
function nodeStage(desire: Desire, host: Host, facts: HostFacts, stage: Stage): readonly Resource[] {
  const { cluster, pki, renderer } = desire;
  const worker = !host.roles.includes('control-plane');
  const ca = pkiFiles(cluster, host, pki, renderer).filter((file) => file.part === 'node');
  return [
    ...(worker
      ? [
          ...folders(stage, ['/etc/kubernetes', '/etc/kubernetes/pki']),
          ...ca.map((file) => pkiResource(file, stage)),
        ]
      : []),
    ...(worker
      ? [{ kind: 'directory', stage, path: '/etc/kubernetes/manifests', mode: '700' } as const]
      : []),
    { kind: 'directory', stage, path: '/var/lib/kubelet', mode: '700' },
    ...folders(stage, ['/var/lib/kubelet/pki', '/etc/systemd/system/kubelet.service.d']),
    ...kubeletFiles(textContext(desire, facts), host, facts).map((file) =>
      textFile(stage, file, ['kubelet']),
    ),
    {
      kind: 'file',
      stage,
      path: '/etc/kubernetes/kubelet.conf',
      mode: '600',
      content: { kind: 'text', text: kubeletKubeconfig(renderer, cluster, host, caPem(pki)) },
      readBy: ['kubelet'],
    },
    {
      kind: 'client-certificate',
      stage,
      commonName: `system:node:${host.name}`,
      content: pkiContent(kubeletClientPem(host, pki)),
      caPem: pki.isIssued('ca') ? pki.ca('ca').cert : null,
      readBy: ['kubelet'],
    },
    { kind: 'unit', stage, name: 'kubelet' },
  ];
}

const controlPlaneImages: readonly ImageName[] = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'etcd',
];

/** Images by role; a bundle's further images go to every node. Without a bundle the same list is pulled. */
function imageResources(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const { cluster, bundle } = desire;
  const refs = images(releaseOf(cluster.kubernetesVersion), cluster.imageRepository);
  const notHere = new Set(
    [
      ...(host.roles.includes('control-plane') ? [] : controlPlaneImages),
      ...(hasExternalEtcd(cluster) ? ['etcd' as const] : []),
    ].map((name) => refs[name]),
  );
  if (bundle === undefined)
    return Object.values(refs)
      .filter((ref) => !notHere.has(ref))
      .map((ref) => ({ kind: 'image', stage: 'runtime', refs: [ref], artifact: null }));
  const byPath = new Map<string, string[]>();
  for (const { ref, path, arch } of bundle.images) {
    if (arch === facts.architecture) byPath.set(path, [...(byPath.get(path) ?? []), ref]);
  }
  return [...byPath].flatMap(([path, held]): Resource[] => {
    const file = bundle.files.find((candidate) => candidate.path === path);
    if (file === undefined || held.every((ref) => notHere.has(ref))) return [];
    const artifact = {
      title: held.join(', '),
      sha256: file.sha256,
      source: { kind: 'bundle' as const, path, size: file.size },
    };
    return [{ kind: 'image', stage: 'runtime', refs: held, artifact }];
  });
}

function folders(stage: Stage, list: readonly string[]): Resource[] {
  return list.map((path) => ({ kind: 'directory', stage, path, mode: '755' }));
}

function textFile(stage: Stage, file: HostText, readBy?: readonly string[]): FileResource {
  return {
    kind: 'file',
    stage,
    path: file.path,
    mode: file.mode.toString(8),
    content: { kind: 'text', text: file.text },
    ...(readBy && { readBy }),
  };
}
