import { conditionAt } from './conditions.ts';
import { at, itemsAt, numberAt, textAt } from './json.ts';

/** The fields of a Pod that a diagnosis uses. Strings of the API are unchanged; empty if they are missing. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** The UID in its events: for a static Pod not the UID of its mirror Pod. */
  readonly eventUid: string;
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly phase: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** The scheduler has found a node, or reported why not. */
  readonly schedulerSaw: boolean;
  /** Why it has no node. */
  readonly unscheduled: string;
  /** Why the kubelet refused or evicted it. */
  readonly reason: string;
  readonly failing: readonly FailingContainer[];
}

/** A container with a problem. */
export interface FailingContainer {
  readonly name: string;
  readonly restarts: number;
  /** `waiting, CrashLoopBackOff: back-off 40s restarting failed container` */
  readonly now: string;
  /** `exit code 1 (Error)`; empty if it has never terminated. */
  readonly lastEnd: string;
  /** There is a log of this run or of the previous one. */
  readonly hasLog: boolean;
  /** The previous run has a log. */
  readonly hasPreviousLog: boolean;
}

/** Reads a Pod of the API, even if fields are missing or have other types. */
export function readPod(pod: unknown): Pod {
  const init = itemsAt(pod, 'status', 'initContainerStatuses').filter((each) => !isDone(each));
  const main = itemsAt(pod, 'status', 'containerStatuses').filter((each) => at(each, 'ready') !== true);
  const scheduled = conditionAt(pod, 'PodScheduled');
  const node = textAt(pod, 'spec', 'nodeName');
  const reason = [textAt(pod, 'status', 'reason'), textAt(pod, 'status', 'message')];
  return {
    namespace: textAt(pod, 'metadata', 'namespace') || 'default',
    name: textAt(pod, 'metadata', 'name') || '(unnamed)',
    eventUid:
      textAt(pod, 'metadata', 'annotations', 'kubernetes.io/config.mirror') || textAt(pod, 'metadata', 'uid'),
    node,
    hostNetwork: at(pod, 'spec', 'hostNetwork') === true,
    phase: textAt(pod, 'status', 'phase') || 'no phase yet',
    ready: textAt(conditionAt(pod, 'Ready'), 'status') === 'True',
    deleting: at(pod, 'metadata', 'deletionTimestamp') !== undefined,
    schedulerSaw: node !== '' || scheduled !== undefined,
    unscheduled: textAt(scheduled, 'status') === 'False' ? textAt(scheduled, 'message') : '',
    reason: reason.filter((part) => part !== '').join(': '),
    // The others wait for the init containers.
    failing: (init.length > 0 ? init : main).map(readContainer),
  };
}

/** Whether an init container has finished, or a sidecar runs. */
function isDone(status: unknown): boolean {
  const code = at(status, 'state', 'terminated', 'exitCode');
  return code === 0 || (at(status, 'started') === true && at(status, 'state', 'running') !== undefined);
}

function readContainer(status: unknown): FailingContainer {
  const waiting = at(status, 'state', 'waiting');
  const ended = at(status, 'state', 'terminated');
  const before = at(status, 'lastState', 'terminated');
  const running = at(status, 'state', 'running') !== undefined;
  const now = running
    ? 'running, not ready'
    : ended !== undefined
      ? `terminated with ${endOf(ended)}`
      : joined(['waiting', textAt(waiting, 'reason')], backOff(textAt(waiting, 'message')));
  return {
    name: textAt(status, 'name'),
    restarts: numberAt(status, 'restartCount'),
    now,
    lastEnd: before === undefined ? '' : endOf(before),
    hasLog: running || ended !== undefined || before !== undefined,
    hasPreviousLog: (running || ended !== undefined) && before !== undefined,
  };
}

/** `exit code 137 (OOMKilled): …` with the container's termination message. */
function endOf(terminated: unknown): string {
  const reason = textAt(terminated, 'reason');
  const code = `exit code ${numberAt(terminated, 'exitCode')}${reason === '' ? '' : ` (${reason})`}`;
  return joined([code], textAt(terminated, 'message').trim().slice(-300));
}

/** Without the name and UID of the Pod, which the kubelet appends. */
const backOff = (message: string): string => message.replace(/ container=.*/s, ' container');

function joined(parts: readonly string[], message: string): string {
  const head = parts.filter((part) => part !== '').join(', ');
  return message === '' ? head : `${head}: ${message}`;
}

/** `Pod kube-system/coredns-5d-x on w-1: Running, not ready, 5 restarts` */
export function podTitle(pod: Pod): string {
  const restarts = Math.max(0, ...pod.failing.map((each) => each.restarts));
  const facts = [
    pod.phase,
    pod.ready ? 'ready' : 'not ready',
    ...(pod.deleting ? ['being deleted'] : []),
    restarts === 1 ? '1 restart' : `${restarts} restarts`,
  ];
  const where = pod.node === '' ? 'not on a node' : `on ${pod.node}`;
  return `Pod ${pod.namespace}/${pod.name} ${where}: ${facts.join(', ')}`;
}

/** A Pod that is not ready, with its first failing containers. */
export function podLines(pod: Pod): string[] {
  return [
    podTitle(pod),
    ...(pod.unscheduled === '' ? [] : [`  not scheduled: ${pod.unscheduled}`]),
    ...(pod.schedulerSaw ? [] : ['  not scheduled: the scheduler has not processed it yet']),
    ...(pod.reason === '' ? [] : [`  ${pod.reason}`]),
    ...pod.failing
      .slice(0, 3)
      .map(
        ({ name, now, lastEnd }) =>
          `  container ${name}: ${now}${lastEnd === '' ? '' : `; last run: ${lastEnd}`}`,
      ),
  ];
}

/** Equal for Pods that fail in the same way: the states of their containers, regardless of counts. */
function kindOfFailure(pod: Pod): string {
  const containers = pod.failing.map(({ name, now, lastEnd }) => [name, now.split(':')[0], lastEnd]);
  return JSON.stringify([pod.phase, pod.unscheduled, pod.reason, containers]);
}

/** Up to `count` Pods for a closer look: one of each kind of failure, then one of each node. */
export function examples(pods: readonly Pod[], count: number): Pod[] {
  const first = (keyOf: (pod: Pod) => string): Pod[] =>
    [...new Map(pods.toReversed().map((pod) => [keyOf(pod), pod])).values()].toReversed();
  return [...new Set([...first(kindOfFailure), ...first(({ node }) => node)])].slice(0, count);
}

/** `3 of 4 Pods that are not ready are on w-1`; empty if they are on different nodes. */
export function sharedNode(notReady: readonly Pod[]): string {
  const counts = new Map<string, number>();
  for (const { node } of notReady) if (node !== '') counts.set(node, (counts.get(node) ?? 0) + 1);
  const [node, count] = [...counts].toSorted(([, one], [, other]) => other - one)[0] ?? ['', 0];
  const all = notReady.length;
  if (count < 2 || count * 2 <= all) return '';
  const which = count < all ? `${count} of ${all}` : all === 2 ? 'both' : `all ${all}`;
  return `${which} Pods that are not ready are on ${node}`;
}
