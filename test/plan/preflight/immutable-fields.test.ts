import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { HostSettings, Inspection } from '../../../src/model/inspection.ts';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import { objectKey, type KubeObject } from '../../../src/kube/types.ts';
import { immutableFindings } from '../../../src/plan/preflight/immutable-fields.ts';
import { good } from '../../samples/inspection.ts';
import { host, sampleCluster } from '../../samples/pki.ts';

const hosts = [host('cp-1', '10.0.0.11', 'control-plane'), host('w-1', '10.0.0.21', 'worker')];
const cluster = (networking: Partial<Cluster['networking']> = {}, more: Partial<Cluster> = {}): Cluster => {
  const sample = sampleCluster({ hosts, ...more });
  return { ...sample, networking: { ...sample.networking, ...networking } };
};

/** Hosts of a cluster that runs with everything default. */
function seen(
  settings: Readonly<Record<string, Partial<HostSettings>>> = {},
  etcdData: Inspection['etcdData'] = 'present',
): ReadonlyMap<string, Inspection> {
  return new Map(
    hosts.map((of): [string, Inspection] => {
      const isPlane = of.roles.includes('control-plane');
      const own: HostSettings = {
        nodeName: of.name,
        nodeIPs: [of.address],
        podSubnets: isPlane ? ['10.244.0.0/16'] : [],
        nodeMasks: { any: '', ipv4: '', ipv6: '' },
        serviceSubnets: isPlane ? ['10.96.0.0/12'] : [],
        controllerServiceSubnets: isPlane ? ['10.96.0.0/12'] : [],
        dnsDomain: 'cluster.local',
        ...settings[of.name],
      };
      return [of.name, { ...good(of), etcdData: isPlane ? etcdData : 'absent', settings: own }];
    }),
  );
}

const bare: Readonly<Record<string, Partial<HostSettings>>> = {
  'cp-1': { podSubnets: [], serviceSubnets: [], controllerServiceSubnets: [], dnsDomain: '' },
  'w-1': { dnsDomain: '' },
};
const api = (objects: readonly KubeObject[], nodes: readonly KubeObject[] = []): ClusterObservation => ({
  state: 'present',
  objects: new Map(objects.map((object) => [objectKey(object), object])),
  nodes: new Map(nodes.map((node) => [node.metadata.name, node])),
  pods: new Map(),
});
const node = (name: string, podCIDR: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { podCIDR },
});
const messages = (
  of: Cluster,
  inspections = seen(),
  observed?: ClusterObservation,
  record?: Readonly<Record<string, string>>,
): readonly string[] =>
  immutableFindings(of, inspections, observed, record).map(({ host: on, message }) => `${on}: ${message}`);

