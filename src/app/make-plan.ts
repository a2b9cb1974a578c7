import { refuseUnfitBundle, unofficialFiles } from '../desire/bundle-fit.ts';
import { desireCluster } from '../desire/cluster.ts';
import { desireHost } from '../desire/host.ts';
import { clusterServer } from '../desire/text/address.ts';
import { limitedHosts, type PlanScope } from './scope.ts';
import { seeCluster } from './observe/cluster.ts';
import { endpointToProbe, seeEndpoint } from './observe/endpoint.ts';
import { seeForeignEtcd } from './observe/external-etcd.ts';
import { seeHost } from './observe/host.ts';
import { seeMembership, type Membership } from './observe/membership.ts';
import {
  addressesOf,
  etcdHosts,
  isNode,
  loadBalancerHosts,
  type Cluster,
  type Host,
} from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { assumedFacts, type HostFacts } from '../model/facts.ts';
import { factsOf, type Inspection } from '../model/inspection.ts';
import { stagesUntil } from '../model/stage.ts';
import type { ProbeQuestions } from '../observe/inspect.ts';
import type { HostObservation } from '../observe/probe.ts';
import { readTexts } from '../observe/texts.ts';
import { attachDiffs, diffablePath } from '../plan/diff/text-diffs.ts';
import type { ClusterObservation, ClusterWants } from '../plan/cluster-wants.ts';
import type { EtcdSeen } from '../plan/etcd/membership.ts';
import { diffCluster } from '../plan/diff/cluster.ts';
import { diffHost } from '../plan/diff/host.ts';
import { membershipSteps, withMembership } from '../plan/etcd/steps.ts';
import type { Finding } from '../plan/preflight/finding.ts';
import { drainBeforeMembers } from '../plan/rollout/leave.ts';
import { peersFirst } from '../plan/rollout/peers-first.ts';
import { preflight, withoutIgnored } from '../plan/preflight/preflight.ts';
import { renewedPods } from '../plan/rollout/ready.ts';
import { disturbsNode, planRoll, quorumFindings } from '../plan/rollout/rollout.ts';
import { operatorHooks, operatorSteps } from '../plan/diff/operator-hooks.ts';
import { isChange, stepsOf, type OnHostStep, type Plan } from '../plan/types.ts';
import { resourceId } from '../resource/kinds.ts';
import type { Resource } from '../resource/types.ts';
import type { Observation } from '../resource/types.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { connectAll, type Connections } from './observe/connect.ts';
import { planOperatorHooks } from './operator-hooks.ts';
import type { Workplace } from './workplace.ts';

export interface LivePlan {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly connections: Connections;
  readonly seconds: number;
  readonly observed: Observed;
}

/** What a plan was made from: basis.ts puts it into a saved plan. */
export interface Observed {
  /** With the etcd membership that the plan decided on. */
  readonly place: Workplace;
  readonly scope: PlanScope;
  readonly hosts: ReadonlyMap<string, HostObservation>;
  readonly etcd: EtcdSeen;
  /** Whether the cluster exists in an etcd that someone else runs. */
  readonly foreignEtcd: 'absent' | 'present' | undefined;
  /** undefined: the plan ends before anything is asked of it. */
  readonly api: ClusterObservation | undefined;
}

/**
 * Connects, probes, compares: the plan of what is to be done, and the connections it was made over.
 * Hosts that cannot be reached stand in it as such; with no etcd data seen anywhere, an unreachable control plane
 * stops everything, since it may hold the cluster.
 */
