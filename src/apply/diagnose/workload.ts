import type { Condition } from '../../plan/types.ts';
import { nodePath, objectPath } from '../../kube/paths.ts';
import { conditionLine, conditionsOf } from './conditions.ts';
import { apiSections } from './control-plane.ts';
import { eventLines } from './events.ts';
import { at, numberAt, textAt } from './json.ts';
import { nodeLines } from './node.ts';
import { eventsPath, podsPath } from './paths.ts';
import { sharedNode, examples, podTitle, type Pod } from './pod.ts';
import { describePod, podsOf } from './pods.ts';
import type { Sources } from './sources.ts';
import { someOf, type Section } from './text.ts';

type WorkloadReady = Condition & { readonly kind: 'workload-ready' };

/** Number of Pods described in full, and of further Pods with one line each. */
const described = 2;
const named = 6;

/** The Pods of a Deployment or DaemonSet that are not ready: their nodes, and what is known about them. */
export async function diagnoseWorkload(condition: WorkloadReady, sources: Sources): Promise<Section[]> {
  const title = `${condition.workload} ${condition.namespace}/${condition.name}`;
  const workload = await sources.get(
    objectPath({ apiVersion: 'apps/v1', kind: condition.workload, metadata: condition }),
  );
  if (!workload.ok) {
    if (workload.status === 404) return [[`${title} does not exist`]];
    const unread = [`${title} could not be read: ${workload.why}`];
    return workload.status === undefined
      ? [unread, ...(await apiSections(sources, sources.apiHosts))]
      : [unread];
  }
  const [list, events] = await Promise.all([
    sources.get(podsPath(condition.namespace, selectorOf(workload.value))),
    workloadEvents(sources, condition.namespace, textAt(workload.value, 'metadata', 'uid')),
  ]);
  const own = [...workloadLines(title, workload.value), ...events];
  if (!list.ok) return [[...own, `its Pods could not be read: ${list.why}`]];
  const pods = podsOf(list.value).filter((pod) => !pod.deleting);
  const notReady = pods.filter((pod) => !pod.ready);
  const shown = examples(notReady, described);
  const [descriptions, nodes, component] = await Promise.all([
    Promise.all(shown.map((pod) => describePod(sources, pod))),
    unhealthyNodes(sources, notReady),
    idleComponent(sources, workload.value, notReady),
  ]);
  return [
    headline(title, pods, condition.nodes ?? []),
    ...nodes,
    ...(notReady.length === 0 || pods.length < numberOfPods(workload.value) ? [own] : []),
    ...component,
    ...descriptions,
    otherPods(notReady.filter((pod) => !shown.includes(pod))),
  ];
}

/** The number of Pods that are not ready, the node of most of them, and nodes that lack a Pod. */
function headline(title: string, pods: readonly Pod[], nodes: readonly string[]): Section {
  const notReady = pods.filter((pod) => !pod.ready);
  const empty = nodes.filter((node) => !pods.some((pod) => pod.node === node));
  const shared = sharedNode(notReady);
  const bad = notReady.length;
  const counts =
    pods.length === 0
      ? `${title} has no Pods`
      : bad === 0
        ? `all Pods of ${title} are ready`
        : `${title}: ${bad} of ${pods.length} Pods ${bad === 1 ? 'is' : 'are'} not ready`;
  return [
    ...(shared === '' ? [] : [shared]),
    counts,
    ...(empty.length === 0 ? [] : [`it has no Pod on ${someOf(empty, named)}`]),
  ];
}

/** One line for each Pod that is not described. */
function otherPods(pods: readonly Pod[]): Section {
  const rest = pods.slice(named);
  return [
    ...pods.slice(0, named).map(podTitle),
    ...(rest.length === 0
      ? []
      : [`${rest.length} more ${rest.length === 1 ? 'Pod is' : 'Pods are'} not ready`]),
  ];
}

/** The workload's own status: bad conditions, and a controller that has not observed it. */
function workloadLines(title: string, workload: unknown): string[] {
  const bad = conditionsOf(workload).filter((condition) => {
    const should = textAt(condition, 'type') === 'ReplicaFailure' ? 'False' : 'True';
    return textAt(condition, 'status') !== should;
  });
  return [
    ...(isUnseen(workload) ? [`its controller has not observed the latest generation of ${title}`] : []),
    ...bad.slice(0, 3).map((condition) => conditionLine(title, condition)),
  ];
}

const isUnseen = (workload: unknown): boolean =>
  numberAt(workload, 'status', 'observedGeneration') < numberAt(workload, 'metadata', 'generation');

function numberOfPods(workload: unknown): number {
  if (textAt(workload, 'kind') === 'DaemonSet') return numberAt(workload, 'status', 'desiredNumberScheduled');
  return at(workload, 'spec', 'replicas') === undefined ? 1 : numberAt(workload, 'spec', 'replicas');
}

async function workloadEvents(sources: Sources, namespace: string, uid: string): Promise<string[]> {
  if (!/^[\w-]+$/.test(uid)) return [];
  const events = await sources.get(eventsPath(namespace, uid));
  return events.ok ? eventLines(events.value, 2) : [`its events could not be read: ${events.why}`];
}

/** Nodes of these Pods with problems. */
async function unhealthyNodes(sources: Sources, pods: readonly Pod[]): Promise<Section[]> {
  const names = [...new Set(pods.map(({ node }) => node))].filter((node) => node !== '').slice(0, 3);
  return await Promise.all(
    names.map(async (name) => {
      const node = await sources.get(nodePath(name));
      return node.ok ? nodeLines(name, node.value) : [];
    }),
  );
}

/** The control-plane component that should have acted but has not: the controller-manager or the scheduler. */
async function idleComponent(
  sources: Sources,
  workload: unknown,
  notReady: readonly Pod[],
): Promise<Section[]> {
  const component = isUnseen(workload)
    ? 'kube-controller-manager'
    : notReady.some((pod) => !pod.schedulerSaw)
      ? 'kube-scheduler'
      : undefined;
  if (component === undefined) return [];
  const list = await sources.get(podsPath('kube-system', `component=${component}`));
  if (!list.ok) return [[`Pods of ${component} could not be read: ${list.why}`]];
  const pods = podsOf(list.value);
  const failing = pods.filter((pod) => !pod.ready);
  if (pods.length === 0) return [[`there are no ${component} Pods`]];
  if (failing.length === 0) return [[`all ${component} Pods are ready`]];
  return await Promise.all(failing.slice(0, 1).map((pod) => describePod(sources, pod)));
}

/** The label selector of the workload's Pods. */
function selectorOf(workload: unknown): string {
  const labels = at(workload, 'spec', 'selector', 'matchLabels');
  if (typeof labels !== 'object' || labels === null) return '';
  return Object.entries(labels as Readonly<Record<string, unknown>>)
    .slice(0, 20)
    .flatMap(([key, value]) => (typeof value === 'string' ? [`${key}=${value}`] : []))
    .join(',');
}
