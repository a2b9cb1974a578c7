import type { Shape } from './shape.ts';

const owners = [{ 'kind!': 'text', 'name!': 'text', uid: 'text', controller: 'boolean' }] as const;

const metadata = {
  ...{ 'name!': 'text', namespace: 'text', uid: 'text', resourceVersion: 'text', generation: 'number' },
  ...{ labels: 'texts', annotations: 'texts', finalizers: ['text'], ownerReferences: owners },
  ...{ creationTimestamp: 'text', deletionTimestamp: 'text', deletionGracePeriodSeconds: 'number' },
  managedFields: [{ manager: 'text', operation: 'text', subresource: 'text', fieldsV1: 'fields' }],
} as const satisfies Shape;

/** Of every kind. */
const object = { apiVersion: 'text', kind: 'text', 'metadata!': metadata } as const satisfies Shape;

const conditions = [{ 'type!': 'text', 'status!': 'text', reason: 'text', message: 'text' }] as const;
const requirements = [{ 'key!': 'text', 'operator!': 'text', values: ['text'] }] as const;
const selector = { matchLabels: 'texts', matchExpressions: requirements } as const satisfies Shape;
const probe = { initialDelaySeconds: 'number' } as const satisfies Shape;
const states = [
  {
    name: 'text',
    containerID: 'text',
    state: {
      waiting: { reason: 'text', message: 'text' },
      terminated: { reason: 'text', exitCode: 'number' },
    },
  },
] as const satisfies Shape;

const pod = {
  spec: {
    ...{ nodeName: 'text', hostNetwork: 'boolean', nodeSelector: 'texts' },
    terminationGracePeriodSeconds: 'number',
    volumes: [
      {
        ...{ name: 'text', emptyDir: 'record', persistentVolumeClaim: { 'claimName!': 'text' } },
        projected: { sources: [{ serviceAccountToken: 'record', configMap: { name: 'text' } }] },
      },
    ],
    containers: [{ name: 'text', image: 'text', startupProbe: probe, readinessProbe: probe }],
  },
  status: {
    ...{ phase: 'text', podIP: 'text', podIPs: [{ 'ip!': 'text' }], conditions },
    ...{ containerStatuses: states, initContainerStatuses: states },
  },
} as const satisfies Shape;

const workload = {
  spec: {
    ...{ replicas: 'number', paused: 'boolean' },
    updateStrategy: { type: 'text', rollingUpdate: { partition: 'number' } },
    template: {
      metadata: { annotations: 'texts' },
      spec: { containers: [{ args: ['text'], command: ['text'] }] },
    },
  },
  status: {
    ...{ observedGeneration: 'number', desiredNumberScheduled: 'number', updatedNumberScheduled: 'number' },
    ...{ numberReady: 'number', replicas: 'number', updatedReplicas: 'number', readyReplicas: 'number' },
    conditions,
  },
} as const satisfies Shape;

const webhooks = {
  webhooks: [
    {
      ...{ name: 'text', failurePolicy: 'text' },
      'clientConfig!': { service: { 'namespace!': 'text', 'name!': 'text' } },
      rules: [{ operations: ['text'], apiGroups: ['text'], resources: ['text'], scope: 'text' }],
      ...{ namespaceSelector: selector, objectSelector: selector, matchConditions: ['record'] },
    },
  ],
} as const satisfies Shape;

/** The fields that kboot reads, by the plural of their kind. */
const kinds: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  nodes: {
    spec: {
      taints: [{ 'key!': 'text', value: 'text', 'effect!': 'text' }],
      ...{ podCIDR: 'text', podCIDRs: ['text'], unschedulable: 'boolean' },
    },
    status: { conditions, addresses: [{ 'type!': 'text', 'address!': 'text' }], nodeInfo: 'texts' },
  },
  pods: pod,
  daemonsets: workload,
  deployments: workload,
  statefulsets: workload,
  replicasets: workload,
  events: {
    involvedObject: { uid: 'text', kind: 'text', namespace: 'text', name: 'text' },
    ...{ reason: 'text', message: 'text', lastTimestamp: 'text', eventTime: 'text' },
  },
  configmaps: { data: 'texts', immutable: 'boolean' },
  secrets: { data: 'texts', type: 'text', immutable: 'boolean' },
  services: {
    spec: { clusterIPs: ['text'], ports: [{ name: 'text', nodePort: 'number' }] },
    status: { loadBalancer: { ingress: [{ ip: 'text' }] } },
  },
  endpointslices: {
    endpoints: [{ conditions: { ready: 'boolean' }, nodeName: 'text', targetRef: { name: 'text' } }],
  },
  leases: { spec: { holderIdentity: 'text', renewTime: 'text' } },
  certificatesigningrequests: {
    'spec!': { 'signerName!': 'text', username: 'text' },
    status: { conditions: ['record'] },
  },
  poddisruptionbudgets: {
    spec: { minAvailable: 'scalar', maxUnavailable: 'scalar', selector, unhealthyPodEvictionPolicy: 'text' },
    status: {
      ...{ observedGeneration: 'number', disruptionsAllowed: 'number', currentHealthy: 'number' },
      ...{ desiredHealthy: 'number', expectedPods: 'number', conditions },
    },
  },
  persistentvolumes: {
    'spec!': {
      claimRef: { namespace: 'text', name: 'text' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: requirements }] } },
    },
  },
  validatingwebhookconfigurations: webhooks,
  mutatingwebhookconfigurations: webhooks,
};

/** Spec, status and data of a kind that is not in the table. */
const unknownKind = { spec: 'record', status: 'record' } as const satisfies Shape;

/** Kinds of which a request creates an answer and no object. */
const answers: Readonly<Record<string, Shape>> = {
  selfsubjectreviews: { metadata: { creationTimestamp: 'text' } },
  token: { 'status!': { 'expirationTimestamp!': 'text' } },
};

const version: Shape = { gitVersion: 'text' };

const resourcePath =
  /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)\/(?:namespaces\/[^/]+\/(?=[^/]))?([a-z]+)(?:\/([^/]+)(?:\/(.+))?)?$/;

/** What a successful answer to a request must look like; undefined: nothing is known of it. */
export function shapeOf(method: string, path: string): Shape | undefined {
  const [plain = ''] = path.split('?');
  if (plain === '/version') return version;
  const [, plural = '', name, subresource] = resourcePath.exec(plain) ?? [];
  const own = answers[subresource ?? plural];
  if (own !== undefined) return own;
  if (plural === '' || subresource !== undefined || method === 'DELETE') return undefined;
  const one = { ...object, ...(kinds[plural] ?? unknownKind) };
  if (name !== undefined || method !== 'GET') return one;
  return { 'items!': [one], metadata: { continue: 'text', remainingItemCount: 'number' } };
}