export async function makePlan(
  place: Workplace,
  scope: PlanScope,
  connect: ConnectOptions,
  concurrency: number,
): Promise<LivePlan> {
  const started = Date.now();
  const { cluster, desire } = place;
  if (desire.bundle !== undefined) refuseUnfitBundle(cluster, desire.bundle, scope.until);
  const hosts = scopedHosts(cluster, scope);
  const counts = new Map<string, number>();
  const connections = await connectAll(place, hosts, connect, concurrency, (host, { reader }) => {
    const wanted = (facts: HostFacts): readonly Resource[] => {
      const resources = resourcesOf(place, scope, host, facts);
      counts.set(host.name, resources.length);
      return resources;
    };
    return seeHost(reader, host.address, wanted, {
      ...balancingOf(cluster, host),
      endpoint: isNode(host) ? endpointToProbe(cluster, scope) : undefined,
    });
  });
  try {
    const inspections = new Map([...connections.results].map(([name, seen]) => [name, seen.inspection]));
    const ignore = [...place.preflightIgnore, ...scope.ignore];
    const findings: Finding[] = [...preflight(cluster, inspections, desire.clusterId, ignore)];
    const failed = new Map(connections.failed);
    refuseBlindFounding(cluster, scope, inspections, failed);
    const etcd = await seeMembership(place, scope, inspections, connections);
    const foreign = stagesUntil(scope.until).includes('etcd')
      ? await seeForeignEtcd(place, inspections, connections)
      : undefined;
    findings.push(...withoutIgnored(foreign?.findings ?? [], ignore));
    const informed = { ...place, desire: { ...desire, membership: etcd.plan } };
    const { first, rest: hostSteps } = peersFirst(
      await diffHosts(informed, scope, hosts, connections, failed, etcd),
    );
    refuseBlindFounding(cluster, scope, inspections, failed);
    const wants = within(desireCluster(desire), scope);
    const seen = needsApi(wants)
      ? await seeCluster(place, foreign?.state, inspections, connections, wants)
      : undefined;
    const running = seen?.state === 'present';
    findings.push(
      ...withoutIgnored(await seeEndpoint(place, scope, inspections, connections, running), ignore),
    );
    const disturbed = new Set(hostSteps.filter(disturbsNode).map((step) => step.host));
    const renewed = renewedPods(hostSteps);
    const clusterSteps = [
      ...etcd.waits,
      ...(seen === undefined ? [] : diffCluster(wants, seen, disturbed, renewed)),
    ];
    const balancers = loadBalancerHosts(cluster);
    const roll = planRoll({
      ...{ cluster, balancers, inspections, wants },
      steps: hostSteps,
      etcd: etcd.seen,
      api: seen,
    });
    const drained = drainBeforeMembers(membershipSteps(etcd.plan), clusterSteps);
    const planned = { ...drained, membership: [...first, ...drained.membership], roll, hostSteps };
    const changes =
      place.toIssue.length > 0 ||
      [...planned.membership, ...hostSteps, ...planned.clusterSteps].some(isChange);
    const made = {
      ...planned,
      operatorSteps: await planOperatorHooks(place, scope.until, changes),
    };
    const plan = assemble(place, counts, 'live', hosts, failed, made, wants);
    if (stagesUntil(scope.until).includes('etcd')) refuseSilence(plan, etcd);
    return {
      plan,
      findings: [...findings, ...withoutIgnored(quorumFindings(hostSteps, etcd.seen), ignore)],
      connections: { ...connections, failed },
      seconds: (Date.now() - started) / 1000,
      observed: {
        ...{ place: informed, scope, hosts: connections.results },
        ...{ etcd: etcd.seen, foreignEtcd: foreign?.state, api: seen },
      },
    };
  } catch (error) {
    await connections.close();
    throw error;
  }
}

function balancingOf(cluster: Cluster, host: Host): Pick<ProbeQuestions, 'virtualIP' | 'balancing'> {
  const { loadBalancer } = cluster;
  const hosts = loadBalancerHosts(cluster);
  if (loadBalancer === undefined || !hosts.includes(host)) return {};
  const balancers = hosts.flatMap(addressesOf);
  return { virtualIP: loadBalancer.virtualIP, balancing: { port: loadBalancer.port, balancers } };
}

