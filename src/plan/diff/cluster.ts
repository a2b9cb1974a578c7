import type { DesiredCluster, Kept } from '../../kube/desired-cluster.ts';
import { allObjects, ownLabel } from '../../kube/desired-cluster.ts';
import { differences } from '../../kube/differences.ts';
import { leftOver, ownLabels, writerOf } from '../../kube/owned.ts';
import { workloadState } from '../../kube/readiness.ts';
import { objectKey, objectTitle, type KubeObject } from '../../kube/types.ts';
import type { Component, Effect } from '../../model/component.ts';
import { few } from '../../model/few.ts';
import type { Stage } from '../../model/stage.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { FormerHost } from '../../observe/former-host.ts';
import { fillPlaceholders } from '../../resource/placeholder.ts';
import { diffAddons, type AddonChanges } from './addons.ts';
import { isCordonedByKboot } from './health.ts';
import { removedNodesSteps } from './removed-nodes.ts';
import { withVoidTokens } from './service-accounts.ts';
import { mustReplace } from './immutable.ts';
import { isManaged, managedBy, nodeRemovals, type NodeRemoval } from '../rollout/node-removal.ts';
import { isReady, podReady } from '../rollout/ready.ts';
import { conditionText, refOf } from '../target.ts';
import { hasPodNetwork, hasServices, networkAddons } from './foreign-parts.ts';
import { withKept } from './kept.ts';
import type { AccountsStep, ApplyStep, Condition, DeleteStep, Gate, NodeStep, Taint } from '../types.ts';

/** Timeouts in seconds: kubeadm's (Timeouts in v1beta4), with a margin for slow disks. */
const waitTimeouts = { api: 240, endpoint: 60, pod: 240, node: 240, workload: 300 };

/** Number of differing paths that a step names. */
const pathsShown = 4;

/** Changes through the API, and gates there, before they are arranged in phases. */
export interface ClusterChanges {
  /** Objects of the control plane, and of add-ons. */
  readonly objects: Readonly<Record<'control-plane' | 'addon', readonly ApplyStep[]>>;
  /** Of a new cluster, once its control plane is in scope. */
  readonly accounts: readonly AccountsStep[];
  /** Nodes whose host left the inventory. */
  readonly removals: readonly NodeRemoval[];
  /** The list of nodes that may not register: before any other change, so that a Node that leaves stays away. */
  readonly removedNodes: readonly (ApplyStep | DeleteStep)[];
  readonly marks: readonly NodeStep[];
  /** Workloads whose Pods cannot start before the Pod network, if it does not run yet: the kubelet tries again only after 10 s. */
  readonly onPodNetwork: readonly ApplyStep[];
  /** Objects that the API accepts only once the workloads are ready. */
  readonly lateObjects: readonly ApplyStep[];
  /** The operator's add-ons. */
  readonly addons: readonly AddonChanges[];
  /** Names of those that go before what needs a Pod network, since they bring it. */
  readonly networkAddons: ReadonlySet<string>;
  /** The record of the inventory; last, once all of it is applied. */
  readonly record: readonly ApplyStep[];
  readonly prunes: readonly DeleteStep[];
  /** What was kboot's part and becomes the operator's, once their add-ons are applied. */
  readonly retires: readonly DeleteStep[];
  readonly gates: {
    /** Before the first object. */
    readonly api: readonly Gate[];
    readonly endpoint: readonly Gate[];
    readonly registered: readonly Gate[];
    /** Every API server, and the Pods of the control plane. */
    readonly controlPlane: readonly Gate[];
    /** What `onPodNetwork` waits for. */
    readonly podNetwork: readonly Gate[];
    /** Nodes and the other workloads. */
    readonly ready: readonly Gate[];
  };
}

/** What a plan does on hosts, as far as the API shows it. */
export interface OnHosts {
  /** Where it restarts a kubelet or a control-plane process. */
  readonly disturbed?: ReadonlySet<string>;
  /** Pods that get a new container. */
  readonly renewed?: ReadonlySet<string>;
  /** Hosts that left the inventory. */
  readonly former?: ReadonlyMap<string, FormerHost>;
  /** Hosts that could not be read. */
  readonly unread?: ReadonlySet<string>;
}

/**
 * The changes through the API. Whatever is Ready on a disturbed host must become Ready again. Nothing is done to the Nodes of
 * hosts that could not be read, and nothing waits for them.
 */
