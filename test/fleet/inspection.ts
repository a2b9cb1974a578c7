import { staticPodComponents } from '../../src/model/component.ts';
import { encryptionFlag, encryptionPath } from '../../src/model/encryption.ts';
import { kubeletCaFlag } from '../../src/model/kubelet-serving.ts';
import type { Host } from '../../src/model/cluster.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { Resource } from '../../src/resource/types.ts';

/** What the probe finds on a host that kboot set up. */
export interface InstalledHost {
  readonly resources: readonly Resource[];
  readonly clusterId: string;
  readonly caPem: string;
}

/** What the inspection of a host prints: a Debian that meets every requirement, with `assumedFacts`. `isServing`: the endpoint is. */
export function inspectionOf(
  { name, address, roles }: Host,
  installed: InstalledHost | undefined,
  isServing: boolean,
): string {
  const { os, caDirectories } = assumedFacts;
  const gib = 64 * 1024 * 1024;
  const isPlane = roles.includes('control-plane');
  return [
    `os=${os.id}\nosVersion=${os.versionId}\nbits=64\nmanager=apt\nmachine=x86_64\nkernel=6.1.0-40-amd64`,
    `cpus=8\nmemKiB=${gib}\ncgroup=cgroup2fs\nsystemd=1\nhostname=${name}\nmachineId=id-${name}\nproductUuid=`,
    `address=${address}/16 eth0\nmac=52:54:00:00:00:01\nlisten-t=22 sshd`,
    ...['/var/lib', '/usr/local', '/etc', '/var/lib/etcd'].map((folder) => `free=${folder} ${gib}`),
    ...['/var/lib/containerd', '/var/lib/kboot', '/usr/bin'].map((folder) => `space=${folder} ${gib} /`),
    `etcdUser= \netcdIdOf= \nlookupMs=1\nendpointAddress=10.9.9.9\nendpointTcp=${isServing ? 'open' : 'refused'}`,
    ...(installed === undefined
      ? ['clusterId=\netcdServers=\ncaDigest=\netcd=absent\netcdDataDir=']
      : setUp(installed, isPlane)),
    ...caDirectories.map((folder) => `caDirectory=${folder}`),
    `now=${Date.now()}000000`,
  ].join('\n');
}

/** As src/observe/inspect.ts and settings-probe.ts read it from the files. */
function setUp({ resources, clusterId, caPem }: InstalledHost, isPlane: boolean): string[] {
  const texts = new Map(
    resources.flatMap((each) =>
      each.kind === 'static-pod'
        ? [[each.name, each.text] as const]
        : each.kind === 'file' && each.content.kind === 'text'
          ? [[each.path, each.content.text] as const]
          : [],
    ),
  );
  const flag = (file: string, name: string): string =>
    new RegExp(`--${name}=([^ "']*)`).exec(texts.get(file) ?? '')?.[1] ?? '';
  const [flags, manager] = ['/var/lib/kubelet/kubeadm-flags.env', 'kube-controller-manager'] as const;
  const config = texts.get('/var/lib/kubelet/config.yaml') ?? '';
  return [
    `clusterId=${clusterId}\ncaDigest=${sha256(caPem)}\nunit=kubelet.service active\nlisten-t=10250 kubelet`,
    `nodeName=${flag(flags, 'hostname-override')}\nnodeIPs=${flag(flags, 'node-ip')}`,
    `dnsDomain=${/^clusterDomain: *(.*)$/m.exec(config)?.[1] ?? ''}`,
    ...(isPlane
      ? [
          ...[6443, 2379, 2380].map(
            (port) => `listen-t=${port} ${port === 6443 ? 'kube-apiserver' : 'etcd'}`,
          ),
          ...staticPodComponents.flatMap((pod) =>
            texts.has(pod)
              ? [`manifest=${pod}.yaml`, `podVersion=${pod} ${tagOf(texts.get(pod) ?? '', pod)}`]
              : [],
          ),
          `etcd=present\netcdDataDir=${flag('etcd', 'data-dir')}\netcdServers=${flag('kube-apiserver', 'etcd-servers')}`,
          `etcdInitialCluster=${flag('etcd', 'initial-cluster')}\netcdInitialState=${flag('etcd', 'initial-cluster-state')}`,
          `podSubnets=${flag(manager, 'cluster-cidr')}\nserviceSubnets=${flag('kube-apiserver', 'service-cluster-ip-range')}`,
          ...(flag('kube-apiserver', kubeletCaFlag) === '' ? [] : ['verifiesKubelets=1']),
          ...(flag('kube-apiserver', encryptionFlag) === '' ? [] : ['encryption=1']),
          `controllerServiceSubnets=${flag(manager, 'service-cluster-ip-range')}`,
        ]
      : ['etcd=absent\netcdDataDir=\netcdServers=']),
  ];
}

function tagOf(manifest: string, name: string): string {
  return new RegExp(`/${name}:([A-Za-z0-9._-]*)`).exec(manifest)?.[1] ?? '';
}

/** What an API server encrypts with, as src/observe/encryption.ts reads it; `text`: its file. */
export function encryptionOf(text: string | undefined): string {
  return text === undefined
    ? 'flag=\nend=1\n'
    : `server=1\nflag=${encryptionPath}\nfile=600 ${sha256(text)} ${Buffer.from(text).toString('base64')}\nend=1\n`;
}