/** The plan for hosts as they come fresh from their installer: no host is asked. */
export function makeOfflinePlan(place: Workplace, scope: PlanScope): Plan {
  if (place.desire.bundle !== undefined) refuseUnfitBundle(place.cluster, place.desire.bundle, scope.until);
  const hosts = scopedHosts(place.cluster, scope);
  const counts = new Map<string, number>();
  const hostSteps = hosts.flatMap((host) => {
    const resources = resourcesOf(place, scope, host, assumedFacts);
    counts.set(host.name, resources.length);
    return diffHost(host.name, resources, assumedFresh(resources));
  });
  const wants = within(desireCluster(place.desire), scope);
  const clusterSteps = diffCluster(wants, { state: 'absent' }, new Set());
  const planned = { membership: [], roll: [], hostSteps, clusterSteps };
  const hooks = operatorHooks(place.cluster.hooks ?? [], scope.until);
  const made = { ...planned, operatorSteps: operatorSteps(hooks, new Set(), true) };
  return assemble(place, counts, 'offline', hosts, new Map(), made, wants);
}

/** What must be so on one host as far as the scope goes. */
export function resourcesOf(
  place: Workplace,
  scope: PlanScope,
  host: Host,
  facts: HostFacts,
): readonly Resource[] {
  const stages = stagesUntil(scope.until);
  return desireHost(place.desire, host, facts).filter((resource) => stages.includes(resource.stage));
}

function scopedHosts(cluster: Cluster, scope: PlanScope): readonly Host[] {
  const named = limitedHosts(cluster, scope.limit);
  return cluster.hosts.filter((host) => named.includes(host) || host.roles.includes('control-plane'));
}

/** Whether a host is only looked at. */
export const isLimited = (scope: PlanScope, host: string): boolean =>
  scope.limit.length > 0 && !scope.limit.includes(host);

async function diffHosts(
  place: Workplace,
  scope: PlanScope,
  hosts: readonly Host[],
  connections: Connections & { readonly results: ReadonlyMap<string, HostObservation> },
  failed: Map<string, KbootError>,
  etcd: Membership,
): Promise<OnHostStep[]> {
  const perHost = await Promise.all(
    hosts.map(async (host): Promise<OnHostStep[]> => {
      const seen = connections.results.get(host.name);
      const reader = connections.open.get(host.name)?.reader;
      if (seen === undefined || reader === undefined || isLimited(scope, host.name)) return [];
      try {
        const resources = resourcesOf(place, scope, host, factsOf(seen.inspection, host.address));
        const steps = diffHost(host.name, resources, seen.observations);
        const paths = steps.flatMap((step) => diffablePath(step) ?? []);
        const shown = paths.length === 0 ? steps : attachDiffs(steps, await readTexts(reader, paths));
        return withMembership(
          shown,
          etcd.plan.hosts.find((member) => member.host === host.name),
          etcd.hosts.find((member) => member.name === host.name),
        );
      } catch (error) {
        if (!(error instanceof KbootError)) throw error;
        failed.set(host.name, error);
        return [];
      }
    }),
  );
  return perHost.flat();
}

/** Unknown is not absent: a host of etcd that could not be read may hold the cluster. */
function refuseBlindFounding(
  cluster: Cluster,
  scope: PlanScope,
  inspections: ReadonlyMap<string, Inspection>,
  failed: ReadonlyMap<string, KbootError>,
): void {
  if (!stagesUntil(scope.until).includes('etcd')) return;
  const members = etcdHosts(cluster).map((host) => host.name);
  if (members.some((name) => inspections.get(name)?.etcdData === 'present')) return;
  const blind = members.filter((name) => failed.has(name) || inspections.get(name)?.etcdData === 'unknown');
  if (blind.length === 0) return;
  const first = failed.get(blind[0] ?? '');
  throw new KbootError(
    first?.code ?? 'E-PROBE',
    `${blind.join(', ')} could not be read${first === undefined ? '' : `: ${first.message}`}`,
    {
      ...first?.context,
      host: blind.join(', '),
      remedy:
        `${first?.context.remedy ?? ''}\nkboot founds a cluster only when every host of an etcd member was seen to hold no data. Nothing was changed.`.trim(),
    },
  );
}

