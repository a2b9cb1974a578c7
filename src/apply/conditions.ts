import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import { workloadState } from '../kube/readiness.ts';
import { objectPath } from '../kube/paths.ts';
import { conditionOf } from '../kube/readiness.ts';
import { containerId } from '../plan/ready.ts';
import type { Condition } from '../plan/types.ts';

/** `undefined`: the condition holds; otherwise what is seen instead. */
export type Seen = string | undefined;

/** Looks once at a condition through the API. */
export async function look(
  kube: KubeClient,
  condition: Exclude<Condition, { kind: 'etcd-member' | 'kubelet' | 'endpoint' }>,
): Promise<Seen> {
  switch (condition.kind) {
    case 'api':
    case 'load-balancer': {
      const { status } = await kube.request('GET', '/readyz');
      return status === 200 ? undefined : `/readyz answers ${status}`;
    }
    case 'pod-ready': {
      const pod = await read(kube, { apiVersion: 'v1', kind: 'Pod', metadata: condition });
      const former = pod !== undefined && containerId(pod) === condition.former;
      return former && condition.former !== undefined
        ? 'the API still tells of the former container'
        : ready(pod);
    }
    case 'node-registered':
      return (await read(kube, node(condition.node))) === undefined ? 'not registered yet' : undefined;
    case 'node-ready':
      return ready(await read(kube, node(condition.node)));
    case 'workload-ready':
      return workloadState(
        await read(kube, { apiVersion: 'apps/v1', kind: condition.workload, metadata: condition }),
      );
  }
}

const node = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });

async function read(
  kube: KubeClient,
  object: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } },
): Promise<KubeObject | undefined> {
  const { status, body } = await kube.request('GET', objectPath(object));
  return status === 200 ? (body as KubeObject) : undefined;
}

function ready(object: KubeObject | undefined): Seen {
  if (object === undefined) return 'not there yet';
  const condition = conditionOf(object, 'Ready');
  if (condition?.status === 'True') return undefined;
  return condition?.message === undefined || condition.message === ''
    ? 'not ready'
    : condition.message.slice(0, 160);
}
