import { minorOf } from '../../model/minor.ts';
import type { KubeObject } from '../../kube/types.ts';
import { hasExternalEtcd, isNode, type Host } from '../../model/cluster.ts';
import { staticPodComponents } from '../../model/component.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { isCordonedByOthers } from '../diff/health.ts';
import type { HostChange } from '../diff/host.ts';
import { interrupts } from '../rollout/effects.ts';
import { isReady } from '../rollout/ready.ts';
import { awaitRenewedPods } from '../../resource/static-pod.ts';
import type { Batch, Gate, NodeStep, ShellStep, Taint, Task } from '../types.ts';
import { joins, type UpgradeInput } from './input.ts';
import { gatesOf, leaderGates, memberGates, startGates, turnTask } from './turn-task.ts';
import type { Turn } from './turns.ts';
import { isOnlyWorker } from './workers.ts';

/**
 * Starts the kubelets that are stopped, with what is on their hosts: without its kubelet, a static Pod that is replaced
 * does not come back. Then waits for the etcd members that are down and that this plan does not replace: an interrupted
 * run may have restarted them a moment ago.
 */
export function startedKubelets(input: UpgradeInput): Batch[] {
  const hosts = input.cluster.hosts.filter(
    (host) =>
      isNode(host) && !joins(host, input) && input.inspections.get(host.name)?.kubeletActive === false,
  );
  return [
    {
      tasks: hosts.map(({ name }) => ({ on: { host: name }, steps: [startStep(name)] })),
      gates: [...hosts.flatMap((host) => startGates(host, input)), ...memberGates(input)],
    },
  ];
}

function startStep(host: string): ShellStep {
  return {
    type: 'shell',
    id: `${host}: starts kubelet`,
    verb: 'restart',
    target: { kind: 'unit', name: 'kubelet' },
    reason: 'it is stopped; it runs what this upgrade replaces',
    effects: [{ component: 'kubelet', kind: 'start' }],
    script: `systemctl start kubelet.service || { rc=$?; journalctl -u kubelet.service -n 15 --no-pager -o cat 2>/dev/null; exit $rc; }`,
    timeoutSeconds: 120,
  };
}

/**
 * Whether the new kubelet of a host restarts its static Pods: the UID of a static Pod is a hash of the Pod as the kubelet
 * knows it (pkg/kubelet/config/common.go), which has other fields in another minor version.
 */
function renewsPods(host: Host, changes: readonly HostChange[], { versions, change }: UpgradeInput): boolean {
  const version = versions.kubelets.get(host.name);
  return (
    host.roles.includes('control-plane') &&
    version !== undefined &&
    minorOf(version) !== minorOf(change.to) &&
    changes.some(({ step }) => interrupts(step, 'kubelet'))
  );
}

function renewedPodsStep({ name }: Host, { cluster }: UpgradeInput): ShellStep {
  const pods = staticPodComponents.filter((each) => each !== 'etcd' || !hasExternalEtcd(cluster));
  return {
    type: 'shell',
    id: `${name}: static Pods of the new kubelet`,
    verb: 'restart',
    target: { kind: 'static-pod', name: pods.join(', ') },
    reason: 'the kubelet of another minor version restarts them',
    effects: pods.map((component) => ({ component, kind: 'restart' })),
    script: awaitRenewedPods(pods),
    timeoutSeconds: 120,
  };
}

