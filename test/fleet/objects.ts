import type { DesiredCluster } from '../../src/kube/desired-cluster.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Host } from '../../src/model/cluster.ts';
import { managedBy } from '../../src/plan/rollout/node-removal.ts';

type Named = { readonly namespace: string; readonly name: string };

/** A DaemonSet with its Pods on every Node, or a Deployment that is ready; others as they are. */
export function withStatus(
  object: KubeObject,
  nodes: { readonly all: number; readonly ready: number },
): KubeObject {
  if (object.kind !== 'DaemonSet' && object.kind !== 'Deployment') return object;
  const { replicas } = (object['spec'] ?? {}) as { readonly replicas?: number };
  return {
    ...object,
    metadata: { ...object.metadata, ...{ generation: 1 } },
    status: {
      observedGeneration: 1,
      ...{ desiredNumberScheduled: nodes.all, updatedNumberScheduled: nodes.all, numberReady: nodes.ready },
      ...{ replicas, updatedReplicas: replicas, readyReplicas: replicas },
    },
  };
}

/** A Node or a Pod with this condition Ready. */
export function withReady(object: KubeObject, isReady: boolean): KubeObject {
  const status = object['status'] as { readonly conditions?: readonly { readonly type: string }[] };
  const conditions = status.conditions?.map((condition) =>
    condition.type === 'Ready' ? { ...condition, status: isReady ? 'True' : 'False' } : condition,
  );
  return { ...object, status: { ...status, conditions } };
}

export const time = '2026-01-01T00:00:00Z';
const isReady = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime: time }];

/** A Node as kubelet, controllers, flannel and kboot write it: 10 kB, as in a cluster with a few workloads. */
export function nodeObject(
  { name, address }: Host,
  index: number,
  { labels, taints }: DesiredCluster['nodes'][number],
  version: string,
): KubeObject {
  const own = {
    ...{ 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    ...{ 'beta.kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': 'amd64' },
    ...labels,
  };
  const podCIDR = `10.${128 + Math.floor(index / 256)}.${index % 256}.0/24`;
  const annotations = {
    [managedBy]: 'kboot',
    'flannel.alpha.coreos.com/backend-data': '{"VNI":1,"VtepMAC":"52:54:00:00:00:01"}',
    'flannel.alpha.coreos.com/backend-type': 'vxlan',
    'flannel.alpha.coreos.com/kube-subnet-manager': 'true',
    'flannel.alpha.coreos.com/public-ip': address,
    'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
  };
  const resources = {
    cpu: '8',
    'ephemeral-storage': '100Gi',
    'hugepages-2Mi': '0',
    memory: '64Gi',
    pods: '110',
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      ...{ name, labels: own, annotations, creationTimestamp: time },
      ...{
        managedFields: [managed('kubelet', own, annotations), managed('kboot', labels, { [managedBy]: '' })],
      },
    },
    spec: { podCIDR, podCIDRs: [podCIDR], ...(taints.length > 0 && { taints }) },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      ...{ capacity: resources, allocatable: resources },
      conditions: [
        ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
          ...{
            type,
            status: 'False',
            reason: `KubeletHasNo${type}`,
            lastHeartbeatTime: time,
            lastTransitionTime: time,
          },
          message: `kubelet has sufficient ${type} available`,
        })),
        ...isReady,
      ],
      images: Array.from({ length: 25 }, (_, number) => ({
        names: [
          `registry.example.com/team/application-${number}@sha256:${String(number).padStart(64, 'f')}`,
          `registry.example.com/team/application-${number}:v1.${number}.0`,
        ],
        sizeBytes: 100_000_000 + number,
      })),
      nodeInfo: {
        ...{ machineID: `id-${name}`, systemUUID: `id-${name}`, bootID: `boot-${name}` },
        ...{
          kernelVersion: '6.1.0-40-amd64',
          osImage: 'Debian GNU/Linux 12 (bookworm)',
          architecture: 'amd64',
        },
        ...{
          containerRuntimeVersion: 'containerd://2.1.9',
          kubeletVersion: version,
          operatingSystem: 'linux',
        },
      },
    },
  };
}

const fieldsOf = (texts: Readonly<Record<string, string>>): object =>
  Object.fromEntries(
    ['.', ...Object.keys(texts).map((key) => `f:${key}`)].map((field) => [field, {}] as const),
  );

function managed(
  manager: string,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): object {
  const fieldsV1 = { 'f:metadata': { 'f:annotations': fieldsOf(annotations), 'f:labels': fieldsOf(labels) } };
  return { manager, operation: 'Update', apiVersion: 'v1', time, fieldsType: 'FieldsV1', fieldsV1 };
}

/** The mirror Pod of a static Pod. */
export function mirrorPod({ host, namespace, name }: DesiredCluster['controlPlanePods'][number]): KubeObject {
  return pod({ namespace, name }, host, { labels: { tier: 'control-plane' } });
}

/** The Pod of a DaemonSet on a node. */
export function daemonPod({ namespace, name }: Named, node: string): KubeObject {
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name, controller: true };
  return pod({ namespace, name: `${name}-${node}` }, node, { ownerReferences: [owner] });
}

function pod(named: Named, nodeName: string, more: Readonly<Record<string, unknown>>): KubeObject {
  const containerStatuses = [{ name: 'main', containerID: `containerd://${named.name}`, ready: true }];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...named, ...more } },
    ...{ spec: { nodeName, containers: [{ name: 'main', image: 'registry.example.com/main:v1' }] } },
    status: { phase: 'Running', conditions: isReady, containerStatuses },
  };
}
