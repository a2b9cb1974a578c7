import { podPath } from '../../kube/paths.ts';
import type { Condition } from '../../plan/types.ts';
import {
  containerLines,
  unitLines,
  unitUnlessActive,
  type HostAnswer,
  type HostQuestion,
  type UnitState,
} from './host-logs.ts';
import { podLines, readPod } from './pod.ts';
import { describePod, podEvents } from './pods.ts';
import type { Sources } from './sources.ts';
import { logLines, type Section } from './text.ts';

type Of<K extends Condition['kind']> = Condition & { readonly kind: K };

/** Maximum number of control planes that are read; lines of each log for one host, and for several. */
const maxHosts = 3;
const alone = 8;
const several = 4;

/** API servers that do not respond: their last log lines, those of etcd on the same host, and the kubelet that runs both. */
export async function diagnoseApi({ host }: Of<'api'>, sources: Sources): Promise<Section[]> {
  return await apiSections(sources, host === undefined ? sources.apiHosts : [host]);
}

/** The same for some hosts. */
export async function apiSections(sources: Sources, hosts: readonly string[]): Promise<Section[]> {
  const shown = hosts.slice(0, maxHosts);
  const count = shown.length > 1 ? several : alone;
  const question: HostQuestion = {
    containers: ['kube-apiserver', 'etcd'].map(staticPod),
    units: ['kubelet', 'containerd', 'etcd'],
  };
  const sections = await Promise.all(
    shown.map(
      async (host) => await onHost(sources, host, question, (answer) => apiLines(host, answer, count)),
    ),
  );
  return sections.flat();
}

function apiLines(host: string, answer: HostAnswer, count: number): Section[] {
  const [apiServer, etcd] = answer.containers;
  const etcdUnit = unitOf(answer, 'etcd');
  const started = apiServer !== undefined && apiServer.last !== '';
  return [
    ...(started ? containerLines(host, apiServer, count) : [[`there is no kube-apiserver log on ${host}`]]),
    ...(etcd === undefined ? [] : containerLines(host, { ...etcd, previous: '' }, count)),
    ...(etcdUnit?.installed === true ? [unitLines(host, etcdUnit, count)] : []),
    ...unitUnlessActive(host, unitOf(answer, 'containerd'), count),
    ...kubelet(host, answer, started ? Math.ceil(count / 2) : count),
  ];
}

/** An etcd member that does not serve, as a static Pod or as a unit. */
export async function diagnoseEtcd({ host }: Of<'etcd-member'>, sources: Sources): Promise<Section[]> {
  const question = { containers: [staticPod('etcd')], units: ['etcd', 'kubelet', 'containerd'] };
  return await onHost(sources, host, question, (answer) => etcdLines(host, answer));
}

function etcdLines(host: string, answer: HostAnswer): Section[] {
  const unit = unitOf(answer, 'etcd');
  const [container] = answer.containers;
  const lines = [
    ...(container === undefined ? [] : containerLines(host, container, alone)),
    ...(unit?.installed === true ? [unitLines(host, unit, alone)] : []),
  ];
  if (lines.length > 0) return lines;
  // The kubelet and containerd start the static Pod.
  return [
    [`there is no etcd log on ${host}`],
    ...unitUnlessActive(host, unitOf(answer, 'containerd'), 5),
    ...kubelet(host, answer, alone),
  ];
}

/** A controller-manager or scheduler whose healthz does not answer. */
export async function diagnoseController(
  { host, component }: Of<'controller'>,
  sources: Sources,
): Promise<Section[]> {
  const question = { containers: [staticPod(component)], units: ['kubelet', 'containerd'] };
  return await onHost(sources, host, question, (answer) => {
    const [container] = answer.containers;
    return [
      ...(container === undefined ? [] : containerLines(host, container, alone)),
      ...unitUnlessActive(host, unitOf(answer, 'containerd'), 5),
      ...kubelet(host, answer, several),
    ];
  });
}

/** No controller-manager, or no scheduler, becomes the leader. */
export async function diagnoseLeader({ lease }: Of<'leader'>, sources: Sources): Promise<Section[]> {
  const sections = await Promise.all(
    sources.apiHosts
      .slice(0, maxHosts)
      .map((host) =>
        diagnoseController(
          { kind: 'controller', host, component: lease, address: '127.0.0.1', port: 0 },
          sources,
        ),
      ),
  );
  return sections.flat();
}

/** The host's own haproxy does not lead to an API server: listeners, and the end of haproxy's and keepalived's logs. */
export async function diagnoseLoadBalancer(
  { host, port }: Of<'load-balancer'>,
  sources: Sources,
): Promise<Section[]> {
  const question = { containers: [], units: ['haproxy', 'keepalived'], port };
  return await onHost(sources, host, question, (answer) => [
    answer.listeners === ''
      ? [`nothing is listening on TCP port ${port} of ${host}`]
      : [`listening on TCP port ${port} of ${host}:`, ...logLines(answer.listeners, 3)],
    ...answer.units.map((unit) => unitLines(host, unit, alone)),
  ]);
}

/** A static Pod of the control plane: its mirror Pod and events, and its log on the host. */
export async function diagnosePod(condition: Of<'pod-ready'>, sources: Sources): Promise<Section[]> {
  const { host, namespace, name } = condition;
  const container = name.endsWith(`-${host}`) ? name.slice(0, -host.length - 1) : name;
  const question = {
    containers: [{ name: container, prefix: `${name}_${namespace}_` }],
    units: ['kubelet', 'containerd'],
  };
  const [live, logs] = await Promise.all([sources.get(podPath(condition)), sources.host(host, question)]);
  const pod = live.ok ? readPod(live.value) : undefined;
  if (!logs.ok) {
    const unread = [`the logs of ${host} could not be read: ${logs.why}`];
    return [pod === undefined ? missing(condition, live) : await describePod(sources, pod), unread];
  }
  const answer = logs.value;
  const started = answer.containers.some(({ last }) => last !== '');
  return [
    pod === undefined ? missing(condition, live) : [...podLines(pod), ...(await podEvents(sources, pod))],
    ...answer.containers.flatMap((log) => containerLines(host, log, alone)),
    ...(started ? [] : [[`there is no log of ${name} on ${host}: its container never started`]]),
    ...unitUnlessActive(host, unitOf(answer, 'containerd'), 5),
    ...kubelet(host, answer, started ? 4 : alone),
  ];
}

function missing(
  { namespace, name, host }: Of<'pod-ready'>,
  live: { readonly ok: boolean; readonly why?: string; readonly status?: number },
): Section {
  return live.status === 404
    ? [`the API has no Pod ${namespace}/${name}: the kubelet of ${host} has not reported it`]
    : [`Pod ${namespace}/${name} could not be read: ${live.why ?? ''}`];
}

/** kubeadm's static Pods are named after their only container and their node. */
const staticPod = (name: string): { name: string; prefix: string } => ({ name, prefix: `${name}-` });

const unitOf = (answer: HostAnswer, name: string): UnitState | undefined =>
  answer.units.find(({ unit }) => unit === name);

function kubelet(host: string, answer: HostAnswer, count: number): Section[] {
  const unit = unitOf(answer, 'kubelet');
  return unit === undefined ? [] : [unitLines(host, unit, count)];
}

/** Runs one script on the host and formats its answer, or says why it could not be read. */
async function onHost(
  sources: Sources,
  host: string,
  question: HostQuestion,
  format: (answer: HostAnswer) => Section[],
): Promise<Section[]> {
  const answer = await sources.host(host, question);
  return answer.ok ? format(answer.value) : [[`the logs of ${host} could not be read: ${answer.why}`]];
}