/** Drain and replace the kubelets of these hosts at the same time; once they are Ready, uncordon. */
export function kubeletBatches(
  hosts: readonly Host[],
  changesOf: (host: Host, turn: Turn) => readonly HostChange[],
  input: UpgradeInput,
): Batch[] {
  const tasks: Task[] = [];
  const uncordons: Task[] = [];
  const gates: Gate[] = [];
  for (const host of hosts) {
    const on = { host: host.name };
    if (joins(host, input)) {
      const changes = input.perHost.get(host.name)?.changes ?? [];
      tasks.push({ on, steps: changes.map(({ step }) => step) });
      continue;
    }
    const changes = changesOf(host, 'kubelet');
    const task = turnTask(host, 'kubelet', changes, input);
    const drain = isDrained(host, hosts, changes, input) ? drainStep(host, input) : undefined;
    // Behind a new API server, a kubelet reports its Node late. Only what is uncordoned must wait for that.
    const all = gatesOf(host, 'kubelet', changes, input);
    const waits = drain !== undefined || isOnlyWorker(host);
    gates.push(...all.filter(({ condition }) => waits || condition.kind !== 'node-ready'));
    const node = input.api?.state === 'present' ? input.api.nodes.get(host.name) : undefined;
    const uncordon =
      drain !== undefined && (node === undefined || !isCordonedByOthers(node))
        ? uncordonStep(host)
        : undefined;
    tasks.push({
      ...task,
      steps: [
        ...(drain === undefined ? [] : [drain]),
        ...task.steps,
        ...(renewsPods(host, changes, input) ? [renewedPodsStep(host, input)] : []),
      ],
      ...((task.rollback !== undefined || uncordon !== undefined) && {
        rollback: [...(task.rollback ?? []), ...(uncordon === undefined ? [] : [uncordon])],
      }),
    });
    if (uncordon !== undefined) uncordons.push({ on, steps: [uncordon] });
  }
  const drains = tasks.some(({ steps }) => steps.some(({ type }) => type === 'node'));
  // What is evicted needs a scheduler, and Services their controller.
  return [
    { tasks: [], gates: drains ? leaderGates(hosts.map(({ name }) => name).join(', ')) : [] },
    { tasks, gates },
    { tasks: uncordons, gates: [] },
  ];
}

/**
 * Whether a Node is drained for its turn: its kubelet gets another version, it takes ordinary Pods, and some other Node
 * could take them. A tainted control plane runs only what tolerates that, and where no other Node could take its Pods,
 * a drain would only end them: they go on running while the kubelet is replaced.
 */
export function isDrained(
  host: Host,
  together: readonly Host[],
  changes: readonly HostChange[],
  { api, versions, change, desired }: UpgradeInput,
): boolean {
  const { name } = host;
  const version = versions.kubelets.get(name);
  if (api?.state !== 'present' || version === undefined || version === change.to) return false;
  if (!changes.some(({ step }) => interrupts(step, 'kubelet')) || isTainted(api.nodes.get(name)))
    return false;
  return desired.nodes.some(
    (node) => together.every((each) => each.name !== node.name) && takesPods(node.name, api),
  );
}

/** Whether a Node is Ready and takes Pods without special tolerations. */
function takesPods(name: string, api: ClusterObservation & { readonly state: 'present' }): boolean {
  const node = api.nodes.get(name);
  const isClosed = node !== undefined && isCordonedByOthers(node);
  return !isClosed && !isTainted(node) && isReady(api, 'nodes', name);
}

/** Whether a Node repels Pods that do not tolerate it; for a state such as not-ready it does so only for a while. */
function isTainted(node: KubeObject | undefined): boolean {
  const { taints = [] } = (node?.['spec'] ?? {}) as { readonly taints?: readonly Taint[] };
  return taints.some(
    ({ key, effect }) => effect !== 'PreferNoSchedule' && !key.startsWith('node.kubernetes.io/'),
  );
}

function drainStep({ name }: Host, { cluster, change }: UpgradeInput): NodeStep {
  const { drain } = cluster.upgrade;
  return {
    type: 'node',
    id: `${name}: drains Node ${name}`,
    verb: 'update',
    target: { kind: 'node', name },
    reason: `cordoned, its Pods evicted (${drain.timeoutSeconds} s at most), before its kubelet goes to ${change.to}`,
    effects: [],
    node: name,
    operation: { kind: 'drain', policy: { ...drain, leaves: 'serving' } },
    timeoutSeconds: drain.timeoutSeconds,
  };
}

function uncordonStep({ name }: Host): NodeStep {
  return {
    type: 'node',
    id: `${name}: uncordons Node ${name}`,
    verb: 'update',
    target: { kind: 'node', name },
    reason: 'takes Pods again',
    effects: [],
    node: name,
    operation: { kind: 'uncordon' },
    timeoutSeconds: 60,
  };
}
