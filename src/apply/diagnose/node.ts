import type { Condition } from '../../plan/types.ts';
import { conditionLine, conditionsOf } from './conditions.ts';
import { unitLines, unitUnlessActive } from './host-logs.ts';
import { at, textAt } from './json.ts';
import { nodePath } from '../../kube/paths.ts';
import { podsOnNodePath } from './paths.ts';
import { describePod, podsOf } from './pods.ts';
import type { Sources } from './sources.ts';
import type { Section } from './text.ts';

type OfNode = Condition & { readonly kind: 'node-registered' | 'node-ready' };

const kubeletCount = 10;

/**
 * A Node that is not registered or not Ready: its conditions, containerd if it does not run, the Pods of its network
 * that are not ready, and the end of the kubelet's log.
 */
export async function diagnoseNode({ node: name }: OfNode, sources: Sources): Promise<Section[]> {
  const onHost = kubeletSections(sources, name);
  const node = await sources.get(nodePath(name));
  if (!node.ok) {
    const why =
      node.status === 404 ? `the API has no Node ${name}` : `Node ${name} could not be read: ${node.why}`;
    return [[why], ...(await onHost)];
  }
  const [lines, pods] = await Promise.all([onHost, networkPods(sources, name)]);
  const { containerd, kubelet } = split(lines);
  return [nodeLines(name, node.value), ...containerd, ...pods, ...kubelet];
}

/** A kubelet that does not respond on its own host. */
export async function diagnoseKubelet(
  { host }: Condition & { readonly kind: 'kubelet' },
  sources: Sources,
): Promise<Section[]> {
  return await kubeletSections(sources, host);
}

/** containerd, if it does not run, and the kubelet with the end of its log. */
async function kubeletSections(sources: Sources, host: string): Promise<Section[]> {
  const answer = await sources.host(host, { containers: [], units: ['containerd', 'kubelet'] });
  if (!answer.ok) return [[`the logs of ${host} could not be read: ${answer.why}`]];
  const [containerd, kubelet] = answer.value.units;
  return [
    ...unitUnlessActive(host, containerd, 5),
    ...(kubelet === undefined ? [] : [unitLines(host, kubelet, kubeletCount)]),
  ];
}

/** The kubelet's section is the last. */
function split(sections: readonly Section[]): { containerd: Section[]; kubelet: Section[] } {
  return { containerd: sections.slice(0, -1), kubelet: sections.slice(-1) };
}

/** Host-network Pods that are not ready: a Node is not Ready until its network add-on is. */
async function networkPods(sources: Sources, node: string): Promise<Section[]> {
  const list = await sources.get(podsOnNodePath(node));
  if (!list.ok) return [[`the Pods of Node ${node} could not be read: ${list.why}`]];
  const failing = podsOf(list.value).filter((pod) => pod.hostNetwork && !pod.ready && !pod.deleting);
  return await Promise.all(failing.slice(0, 2).map((pod) => describePod(sources, pod)));
}

/** Bad conditions of a Node: Ready must be True, all others False. */
export function nodeLines(name: string, node: unknown): string[] {
  const conditions = conditionsOf(node);
  const bad = conditions.filter(
    (condition) => textAt(condition, 'status') !== (textAt(condition, 'type') === 'Ready' ? 'True' : 'False'),
  );
  const hasReady = conditions.some((condition) => textAt(condition, 'type') === 'Ready');
  return [
    ...(hasReady ? [] : [`Node ${name} has no condition Ready yet: its kubelet has not reported`]),
    ...bad.slice(0, 6).map((condition) => conditionLine(`Node ${name}`, condition)),
    ...(at(node, 'spec', 'unschedulable') === true ? [`Node ${name} is cordoned`] : []),
  ];
}