describe('fields that cannot change in place', () => {
  it('are as they were', () => {
    expect(messages(cluster())).toEqual([]);
  });

  it.each([
    [
      { podSubnets: ['10.240.0.0/16'] },
      'cp-1: spec.networking.podSubnet is 10.240.0.0/16, but the cluster runs with 10.244.0.0/16 (kube-controller-manager on cp-1): the Pod CIDR of a Node cannot change',
    ],
    [
      { serviceSubnets: ['10.200.0.0/16'] },
      'cp-1: spec.networking.serviceSubnet is 10.200.0.0/16, but the cluster runs with 10.96.0.0/12 (kube-apiserver on cp-1): the addresses of Services cannot change',
    ],
    [
      { dnsDomain: 'k8s.example' },
      'cp-1: spec.networking.dnsDomain is k8s.example, but the cluster runs with cluster.local (kubelet on cp-1): running Pods and certificates have the names of the old domain',
    ],
  ])('are refused by the files of its processes: %o', (networking, message) => {
    expect(messages(cluster(networking))).toEqual([message]);
    // Without data there is no cluster yet: an attempt that failed can be repeated with other networks.
    expect(messages(cluster(networking), seen({}, 'absent'))).toEqual([]);
  });

  it("are refused by the API, whatever the operator's disk and the hosts say", () => {
    const config: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'kubeadm-config' },
      data: { ClusterConfiguration: 'networking: { podSubnet: 10.1.0.0/16, dnsDomain: other.example }\n' },
    };
    expect(messages(cluster(), seen(bare, 'absent'), api([config]))).toEqual([
      expect.stringContaining('runs with 10.1.0.0/16 (ConfigMap kube-system/kubeadm-config)'),
      expect.stringContaining('runs with other.example (ConfigMap kube-system/kubeadm-config)'),
    ]);
    const dns: KubeObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'kube-system', name: 'kube-dns' },
      spec: { clusterIP: '172.20.0.10' },
    };
    expect(messages(cluster(), seen(bare, 'absent'), api([dns]))).toEqual([
      expect.stringContaining('runs with 172.20.0.10 (clusterIP of Service kube-system/kube-dns)'),
    ]);
    const nodes = [node('w-1', '10.1.1.0/24'), node('cp-1', '10.1.0.0/24')];
    expect(messages(cluster(), seen(bare, 'absent'), api([], nodes))).toEqual([
      expect.stringContaining('runs with 10.1.1.0/24 (spec.podCIDR of Node w-1)'),
    ]);
    expect(
      messages(cluster(), seen(bare, 'absent'), api([], [...nodes, node('w-2', '10.244.2.0/24')])),
    ).toEqual([]);
  });

  it('a file that somebody changed by hand is drift, which a run repairs', () => {
    expect(messages(cluster(), seen({ 'w-1': { dnsDomain: 'elsewhere' } }))).toEqual([]);
    expect(messages(cluster(), seen({ 'cp-1': { serviceSubnets: ['10.200.0.0/16'] } }))).toEqual([]);
    const status = {
      addresses: [{ type: 'InternalIP', address: '10.0.0.21' }],
      nodeInfo: { machineID: 'machine of w-1' },
    };
    const known = api([], [{ ...node('w-1', '10.244.1.0/24'), status }]);
    expect(messages(cluster(), seen({ 'w-1': { nodeIPs: ['10.0.0.99'] } }), known)).toEqual([]);
    expect(messages(cluster(), seen({ 'w-1': { nodeName: 'w-9' } }), known)).toEqual([]);
  });

  it('a broken ConfigMap says nothing', () => {
    const config: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'kubeadm-config' },
      data: { ClusterConfiguration: '{[' },
    };
    expect(messages(cluster(), seen(), api([config]))).toEqual([]);
  });

  it("the size of the Nodes' Pod CIDRs", () => {
    const extraArgs = [{ name: 'node-cidr-mask-size', value: '25' }];
    expect(messages(cluster({}, { controllerManager: { extraArgs } }))).toEqual([
      expect.stringContaining('sets node-cidr-mask-size to 25, but the cluster gives its Nodes /24'),
    ]);
    const masks = { any: '25', ipv4: '', ipv6: '' };
    const sized = seen({ 'cp-1': { nodeMasks: masks } });
    expect(messages(cluster({}, { controllerManager: { extraArgs } }), sized)).toEqual([]);
    expect(messages(cluster(), sized)).toEqual([
      expect.stringContaining('to 24, but the cluster gives its Nodes /25'),
    ]);
    // Spelled out with its default.
    const spelled = [{ name: 'node-cidr-mask-size-ipv4', value: '24' }];
    expect(messages(cluster({}, { controllerManager: { extraArgs: spelled } }))).toEqual([]);
  });

  it('a host that is another Node, or that has another address', () => {
    expect(messages(cluster(), seen({ 'w-1': { nodeName: 'w-9' } }))).toEqual([
      'w-1: this machine is Node w-9 of the cluster, but the inventory calls it w-1: a Node cannot be renamed',
    ]);
    expect(messages(cluster(), seen({ 'w-1': { nodeIPs: ['10.0.0.99'] } }))).toEqual([
      'w-1: Node w-1 runs with the address 10.0.0.99, but the inventory says 10.0.0.21: certificates, etcd and the Node have the old address',
    ]);
    // A machine that was replaced has neither.
    expect(messages(cluster(), seen({ 'w-1': { nodeName: '', nodeIPs: [] } }))).toEqual([]);
  });

  it("the cluster's name", () => {
    expect(messages(cluster(), seen(), undefined, { 'metadata.name': '"prod"' })).toEqual([
      expect.stringContaining('metadata.name is sample, but the cluster runs with prod'),
    ]);
    expect(messages(cluster(), seen(), undefined, { 'metadata.name': '"sample"' })).toEqual([]);
  });
});
