import { verifiesKubelets } from '../../src/model/kubelet-serving.ts';
import type { Desire } from '../../src/desire/context.ts';
import { bootstrapRoles } from '../../src/kube/bootstrap-roles.ts';
import { desireHost } from '../../src/desire/host.ts';
import { allObjects, type DesiredCluster } from '../../src/kube/desired-cluster.ts';
import { objectKey, type KubeObject } from '../../src/kube/types.ts';
import type { Cluster, Host } from '../../src/model/cluster.ts';
import { addressesOf, etcdDataDir, etcdHosts, hostsWith } from '../../src/model/cluster.ts';
import { encryptableResources, finalConfig, wantedFor } from '../../src/model/encryption.ts';
import { KbootError } from '../../src/model/error.ts';
import { factsOf, type Inspection } from '../../src/model/inspection.ts';
import type { ClusterObservation } from '../../src/observe/cluster.ts';
import type { EtcdHost, EtcdObservation } from '../../src/observe/etcd.ts';
import type { HostObservation } from '../../src/observe/probe.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { clusterIdOf } from '../../src/pki/digest.ts';
import { createPki } from '../../src/pki/lookup.ts';
import type { Known } from '../../src/plan/decide.ts';
import { desiredInApi } from '../../src/plan/desired.ts';
import type { Observed } from '../../src/plan/observed.ts';
import type { PlanScope } from '../../src/plan/scope.ts';
import { contentDigest } from '../../src/resource/file.ts';
import { resourceId } from '../../src/resource/kinds.ts';
import { fillPlaceholders } from '../../src/resource/placeholder.ts';
import type { Observation, Resource } from '../../src/resource/types.ts';
import { unissued } from '../samples/desire.ts';
import { context, host, material, sampleCluster } from '../samples/pki.ts';
import { good } from '../samples/inspection.ts';

/** Three control planes and a worker. */
export const haCluster: Cluster = sampleCluster({
  hosts: [
    host('cp-1', '10.0.0.11', 'control-plane'),
    host('cp-2', '10.0.0.12', 'control-plane'),
    host('cp-3', '10.0.0.13', 'control-plane'),
    host('w-1', '10.0.0.21', 'worker'),
  ],
  controlPlaneEndpoint: { host: '10.0.0.11', port: 6443 },
});

/** A PKI that is issued now, so that the kubelets' certificates are valid. */
export async function issuedNow(cluster: Cluster): Promise<Desire> {
  const pki = createPki(certificatesFor(cluster), await material(cluster, { ...context, now: new Date() }));
  return { ...unissued(cluster), pki, clusterId: clusterIdOf(pki.signer('ca').cert) };
}

export function knownOf(desire: Desire, scope: Partial<PlanScope> = {}, more: Partial<Known> = {}): Known {
  const whole: PlanScope = { until: 'addon', limit: [], ignore: [], ...scope };
  return {
    ...{ cluster: desire.cluster, desire, scope: whole, ignore: [], toIssue: [] },
    desired: desiredInApi(desire, whole),
    ...more,
  };
}

/** Freshly installed hosts: no cluster yet. */
export function fresh(known: Known, without: readonly string[] = []): Observed {
  const { cluster, desire } = known;
  const read = cluster.hosts.filter(({ name }) => !without.includes(name));
  return {
    hosts: new Map(read.map((each) => [each.name, observationOf(desire, each, () => ({ state: 'absent' }))])),
    failed: failuresOf(without),
    etcd: {
      hosts: etcdHosts(cluster).map((each) => etcdHost(each, without, 'absent')),
      members: { state: 'absent' },
    },
    externalEtcd: undefined,
    // As observed: decide concludes whether the API is absent.
    api: { state: 'unavailable', why: 'no control-plane host answers' },
    endpoint: undefined,
    served: new Map(),
    snapshots: [],
    former: new Map(),
    metHooks: new Set(),
  };
}

