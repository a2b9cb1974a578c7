import { readFileSync } from 'node:fs';
import { metallbImages } from '../../src/catalog/images.ts';
import { release } from '../../src/catalog/release.ts';
import type { ImageSet, TextContext } from '../../src/desire/text/types.ts';
import type { Cluster, ExtraVolume, Host, Role } from '../../src/model/cluster.ts';
import { assumedFacts, type HostFacts } from '../../src/model/facts.ts';
import { createRenderer } from '../../src/render/renderer.ts';
import { host as plainHost, sampleCluster } from './pki.ts';

/** kubeadm's files and objects for the clusters below (see each function), as kubeadm v1.36.2 wrote them. */
export function golden(path: string): string {
  return readFileSync(new URL(`../golden/kubeadm/${path}`, import.meta.url), 'utf8');
}

export const facts: HostFacts = assumedFacts;

export function host(name: string, address: string, roles: readonly Role[], more: Partial<Host> = {}): Host {
  return { ...plainHost(name, address, ...roles), ...more };
}

/** One control plane, everything else default: golden `single`. */
export function single(more: Partial<Cluster> = {}): Cluster {
  return sampleCluster({ name: 'test', ...more });
}

/** Dual-stack, endpoint, extra arguments for each component, another registry: golden `ha`. */
export function ha(): Cluster {
  return single({
    controlPlaneEndpoint: { host: '10.0.0.100', port: 8443 },
    networking: {
      podSubnets: ['10.244.0.0/16', 'fd00:10:244::/56'],
      serviceSubnets: ['10.96.0.0/12', 'fd00:10:96::/112'],
      dnsDomain: 'k8s.example',
      flannel: { backend: 'vxlan' },
    },
    apiServer: {
      certSANs: ['api.example'],
      extraArgs: [
        { name: 'v', value: '2' },
        { name: 'service-account-issuer', value: 'https://a.example' },
        { name: 'service-account-issuer', value: 'https://b.example' },
        { name: 'authorization-config', value: '/etc/kubernetes/authz.yaml' },
      ],
    },
    controllerManager: { extraArgs: [{ name: 'bind-address', value: '0.0.0.0' }] },
    scheduler: {
      extraArgs: [
        { name: 'bind-address', value: '::' },
        { name: 'v', value: '4' },
      ],
    },
    etcd: {
      extraArgs: [
        { name: 'listen-metrics-urls', value: 'http://0.0.0.0:2391' },
        { name: 'quota-backend-bytes', value: '8589934592' },
      ],
    },
    imageRepository: 'registry.example/k8s',
    hosts: [
      host('cp-1', '10.0.0.11', ['control-plane'], { secondAddress: 'fd00::11' }),
      host('cp-2', '10.0.0.12', ['control-plane']),
      host('cp-3', '10.0.0.13', ['control-plane']),
      host('w-1', '10.0.0.14', ['worker']),
    ],
  });
}

/** IPv6 only: golden `ipv6`. */
export function ipv6(): Cluster {
  return single({
    controlPlaneEndpoint: { host: 'fd00::11', port: 6443 },
    networking: {
      podSubnets: ['fd00:10:244::/56'],
      serviceSubnets: ['fd00:10:96::/112'],
      dnsDomain: 'cluster.local',
      flannel: { backend: 'vxlan' },
    },
    hosts: [host('cp6', 'fd00::11', ['control-plane'])],
  });
}

/** Volumes, environment and flags for each static Pod, etcd's data elsewhere: golden `extra-volumes`. */
export function extraVolumes(): Cluster {
  const volume = (
    name: string,
    path: string,
    pathType: ExtraVolume['pathType'],
    more: Partial<ExtraVolume> = {},
  ): ExtraVolume => ({ name, hostPath: path, mountPath: path, readOnly: true, pathType, ...more });
  const policy = '/etc/kubernetes/audit/policy.yaml';
  const scheduler = '/etc/kubernetes/scheduler-config.yaml';
  return single({
    etcd: {
      dataDir: '/mnt/etcd-disk/data',
      extraArgs: [{ name: 'quota-backend-bytes', value: '8589934592' }],
      extraEnvs: [{ name: 'ETCD_LOG_LEVEL', value: 'debug' }],
    },
    apiServer: {
      certSANs: [],
      extraArgs: [
        { name: 'audit-policy-file', value: policy },
        { name: 'audit-log-path', value: '/var/log/kubernetes/audit.log' },
      ],
      extraEnvs: [
        { name: 'ZONE', value: '1' },
        { name: 'GODEBUG', value: 'x=1,y=yes' },
        { name: 'EMPTY', value: '' },
      ],
      extraVolumes: [
        volume('zz-audit-log', '/var/log/kubernetes', 'DirectoryOrCreate', { readOnly: false }),
        volume('audit', policy, 'File'),
        volume('plain', '/srv/plain', '', { mountPath: '/srv/inside', readOnly: false }),
      ],
    },
    controllerManager: {
      extraArgs: [],
      extraEnvs: [{ name: 'A', value: 'b' }],
      extraVolumes: [volume('ssl', '/opt/ssl', 'Directory')],
    },
    scheduler: {
      extraArgs: [{ name: 'config', value: scheduler }],
      extraEnvs: [{ name: 'B', value: 'c-d' }],
      extraVolumes: [volume('config', scheduler, 'File')],
    },
  });
}

/** etcd on two hosts of its own: golden `external-etcd`. */
export function externalEtcd(): Cluster {
  return single({
    controlPlaneEndpoint: { host: 'api.example', port: 6443 },
    hosts: [
      host('cp-1', '10.0.0.11', ['control-plane']),
      host('e-1', '10.0.0.21', ['etcd']),
      host('e-2', '10.0.0.22', ['etcd']),
    ],
  });
}

export function images(repository: string): ImageSet {
  const coredns = repository === 'registry.k8s.io' ? `${repository}/coredns` : repository;
  return {
    'kube-apiserver': `${repository}/kube-apiserver:v1.36.2`,
    'kube-controller-manager': `${repository}/kube-controller-manager:v1.36.2`,
    'kube-scheduler': `${repository}/kube-scheduler:v1.36.2`,
    'kube-proxy': `${repository}/kube-proxy:v1.36.2`,
    coredns: `${coredns}/coredns:v1.14.2`,
    pause: `${repository}/pause:3.10.2`,
    etcd: `${repository}/etcd:3.6.8-0`,
    flannel: 'ghcr.io/flannel-io/flannel:v0.28.9',
    'flannel-cni-plugin': 'ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3',
    'kube-network-policies': 'registry.k8s.io/networking/kube-network-policies:v1.1.1',
  };
}

const renderer = createRenderer();

export function contextOf(cluster: Cluster, versions: Partial<TextContext['versions']> = {}): TextContext {
  return {
    cluster,
    renderer,
    images: images(cluster.imageRepository),
    metallb: metallbImages(release('v1.36.2'), cluster.imageRepository),
    versions: { etcd: '3.6.8-0', containerd: '2.1.9', ...versions },
  };
}

/** The first host, which every fixture has as a control plane. */
export function firstHost(cluster: Cluster): Host {
  const [first] = cluster.hosts;
  if (first === undefined) throw new Error('a fixture has hosts');
  return first;
}

/** Element of a list that a test knows to be there. */
export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not found');
  return value;
}
