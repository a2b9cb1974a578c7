import { isNode, loadBalancerHosts, type Host } from '../model/cluster.ts';
import type { HostFacts } from '../model/facts.ts';
import { podProcess } from '../resource/static-pod.ts';
import type { Resource } from '../resource/types.ts';
import type { Desire } from './context.ts';
import { controlPlaneStages } from './stages/control-plane.ts';
import { etcdStage } from './stages/etcd.ts';
import { hostStage } from './stages/host.ts';
import { loadBalancerStage } from './stages/load-balancer.ts';
import { nodeStage } from './stages/node.ts';
import { runtimeStage } from './stages/runtime.ts';
import { withUserWork } from './user-work.ts';

/**
 * The desired state of one host, in the order in which it is applied: the install, from top to bottom. A unit
 * comes after everything that it reads.
 */
export function desireHost(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const has = (role: Host['roles'][number]): boolean => host.roles.includes(role);
  const balances = loadBalancerHosts(desire.cluster).includes(host);
  const own = [
    ...hostStage(desire, host, facts),
    ...(isNode(host) ? runtimeStage(desire, host, facts) : []),
    ...(balances ? loadBalancerStage(desire, host, facts) : []),
    ...(has('etcd') ? etcdStage(desire, host, facts) : []),
    ...(has('control-plane') ? controlPlaneStages(desire, host, facts) : []),
    ...(isNode(host) && !has('control-plane') ? nodeStage(desire, host, facts, 'node') : []),
    ...(isNode(host) && desire.cluster.kubeProxy === undefined
      ? [{ kind: 'service-rules', stage: 'addon' } as const]
      : []),
  ];
  const kept = desire.cluster.security.fileModes === 'private' ? own.map(privately) : own;
  return withReads(withUserWork(desire, host, kept));
}

/** Folders of Kubernetes, and files of systemd for the kubelet. */
const ofKubernetes =
  /^\/(etc\/kubernetes|var\/lib\/kubelet|etc\/cni|etc\/systemd\/system\/kubelet\.service(\.d)?)(\/|$)/;

/** Files of Kubernetes that kubeadm leaves readable, except certificates. */
function privately(resource: Resource): Resource {
  if (resource.kind !== 'file' || resource.mode !== '644') return resource;
  const { path } = resource;
  return ofKubernetes.test(path) && !path.endsWith('.crt') ? { ...resource, mode: '600' } : resource;
}

/** Static Pods with the paths of the files that say that they read them. */
function withReads(resources: readonly Resource[]): readonly Resource[] {
  const reads = (process: string): readonly string[] =>
    resources.flatMap((each) =>
      each.kind === 'file' && each.readBy?.includes(process) === true ? [each.path] : [],
    );
  return resources.map((each) =>
    each.kind === 'static-pod' ? { ...each, reads: reads(podProcess(each.name)) } : each,
  );
}
