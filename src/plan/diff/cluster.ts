import { differences } from '../../kube/differences.ts';
import { leftOver, ownLabels } from '../../kube/owned.ts';
import { workloadState } from '../../kube/readiness.ts';
import { objectTitle, type KubeObject } from '../../kube/types.ts';
import { stages, type Stage } from '../../model/stage.ts';
import { fillPlaceholders } from '../../resource/placeholder.ts';
import { ownLabel, type ClusterObservation, type ClusterWants } from '../cluster-wants.ts';
import { isManaged, managedBy, nodeRemovals } from '../rollout/node-removal.ts';
import { isReady, podReady } from '../rollout/ready.ts';
import type { ClusterStep, Condition, NodeStep, ObjectRemovalStep, ObjectStep, WaitStep } from '../types.ts';

/** Seconds that things may take: kubeadm's timeouts (Timeouts in v1beta4), with room for slow disks. */
const patience = { api: 240, endpoint: 60, pod: 240, node: 240, workload: 300 };

/**
 * What must be done through the API, in order. `disturbedHosts` will have a kubelet or a control-plane process
 * restarted by this plan: what was ready there is waited for again. The Pods `renewed` get another container.
 */
export function diffCluster(
  wants: ClusterWants,
  seen: ClusterObservation,
  disturbedHosts: ReadonlySet<string>,
  renewed: ReadonlySet<string> = new Set(),
): ClusterStep[] {
  const objects = wants.objects.flatMap(({ stage, object }) => objectStep(stage, object, seen));
  const nodeSteps = wants.nodes.flatMap((node) => nodeStep(node, seen));
  const changesAddons = objects.some((step) => step.stage === 'addon');
  const controlPlaneHosts = [...new Set(wants.controlPlanePods.map((pod) => pod.host))];

  const restarting = controlPlaneHosts.filter((host) => seen.state !== 'present' || disturbedHosts.has(host));
  const firstApi =
    restarting.length === 0 ? [] : [wait('control-plane', { kind: 'api' }, 'API server', patience.api)];
  const { outsideEndpoint } = wants;
  const endpoint =
    outsideEndpoint === undefined || seen.state === 'present'
      ? []
      : [
          wait(
            'control-plane',
            { kind: 'endpoint', address: outsideEndpoint.host, port: outsideEndpoint.port },
            'controlPlaneEndpoint',
            patience.endpoint,
          ),
        ];
  const eachApi =
    controlPlaneHosts.length === 1
      ? []
      : restarting.map((host) => wait('node', { kind: 'api', host }, `API server of ${host}`, patience.api));
  const podWaits = wants.controlPlanePods
    .filter((pod) => disturbedHosts.has(pod.host) || !isReady(seen, 'pods', pod.name))
    .map((pod) => wait('control-plane', podReady(pod, seen, renewed), `Pod ${pod.name}`, patience.pod));
  const registered = wants.nodes
    .filter((node) => seen.state !== 'present' || !seen.nodes.has(node.name))
    .map((node) =>
      wait('node', { kind: 'node-registered', node: node.name }, `Node ${node.name}`, patience.node),
    );
  const ready = wants.nodes
    .filter((node) => disturbedHosts.has(node.name) || !isReady(seen, 'nodes', node.name))
    .map((node) =>
      wait('addon', { kind: 'node-ready', node: node.name }, `Node ${node.name} Ready`, patience.node),
    );
  const late = ready.flatMap(({ condition }) => ('node' in condition ? [condition.node] : []));
  const awaited = late.length > 0 && { nodes: late };
  const workloads = wants.workloads
    .filter((want) => changesAddons || ready.length > 0 || !isWorkloadReady(seen, want))
    .map((want) =>
      wait(
        'addon',
        { kind: 'workload-ready', ...want, ...(want.workload === 'DaemonSet' && awaited) },
        `${want.workload} ${want.namespace}/${want.name}`,
        patience.workload,
      ),
    );

  const left = (node: KubeObject): boolean =>
    isManaged(node) && !wants.inventory.includes(node.metadata.name);

  // Mirror Pods appear only once their Node is registered, so they are waited for with the nodes.
  const ordered: ClusterStep[] = [
    ...firstApi,
    ...objects,
    ...endpoint,
    ...nodeRemovals(seen, left, 'its host left the inventory'),
    ...registered,
    ...nodeSteps,
    ...eachApi,
    ...podWaits.map((step): WaitStep => ({ ...step, stage: 'node' })),
    ...ready,
    ...workloads,
    ...wants.lateObjects.flatMap((object) => objectStep('addon', object, seen)),
    ...objectRemovals(wants, seen),
  ];
  return ordered
    .map((step, index) => ({ step, index }))
    .sort((a, b) => stages.indexOf(a.step.stage) - stages.indexOf(b.step.stage) || a.index - b.index)
    .map(({ step }) => step);
}