/** A running cluster in the desired state; `changed` observations replace others. */
export function running(
  known: Known,
  {
    without = [],
    changed = () => undefined,
  }: {
    readonly without?: readonly string[];
    readonly changed?: (host: string, resource: Resource) => Observation<unknown> | undefined;
  } = {},
): Observed {
  const { cluster, desire, desired } = known;
  const read = cluster.hosts.filter(({ name }) => !without.includes(name));
  return {
    ...fresh(known, without),
    hosts: new Map(
      read.map((each) => [
        each.name,
        observationOf(
          desire,
          each,
          (resource) => changed(each.name, resource) ?? presentAs(desire, each, resource),
          each.roles.includes('control-plane')
            ? {
                clusterId: desire.clusterId ?? '',
                etcdData: 'present',
                etcdDataDir: etcdDataDir(cluster),
                kubeletActive: true,
                settings: settingsOf(cluster, each),
                podVersions: podVersionsOf(cluster),
                manifests: ['kube-apiserver.yaml'],
                listening: [
                  { port: 6443, program: 'kube-apiserver' },
                  { port: 2379, program: 'etcd' },
                ],
              }
            : { clusterId: desire.clusterId ?? '', kubeletActive: true, settings: settingsOf(cluster, each) },
        ),
      ]),
    ),
    etcd: {
      hosts: etcdHosts(cluster).map((each) => ({
        ...etcdHost(each, without, 'present'),
        startedWith: {
          state: 'new' as const,
          initialCluster: etcdHosts(cluster).map(({ name, address }) => ({ name, address })),
        },
      })),
      members: members(etcdHosts(cluster).map(({ name }) => name)),
    },
    encryption: encryptionAsDesired(known, without),
    served: new Map(
      cluster.hosts.flatMap(({ name, roles }) =>
        roles.includes('control-plane') && !without.includes(name) ? [[name, cluster.kubernetesVersion]] : [],
      ),
    ),
    api: apiAsDesired(desired, cluster.kubernetesVersion),
  };
}

/** What API servers encrypt with, and how etcd holds everything, in the desired state. */
export function encryptionAsDesired(
  { cluster }: Pick<Known, 'cluster'>,
  without: readonly string[] = [],
): NonNullable<Observed['encryption']> {
  const config = finalConfig(cluster);
  const isOn = cluster.encryption !== undefined;
  return {
    servers: new Map(
      hostsWith(cluster, 'control-plane')
        .filter(({ name }) => !without.includes(name))
        .map(({ name }) => [
          name,
          {
            isServer: true,
            uses: isOn ? ('kboot' as const) : ('nothing' as const),
            config: isOn ? config : undefined,
            digest: isOn ? 'the file' : undefined,
          },
        ]),
    ),
    stored: new Map(
      encryptableResources.map((resource) => [resource, new Map([[wantedFor(cluster, resource), 9]])]),
    ),
    conflicts: [],
  };
}

/** Tags in the manifests of a control plane. */
export function podVersionsOf({
  kubernetesVersion,
}: Pick<Cluster, 'kubernetesVersion'>): Inspection['podVersions'] {
  const names = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
  return Object.fromEntries(names.map((name) => [name, kubernetesVersion]));
}

/** What the cluster's processes on a host were started with. */
export function settingsOf({ networking }: Cluster, of: Host): Inspection['settings'] {
  const isPlane = of.roles.includes('control-plane');
  return {
    nodeName: of.name,
    nodeIPs: addressesOf(of),
    podSubnets: isPlane ? networking.podSubnets : [],
    nodeMasks: { any: '', ipv4: '', ipv6: '' },
    serviceSubnets: isPlane ? networking.serviceSubnets : [],
    controllerServiceSubnets: isPlane ? networking.serviceSubnets : [],
    dnsDomain: networking.dnsDomain,
  };
}

/** Members with these names; all except `down` are healthy. */
export function members(names: readonly string[], down: readonly string[] = []): EtcdObservation {
  return {
    state: 'present',
    members: names.map((name) => ({
      ...{ id: name, name, isLearner: false, clientURLs: ['https://x:2379'] },
      peerURLs: [`https://${addressOf(name)}:2380`],
    })),
    healthy: new Set(names.filter((name) => !down.includes(name))),
  };
}

export function unreachable(name: string): KbootError {
  return new KbootError('E-CONNECT', 'connection refused', {
    host: name,
    remedy: { en: 'Start sshd.', zh: '启动 sshd。' },
  });
}

function failuresOf(names: readonly string[]): ReadonlyMap<string, KbootError> {
  return new Map(names.map((name) => [name, unreachable(name)]));
}

function addressOf(name: string): string {
  return haCluster.hosts.find((each) => each.name === name)?.address ?? '10.0.0.99';
}