type PlannedSteps = Pick<Plan, 'membership' | 'roll' | 'hostSteps' | 'clusterSteps' | 'operatorSteps'>;

/** A plan without a change would say that all is well, where not even the membership could be read. */
function refuseSilence(plan: Plan, { seen, hosts }: Membership): void {
  if (seen.state !== 'silent' || !seen.founded || stepsOf(plan).some(isChange)) return;
  const holders = hosts.filter(({ data }) => data === 'present').map(({ name }) => name);
  if (holders.length === 0) return;
  throw new KbootError('E-QUORUM', `etcd gives no answer on ${holders.join(', ')}`, {
    remedy:
      'Its configuration is as the inventory says, and nothing was changed. See what it says on these hosts (`crictl logs` of its container, or `journalctl -u etcd`), and bring members back that are down.',
  });
}

function within(wants: ClusterWants, scope: PlanScope): ClusterWants {
  const stages = stagesUntil(scope.until);
  const nodeNamed = (name: string): boolean => !isLimited(scope, name);
  const nothing = !stages.includes('control-plane');
  const wholeCluster = scope.limit.length === 0;
  return {
    inventory: wants.inventory,
    objects: wholeCluster ? wants.objects.filter(({ stage }) => stages.includes(stage)) : [],
    lateObjects: stages.includes('addon') && wholeCluster ? wants.lateObjects : [],
    sweptKinds: stages.includes('addon') && wholeCluster ? wants.sweptKinds : [],
    ...(!nothing && wants.outsideEndpoint && { outsideEndpoint: wants.outsideEndpoint }),
    nodes: stages.includes('node') ? wants.nodes.filter((node) => nodeNamed(node.name)) : [],
    controlPlanePods: nothing ? [] : wants.controlPlanePods.filter((pod) => nodeNamed(pod.host)),
    workloads: stages.includes('addon') && wholeCluster ? wants.workloads : [],
  };
}

function needsApi(wants: ClusterWants): boolean {
  return (
    wants.objects.length + wants.nodes.length + wants.controlPlanePods.length + wants.workloads.length > 0
  );
}

function assemble(
  place: Workplace,
  counts: ReadonlyMap<string, number>,
  basis: Plan['basis'],
  hosts: readonly Host[],
  failed: ReadonlyMap<string, KbootError>,
  made: PlannedSteps,
  wants: ClusterWants,
): Plan {
  const { cluster } = place;
  const planHosts = hosts.map((host) => ({
    name: host.name,
    roles: host.roles,
    state:
      basis === 'offline'
        ? ('assumed' as const)
        : failed.has(host.name)
          ? ('unreachable' as const)
          : ('probed' as const),
    resources: counts.get(host.name) ?? 0,
  }));
  return {
    apiVersion: 'kboot.dev/v1',
    kind: 'Plan',
    cluster: cluster.name,
    kubernetesVersion: cluster.kubernetesVersion,
    endpoint: clusterServer(cluster),
    basis,
    issue: place.toIssue,
    hosts: planHosts,
    ...made,
    checked:
      planHosts.reduce((sum, host) => sum + host.resources, 0) +
      wants.objects.length +
      wants.lateObjects.length +
      wants.nodes.length,
    warnings: [...place.pkiWarnings, ...bundleWarnings(place)],
  };
}

function bundleWarnings({ cluster, desire: { bundle } }: Workplace): string[] {
  const files = bundle === undefined ? [] : unofficialFiles(cluster, bundle);
  if (files.length === 0) return [];
  return [`the bundle's own builds, not the official ones: ${files.join(', ')}`];
}

/** How a fresh host looks: nothing of kboot's is there; packages and swap cannot be known. */
function assumedFresh(resources: readonly Resource[]): Map<string, Observation<unknown>> {
  return new Map(resources.map((resource) => [resourceId(resource), { state: 'absent' as const }]));
}