export function diffCluster(
  wanted: DesiredCluster,
  seen: ClusterObservation,
  { disturbed = new Set(), renewed = new Set(), former = new Map(), unread = new Set() }: OnHosts = {},
): ClusterChanges {
  const desired: DesiredCluster = {
    ...wanted,
    nodes: wanted.nodes.filter(({ name }) => !unread.has(name)),
    controlPlanePods: wanted.controlPlanePods.filter(({ host }) => !unread.has(host)),
  };
  const down = [...unread].filter((name) => isDown(seen, name)).length;
  const tokens = withVoidTokens(desired, seen);
  const objectsOf = (of: Stage): ApplyStep[] =>
    desired.objects.flatMap(({ stage, object, keeps }) =>
      stage === of ? objectStep(object, seen, tokens, keeps) : [],
    );
  const addons = objectsOf('addon');
  const controlPlaneHosts = [...new Set(desired.controlPlanePods.map((pod) => pod.host))];
  const restarting = controlPlaneHosts.filter((host) => seen.state !== 'present' || disturbed.has(host));
  const { outsideEndpoint } = desired;
  const late = desired.nodes
    .filter((node) => disturbed.has(node.name) || !isReady(seen, 'nodes', node.name))
    .map(({ name }) => name);
  const networked = hasPodNetwork(desired, seen);
  const connected = networked && hasServices(desired, seen);
  const awaited = late.length > 0 && { nodes: late };
  const network = desired.workloads.find(({ podNetwork }) => podNetwork === true);
  const isWaiting = network !== undefined && networked && !isWorkloadReady(seen, network, down);
  const waits = (step: ApplyStep): boolean => isWaiting && needsPodNetwork(step.object);
  const workloadGates = (workloads: DesiredCluster['workloads']): Gate[] =>
    workloads
      .filter(
        ({ hostNetwork, podNetwork }) =>
          connected || hostNetwork === true || (networked && podNetwork === true),
      )
      .filter((workload) => addons.length > 0 || late.length > 0 || !isWorkloadReady(seen, workload, down))
      .map(({ workload, namespace, name }) =>
        gate(
          {
            kind: 'workload-ready',
            ...{ workload, namespace, name },
            ...(workload === 'DaemonSet' && networked && awaited),
          },
          waitTimeouts.workload,
        ),
      );
  const left = (node: KubeObject): boolean =>
    isManaged(node) && !desired.inventory.includes(node.metadata.name);
  const removals = nodeRemovals(seen, left, 'its host left the inventory', former);
  return {
    objects: { 'control-plane': objectsOf('control-plane'), addon: addons.filter((step) => !waits(step)) },
    accounts: seen.state === 'absent' && controlPlaneHosts.length > 0 ? [controllerAccounts] : [],
    onPodNetwork: addons.filter(waits),
    removals,
    removedNodes: removedNodesSteps(
      removals.map(({ node }) => node),
      desired.inventory,
      seen,
    ),
    marks: [
      ...desired.nodes.flatMap((node) => nodeStep(node, seen)),
      ...desired.nodes.flatMap((node) => uncordonStep(node.name, seen)),
    ],
    lateObjects: connected ? desired.lateObjects.flatMap((object) => objectStep(object, seen)) : [],
    addons: desired.addons === undefined ? [] : diffAddons(desired.addons, seen, allObjects(desired)),
    networkAddons: networkAddons(desired),
    record: desired.record === undefined ? [] : objectStep(desired.record, seen),
    prunes: prunes(desired, seen),
    retires: retires(desired, seen),
    gates: {
      api: restarting.length === 0 ? [] : [gate({ kind: 'api' }, waitTimeouts.api)],
      endpoint:
        outsideEndpoint === undefined || seen.state === 'present'
          ? []
          : [
              gate(
                { kind: 'endpoint', address: outsideEndpoint.host, port: outsideEndpoint.port },
                waitTimeouts.endpoint,
              ),
            ],
      registered: desired.nodes
        .filter((node) => seen.state !== 'present' || !seen.nodes.has(node.name))
        .map((node) => gate({ kind: 'node-registered', node: node.name }, waitTimeouts.node)),
      // Mirror Pods appear only after their Node is registered, so their gates are with those of the Nodes.
      controlPlane: [
        ...(controlPlaneHosts.length === 1
          ? []
          : restarting.map((host) => gate({ kind: 'api', host }, waitTimeouts.api))),
        ...desired.controlPlanePods
          .filter((pod) => disturbed.has(pod.host) || !isReady(seen, 'pods', pod.name))
          .map((pod) => gate(podReady(pod, seen, renewed), waitTimeouts.pod)),
      ],
      podNetwork: isWaiting ? workloadGates([network]) : [],
      ready: [
        ...(networked ? late : []).map((node) => gate({ kind: 'node-ready', node }, waitTimeouts.node)),
        ...workloadGates(desired.workloads.filter((each) => !isWaiting || each !== network)),
      ],
    },
  };
}

