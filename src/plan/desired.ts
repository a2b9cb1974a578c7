import { desireCluster } from '../desire/cluster.ts';
import type { Desire } from '../desire/context.ts';
import { desireHost } from '../desire/host.ts';
import type { DesiredCluster } from '../kube/desired-cluster.ts';
import type { Cluster, Host } from '../model/cluster.ts';
import type { HostFacts } from '../model/facts.ts';
import { neededPaths } from '../model/pod-mounts.ts';
import { stagesUntil } from '../model/stage.ts';
import type { Resource } from '../resource/types.ts';
import { isReadOnly, reaches, type PlanScope } from './scope.ts';

/** The desired resources of one host in the stages of a plan. */
export function desiredOn(
  desire: Desire,
  scope: PlanScope,
  host: Host,
  facts: HostFacts,
): readonly Resource[] {
  const stages = stagesUntil(scope.until);
  return desireHost(desire, host, facts).filter((resource) => stages.includes(resource.stage));
}

/** The desired state of the API in the stages of a plan: with `--limit`, only the Nodes of those hosts. */
export function desiredInApi(desire: Desire, scope: PlanScope): DesiredCluster {
  const all = desireCluster(desire);
  const stages = stagesUntil(scope.until);
  const isNamed = (host: string): boolean => !isReadOnly(scope, host);
  const served = reaches(scope, 'control-plane');
  const wholeCluster = scope.limit.length === 0;
  const addons = reaches(scope, 'addon') && wholeCluster;
  return {
    inventory: all.inventory,
    objects: wholeCluster ? all.objects.filter(({ stage }) => stages.includes(stage)) : [],
    lateObjects: addons ? all.lateObjects : [],
    prunedKinds: addons ? all.prunedKinds : [],
    ...(addons && all.addons && { addons: all.addons }),
    ...(addons && all.record && { record: all.record }),
    ...(all.foreignCni && { foreignCni: all.foreignCni }),
    ...(all.foreignServices && { foreignServices: all.foreignServices }),
    ...(addons && all.retired && { retired: all.retired }),
    ...(served && all.outsideEndpoint && { outsideEndpoint: all.outsideEndpoint }),
    nodes: reaches(scope, 'node') ? all.nodes.filter(({ name }) => isNamed(name)) : [],
    controlPlanePods: served ? all.controlPlanePods.filter(({ host }) => isNamed(host)) : [],
    workloads: addons ? all.workloads : [],
  };
}

/** Paths on a host that its static Pods need, and that neither kboot nor spec.files puts there. */
export function pathsOfPods(cluster: Cluster, scope: PlanScope, host: Host): readonly string[] {
  return reaches(scope, 'etcd') ? neededPaths(cluster, host).map(({ path }) => path) : [];
}

/** Whether a plan requires reading the API. */
export function needsApi(desired: DesiredCluster): boolean {
  const { objects, nodes, controlPlanePods, workloads } = desired;
  return objects.length + nodes.length + controlPlanePods.length + workloads.length > 0;
}