export function etcdHost(
  { name, address }: Host,
  without: readonly string[],
  data: EtcdHost['data'],
): EtcdHost {
  return {
    ...{ name, address, peerURL: `https://${address}:2380`, startedWith: undefined },
    data: without.includes(name) ? 'unknown' : data,
  };
}

function observationOf(
  desire: Desire,
  of: Host,
  observe: (resource: Resource) => Observation<unknown>,
  more: Partial<Inspection> = {},
): HostObservation {
  const verifies = verifiesKubelets(desire.cluster) && ({ verifiesKubelets: true } as const);
  const inspection = { ...good(of), ...verifies, ...more };
  const resources = desireHost(desire, of, factsOf(inspection, of.address));
  return {
    host: of.name,
    inspection,
    observations: new Map(resources.map((resource) => [resourceId(resource), observe(resource)])),
  };
}

/** The observation of a resource in the desired state. */
export function presentAs(desire: Desire, of: Host, resource: Resource): Observation<unknown> {
  const present = (found: unknown): Observation<unknown> => ({ state: 'present', found });
  switch (resource.kind) {
    case 'directory':
      return present({ mode: resource.mode, owned: true });
    case 'file':
      return present({
        mode: resource.mode,
        digest: contentDigest(resource.content),
        ...(resource.owner !== undefined && { owner: resource.owner }),
      });
    case 'binary':
      return present({ mode: '755', digest: resource.artifact.sha256 });
    case 'archive':
      return present({ digest: resource.artifact.sha256, altered: [] });
    case 'obsolete':
    case 'serving-certificate':
      return { state: 'absent' };
    case 'sysctl':
      return present(resource.value);
    case 'swap':
      return present({ active: [], fstab: [], units: [] });
    case 'cni-config':
      return present({ files: [], wrappers: [], live: false });
    case 'selinux':
      return present({ now: false, boot: false });
    case 'link-mtu':
      return present({ mtu: (resource.mtu ?? 1500) - resource.overhead, below: 1500 });
    case 'kubelet-checkpoint':
      return present({ cpu: resource.cpu, memory: resource.memory, reserved: resource.reserved });
    case 'unit':
      return present({ enabled: true, active: true, current: true });
    case 'timer':
      return resource.wanted
        ? present({ enabled: true, active: true, current: true, files: [] })
        : { state: 'absent' };
    case 'time-service':
      return resource.wanted
        ? present({ enabled: true, active: true, current: true, files: resource.files })
        : { state: 'absent' };
    case 'pod-network':
      return present([]);
    case 'service-rules':
      return present({ rules: [], runs: false });
    case 'image':
      return present({ missing: [], digest: resource.artifact?.sha256 });
    case 'static-pod':
      return present({
        mode: '600',
        digest: contentDigest({ kind: 'text', text: resource.text }),
        current: true,
      });
    case 'client-certificate':
      return present(desire.pki.certificate('kubelet', of.name).cert);
    case 'package':
    case 'user':
    case 'module':
    case 'hook':
      return present(true);
  }
}

export function apiAsDesired(desired: DesiredCluster, version: string): ClusterObservation {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  const record = desired.record === undefined ? [] : [desired.record];
  const objects = [...bootstrapRoles, ...allObjects(desired), ...record].map(
    (object) => JSON.parse(fillPlaceholders(JSON.stringify(object), () => '')) as KubeObject,
  );
  const nodes = desired.nodes.map(({ name, labels, taints }): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels, annotations: { 'kboot.dev/managed-by': 'kboot' } },
    spec: { taints },
    status: { ...ready, nodeInfo: { kubeletVersion: version } },
  }));
  const pods = desired.controlPlanePods.map(({ name, namespace }): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    status: { ...ready, containerStatuses: [{ containerID: `containerd://${name}` }] },
  }));
  return {
    state: 'present',
    objects: new Map(objects.map((object) => [objectKey(object), { ...object, ...statusOf(object) }])),
    nodes: new Map(nodes.map((node) => [node.metadata.name, node])),
    pods: new Map(pods.map((pod) => [pod.metadata.name, pod])),
  };
}

function statusOf(object: KubeObject): object {
  const { replicas = 1 } = (object['spec'] ?? {}) as { readonly replicas?: number };
  if (object.kind === 'Deployment')
    return { status: { observedGeneration: 1, updatedReplicas: replicas, readyReplicas: replicas } };
  if (object.kind !== 'DaemonSet') return {};
  const count = { desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberReady: 1 };
  return { status: { observedGeneration: 1, ...count } };
}