const controllerAccounts: AccountsStep = {
  type: 'accounts',
  id: 'cluster: ServiceAccounts of kube-controller-manager',
  verb: 'create',
  target: { kind: 'accounts', name: 'kube-controller-manager' },
  reason: 'all at once; it would create them one after another',
  effects: [],
  timeoutSeconds: 60,
};

/** What others changed in the API and kboot keeps, for the reader. */
export function keptWarnings(desired: DesiredCluster, seen: ClusterObservation): string[] {
  if (seen.state !== 'present') return [];
  return desired.objects.flatMap(({ object, keeps }) => {
    const live = seen.objects.get(objectKey(object));
    return live === undefined ? [] : (withKept(object, keeps, live).warning ?? []);
  });
}

function objectStep(
  stated: KubeObject,
  seen: ClusterObservation,
  voidTokens: ReadonlySet<string> = new Set(),
  keeps?: readonly Kept[],
): ApplyStep[] {
  const live = seen.state === 'present' ? seen.objects.get(objectKey(stated)) : undefined;
  const object = live === undefined ? stated : withKept(stated, keeps, live).object;
  const title = objectTitle(object);
  const ref = refOf(object);
  const step = (
    verb: ApplyStep['verb'],
    reason: string,
    effect: Effect['kind'] | undefined,
    replaces = false,
    unread?: readonly Kept[],
  ): ApplyStep[] => [
    {
      type: 'apply',
      id: `cluster: ${title}`,
      verb,
      target: { kind: 'object', ref },
      reason,
      effects: effect === undefined ? [] : effectsOn(object, effect),
      object,
      ...(replaces && { replaces }),
      ...(unread && { keeps: unread }),
      timeoutSeconds: 60,
    },
  ];
  if (seen.state === 'absent') return step('create', '', 'start');
  if (seen.state === 'unavailable')
    return step('update', 'applied unconditionally: the API does not respond yet', undefined, false, keeps);
  if (live === undefined) return step('create', '', 'start');
  const changed = differences(filled(object), live);
  const extra = leftOver(object, live);
  const reasons = [
    ...(changed.length === 0 ? [] : [`differs at ${few(changed, pathsShown)}`]),
    ...(extra.length === 0 ? [] : [`no longer has ${few(extra, pathsShown)}`]),
  ];
  const replace = voidTokens.has(objectKey(object))
    ? 'its ServiceAccount was deleted, and the tokens of its Pods are void'
    : mustReplace(live, changed);
  if (replace !== undefined) return step('update', `deleted and created again: ${replace}`, 'restart', true);
  if (reasons.length === 0) return [];
  const rolls = [...changed, ...extra].some((path) => path.startsWith('spec.template'));
  return step('update', reasons.join('; '), rolls ? 'restart' : undefined);
}

/** Workloads whose Pods are a component. */
const workloadComponents: readonly (readonly [Component, kind: string, namespace: string, name: string])[] = [
  ['kube-proxy', 'DaemonSet', 'kube-system', 'kube-proxy'],
  ['flannel', 'DaemonSet', 'kube-flannel', 'kube-flannel-ds'],
  ['coredns', 'Deployment', 'kube-system', 'coredns'],
  ['metallb', 'DaemonSet', 'metallb-system', 'speaker'],
  ['metallb', 'Deployment', 'metallb-system', 'controller'],
];

function effectsOn({ kind, metadata }: KubeObject, effect: Effect['kind']): Effect[] {
  const [component] =
    workloadComponents.find(
      ([, of, namespace, name]) => of === kind && namespace === metadata.namespace && name === metadata.name,
    ) ?? [];
  return component === undefined ? [] : [{ component, kind: effect }];
}

/** Whether an object has Pods that are not on the network of their host. */
function needsPodNetwork({ spec }: KubeObject): boolean {
  const pods = (
    spec as { readonly template?: { readonly spec?: { readonly hostNetwork?: boolean } } } | undefined
  )?.template?.spec;
  return pods !== undefined && pods.hostNetwork !== true;
}

/** A live cluster has issued its facts; an object that still has placeholders never equals the live one. */
function filled(object: KubeObject): KubeObject {
  return JSON.parse(fillPlaceholders(JSON.stringify(object), () => '')) as KubeObject;
}

