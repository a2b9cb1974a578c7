import { resetRemovals } from '../desire/reset.ts';
import { etcdPeerPort, hostPort } from '../desire/text/address.ts';
import { etcdPrefix } from '../desire/text/kube-apiserver.ts';
import { controlHosts, etcdHosts, hostsWith, type Cluster, type Host } from '../model/cluster.ts';
import { nothingDesired } from '../kube/desired-cluster.ts';
import { plural } from '../model/plural.ts';
import { KbootError } from '../model/error.ts';
import type { ResetObservation } from '../model/reset-observation.ts';
import { observeEtcd } from '../observe/etcd.ts';
import { observeForReset } from '../observe/reset.ts';
import { strangeStamp } from '../plan/preflight/foreign-host.ts';
import { planLeave } from '../plan/rollout/leave.ts';
import { resetPhases, resetSteps } from '../plan/phases/reset.ts';
import type { Leave } from '../plan/rollout/leave.ts';
import { planHeader } from '../plan/header.ts';
import type { Plan, ShellStep } from '../plan/types.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { connectAll, type Connections } from './observe/connect.ts';
import { limitedHosts } from '../plan/scope.ts';
import { askApi } from './observe/cluster.ts';
import { memberSources } from './observe/etcd.ts';
import type { Workspace } from './workspace.ts';

/**
 * Plans the removal of a cluster, or of some of its hosts: these first leave the remaining cluster in an orderly way.
 * A host of another cluster is refused, never reset.
 */
export async function makeResetPlan(
  workspace: Workspace,
  { limit, deleteBackups }: { readonly limit: readonly string[]; readonly deleteBackups: boolean },
  connect: ConnectOptions,
  concurrency: number,
): Promise<{
  readonly plan: Plan;
  readonly connections: Connections & { readonly results: ReadonlyMap<string, readonly ShellStep[]> };
}> {
  const { cluster, desire } = workspace;
  const hosts = limitedHosts(cluster, limit);
  const seenOn = new Map<string, ResetObservation>();
  const connections = await connectAll(workspace, hosts, connect, concurrency, async (host, { reader }) => {
    const seen = await observeForReset(reader);
    if (seen.clusterId !== '' && seen.clusterId !== desire.clusterId) {
      const { message, remedy } = strangeStamp(cluster, seen.clusterId, desire.clusterId);
      throw new KbootError('E-FOREIGN-CLUSTER', `${message}; it was not changed`, {
        host: host.name,
        remedy,
      });
    }
    seenOn.set(host.name, seen);
    return resetSteps(
      host.name,
      resetRemovals(
        seen,
        cluster.etcd.external !== undefined,
        cluster.etcd.dataDir,
        cluster.networking.flannel === undefined,
        deleteBackups,
      ),
    );
  });
  const stay = controlHosts(cluster).filter((each) => !hosts.includes(each));
  const others = await connectAll(workspace, stay, connect, concurrency, () => Promise.resolve());
  const all: Connections = {
    open: new Map([...connections.open, ...others.open]),
    failed: connections.failed,
    close: async () => {
      await Promise.all([connections.close(), others.close()]);
    },
  };
  const leaving = hosts.filter((each) => connections.results.has(each.name));
  const left = await planLeaving(workspace, leaving, all).catch(async (error: unknown) => {
    await all.close();
    throw error;
  });
  const plan: Plan = {
    ...planHeader(cluster, 'live'),
    hosts: hosts.map((each) => ({
      name: each.name,
      roles: each.roles,
      state: connections.failed.has(each.name) ? 'unreachable' : 'probed',
      resources: 0,
    })),
    phases: resetPhases(
      left,
      [...connections.results].map(([host, steps]) => ({ host, steps })),
    ),
    checked: 0,
    warnings: [
      ...left.warnings,
      ...leftBehind(cluster, leaving),
      ...leaving.flatMap(({ name }) => lostToDocker(name, seenOn.get(name))),
    ],
  };
  return { plan, connections: { ...all, results: connections.results } };
}

/** Queries the hosts that stay. */
async function planLeaving(
  { cluster, pki }: Workspace,
  leaving: readonly Host[],
  connections: Connections,
): Promise<Leave> {
  const stays = (host: Host): boolean => !leaving.includes(host);
  const [api, etcd] = await Promise.all([
    askApi(hostsWith(cluster, 'control-plane').filter(stays), pki, connections, nothingDesired),
    observeEtcd(memberSources(etcdHosts(cluster), pki, connections)),
  ]);
  const peerURL = (host: Host): string => `https://${hostPort(host.address, etcdPeerPort)}`;
  return planLeave({ cluster, leaving, api, etcd, peerURL });
}

/** Data of the cluster that a reset of the whole control plane does not delete. */
function leftBehind(cluster: Cluster, leaving: readonly Host[]): string[] {
  const { external } = cluster.etcd;
  const goesOn = hostsWith(cluster, 'control-plane').some((host) => !leaving.includes(host));
  if (external === undefined || goesOn) return [];
  const prefix = etcdPrefix(cluster);
  return [
    `etcd ${external.endpoints.join(', ')} is not managed by kboot and is not changed: it keeps this cluster's data under ${prefix}/; to bootstrap a new cluster there, delete the data first: etcdctl del --prefix ${prefix}/`,
  ];
}

/** containerd's metadata of a Docker that uses it cannot be restored. */
function lostToDocker(name: string, seen: ResetObservation | undefined): string[] {
  if (seen === undefined || !seen.present || seen.dockerContainers === null || seen.dockerContainers === 0)
    return [];
  return [
    `${name}: Docker runs ${plural(seen.dockerContainers, 'container')} through this containerd; they stop, or Docker can no longer manage them. Stop Docker before the reset and start it afterwards: systemctl stop docker.socket docker`,
  ];
}
