import type { Role } from '../../model/cluster.ts';
import { isBastion, roleIn } from '../roles.ts';

/** Groups of Kubespray, of k3s-ansible and of many own playbooks, in any spelling. */
const known: Readonly<Record<string, Role | 'none' | 'bastion'>> = {
  ...{
    kube_control_plane: 'control-plane',
    kube_controlplane: 'control-plane',
    kube_master: 'control-plane',
  },
  ...{ server: 'control-plane', servers: 'control-plane', first_master: 'control-plane' },
  ...{ kube_node: 'worker', agent: 'worker', agents: 'worker' },
  etcd: 'etcd',
  bastion: 'bastion',
  // Groups of groups, whatever their names remind of.
  ...{
    k8s_cluster: 'none',
    k3s_cluster: 'none',
    rke2_cluster: 'none',
    kube_cluster: 'none',
    cluster: 'none',
  },
  ...{
    all: 'none',
    ungrouped: 'none',
    calico_rr: 'none',
    no_floating: 'none',
    k8s: 'none',
    kubernetes: 'none',
  },
};

/** The groups of a host: all of them, and those that list it themselves. */
interface Membership {
  readonly groups: readonly string[];
  readonly directly: readonly string[];
}

/**
 * What the groups of a host mean. Known groups count with all that is in them; any other only if it lists the host itself,
 * since `nodes` may as well contain the groups of all machines.
 */
export function meaningsOf({ groups, directly }: Membership): ReadonlySet<Role | 'bastion'> {
  const found = groups.flatMap((group) => {
    const meaning = known[group.toLowerCase().replaceAll('-', '_')];
    if (meaning !== undefined) return meaning === 'none' ? [] : [meaning];
    if (!directly.includes(group)) return [];
    return isBastion(group) ? ['bastion' as const] : (roleIn(group) ?? []);
  });
  return new Set(found);
}

/**
 * Roles of a host by its groups; undefined: they say nothing. `stackedEtcd`: the members of etcd are the control planes,
 * which no role says.
 */
export function rolesOf(host: Membership, stackedEtcd: boolean): readonly Role[] | undefined {
  const meanings = meaningsOf(host);
  const order: readonly Role[] = ['control-plane', 'worker', 'etcd', 'load-balancer'];
  const roles = order.filter((role) => meanings.has(role) && !(role === 'etcd' && stackedEtcd));
  return roles.length === 0 ? undefined : roles;
}