function prunes(desired: DesiredCluster, seen: ClusterObservation): DeleteStep[] {
  if (seen.state !== 'present') return [];
  const wanted = new Set(allObjects(desired).map(objectKey));
  const kinds = new Set(desired.prunedKinds.map(({ kind }) => kind));
  return [...seen.objects.values()]
    .filter(({ kind, metadata }) => kinds.has(kind) && metadata.labels?.[ownLabel.key] === ownLabel.value)
    .filter((object) => !wanted.has(objectKey(object)))
    .map((object) => deleteStep(object, 'no longer in the inventory', []));
}

/** Objects of the same name that somebody else wrote stay, and with them those of which nobody knows who did. */
function retires({ retired = [] }: DesiredCluster, seen: ClusterObservation): DeleteStep[] {
  if (seen.state !== 'present') return [];
  const live = retired.flatMap((object) => seen.objects.get(objectKey(object)) ?? []);
  const isTheirs = live.some((object) => writerOf(object) === 'other');
  return live
    .filter((object) => writerOf(object) === 'own' || (writerOf(object) === 'nobody' && !isTheirs))
    .map((object) => deleteStep(object, 'not installed by kboot any more', effectsOn(object, 'stop')));
}

function deleteStep(object: KubeObject, reason: string, effects: readonly Effect[]): DeleteStep {
  const ref = refOf(object);
  return {
    type: 'delete',
    id: `cluster: removes ${objectTitle(ref)}`,
    verb: 'delete',
    target: { kind: 'object', ref },
    reason,
    effects,
    object: ref,
    timeoutSeconds: 60,
  };
}

function nodeStep(node: DesiredCluster['nodes'][number], seen: ClusterObservation): NodeStep[] {
  const live = seen.state === 'present' ? seen.nodes.get(node.name) : undefined;
  const annotations = { [managedBy]: 'kboot' };
  const labels = live?.metadata.labels ?? {};
  const gone =
    live === undefined ? [] : ownLabels(live).filter((key) => !(key in node.labels) && key in labels);
  const taints = ((live?.['spec'] as { taints?: readonly Taint[] } | undefined)?.taints ?? []).map(taintText);
  const missing = [
    ...Object.entries(node.labels)
      .filter(([key, value]) => labels[key] !== value)
      .map(([key, value]) => (value === '' ? key : `${key}=${value}`)),
    ...gone.map((key) => `without ${key}`),
    ...node.taints.map(taintText).filter((taint) => !taints.includes(taint)),
    ...(live !== undefined && isManaged(live) ? [] : [managedBy]),
  ];
  if (missing.length === 0) return [];
  return [
    {
      type: 'node',
      id: `cluster: marks Node ${node.name}`,
      verb: 'update',
      target: { kind: 'node', name: node.name },
      reason: missing.join(', '),
      effects: [],
      node: node.name,
      operation: {
        kind: 'mark',
        annotations,
        labels: { ...node.labels, ...Object.fromEntries(gone.map((key) => [key, null])) },
        taints: node.taints,
      },
      timeoutSeconds: 60,
    },
  ];
}

/** Only a Node that kboot itself cordoned, in a run that did not end. */
function uncordonStep(node: string, seen: ClusterObservation): NodeStep[] {
  const live = seen.state === 'present' ? seen.nodes.get(node) : undefined;
  if (live === undefined || !isCordonedByKboot(live)) return [];
  return [
    {
      type: 'node',
      id: `cluster: uncordons Node ${node}`,
      verb: 'update',
      target: { kind: 'node', name: node },
      reason: 'uncordoned: kboot had cordoned it in a run that did not end',
      effects: [],
      node,
      operation: { kind: 'uncordon' },
      timeoutSeconds: 60,
    },
  ];
}

function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`;
}

function gate(condition: Condition, timeoutSeconds: number): Gate {
  return {
    type: 'wait',
    id: `cluster: waits for ${conditionText(condition)}`,
    condition,
    timeoutSeconds,
  };
}

/** `down`: Nodes whose Pods of DaemonSets cannot be ready. */
function isWorkloadReady(
  seen: ClusterObservation,
  { workload, namespace, name }: DesiredCluster['workloads'][number],
  down: number,
): boolean {
  if (seen.state !== 'present') return false;
  const live = seen.objects.get(objectKey({ kind: workload, metadata: { namespace, name } }));
  return workloadState(live, workload === 'DaemonSet' ? down : 0) === undefined;
}

/** Whether the API has a Node that is not Ready. */
function isDown(seen: ClusterObservation, name: string): boolean {
  return seen.state === 'present' && seen.nodes.has(name) && !isReady(seen, 'nodes', name);
}