function objectStep(stage: Stage, object: KubeObject, seen: ClusterObservation): ObjectStep[] {
  const title = objectTitle(object);
  const base = { type: 'object' as const, id: `cluster: ${title}`, stage, resource: title, object };
  if (seen.state === 'absent') return [{ ...base, verb: 'create', reason: '' }];
  if (seen.state === 'silent')
    return [{ ...base, verb: 'update', reason: 'the API does not answer yet: applied as it must be' }];
  const live = seen.objects.get(title);
  if (live === undefined) return [{ ...base, verb: 'create', reason: '' }];
  // An administrator may scale CoreDNS: kubeadm keeps the count, and so does kboot.
  const changed = differences(filled(object), live).filter((path) => path !== 'spec.replicas');
  const left = leftOver(object, live);
  const reasons = [
    ...(changed.length === 0 ? [] : [`differs at ${few(changed)}`]),
    ...(left.length === 0 ? [] : [`no longer has ${few(left)}`]),
  ];
  return reasons.length === 0 ? [] : [{ ...base, verb: 'update', reason: reasons.join('; ') }];
}

function few(paths: readonly string[]): string {
  return `${paths.slice(0, 4).join(', ')}${paths.length > 4 ? ` and ${paths.length - 4} more` : ''}`;
}

/** A live cluster has issued its facts; an object that still waits for them can never equal what is there. */
function filled(object: KubeObject): KubeObject {
  return JSON.parse(fillPlaceholders(JSON.stringify(object), () => '')) as KubeObject;
}

function objectRemovals(wants: ClusterWants, seen: ClusterObservation): ObjectRemovalStep[] {
  if (seen.state !== 'present') return [];
  const wanted = new Set(wants.lateObjects.map(objectTitle));
  const swept = new Set(wants.sweptKinds.map(({ kind }) => kind));
  return [...seen.objects.values()]
    .filter(({ kind, metadata }) => swept.has(kind) && metadata.labels?.[ownLabel.key] === ownLabel.value)
    .filter((object) => !wanted.has(objectTitle(object)))
    .map(({ apiVersion, kind, metadata: { name, namespace } }) => {
      const object = { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
      return {
        type: 'remove-object',
        id: `cluster: removes ${objectTitle(object)}`,
        stage: 'addon',
        verb: 'delete',
        resource: objectTitle(object),
        reason: 'the inventory wants it no more',
        object,
      };
    });
}

function nodeStep(node: ClusterWants['nodes'][number], seen: ClusterObservation): NodeStep[] {
  const live = seen.state === 'present' ? seen.nodes.get(node.name) : undefined;
  const annotations = { [managedBy]: 'kboot' };
  const labels = live?.metadata.labels ?? {};
  const gone =
    live === undefined ? [] : ownLabels(live).filter((key) => !(key in node.labels) && key in labels);
  const taints = (
    (live?.['spec'] as { taints?: ClusterWants['nodes'][number]['taints'] } | undefined)?.taints ?? []
  ).map(taintText);
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
      stage: 'node',
      verb: 'update',
      resource: `Node ${node.name}`,
      reason: missing.join(', '),
      node: node.name,
      annotations,
      labels: { ...node.labels, ...Object.fromEntries(gone.map((key) => [key, null])) },
      taints: node.taints,
    },
  ];
}

function taintText(taint: {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}): string {
  return `${taint.key}${taint.value === undefined || taint.value === '' ? '' : `=${taint.value}`}:${taint.effect}`;
}

function wait(stage: Stage, condition: Condition, resource: string, timeoutSeconds: number): WaitStep {
  return {
    type: 'wait',
    id: `cluster: waits for ${resource}`,
    stage,
    verb: 'wait',
    resource,
    reason: `${timeoutSeconds} s at most`,
    condition,
    timeoutSeconds,
  };
}

function isWorkloadReady(seen: ClusterObservation, want: ClusterWants['workloads'][number]): boolean {
  if (seen.state !== 'present') return false;
  return workloadState(seen.objects.get(`${want.workload} ${want.namespace}/${want.name}`)) === undefined;
}
