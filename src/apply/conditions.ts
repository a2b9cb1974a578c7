import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import { outdated } from '../kube/published-cas.ts';
import { readPublished } from '../kube/read-published.ts';
import { few } from '../model/few.ts';
import { kubeletVersionOf } from '../kube/readiness.ts';
import { objectPath } from '../kube/paths.ts';
import { conditionOf } from '../kube/readiness.ts';
import { containerId } from '../plan/rollout/ready.ts';
import type { Condition } from '../plan/types.ts';
import { CollectionReader, type Look } from './collection-reader.ts';
import type { Brief } from './questions.ts';
import { workloadReady } from './workloads.ts';

/** `undefined`: the condition holds; otherwise what was observed instead. */
export type Unmet = string | undefined;

/** What checks need besides the API. */
export interface Looking {
  /** Nodes whose hosts do not take part any more. */
  readonly lost?: readonly string[];
  /** How Nodes and Pods are read; default: only for this check. */
  readonly look?: Look;
}

/** Checks a condition once, through the API. */
export async function check(
  kube: KubeClient,
  condition: Exclude<
    Condition,
    {
      kind:
        | ('etcd-member' | 'kubelet' | 'controller' | 'leader' | 'stored-as' | 'endpoint')
        | ('addon-ready' | 'addon-gone');
    }
  >,
  { lost = [], look = new CollectionReader(1).look(kube) }: Looking = {},
): Promise<Unmet> {
  switch (condition.kind) {
    case 'api':
    case 'load-balancer': {
      const { status } = await kube.request('GET', '/readyz');
      if (status !== 200) return `/readyz returned status ${status}`;
      const version = condition.kind === 'api' ? condition.version : undefined;
      return version === undefined ? undefined : await serves(kube, version);
    }
    case 'pod-ready': {
      const pod = await look.pod(condition);
      const old = pod !== undefined && containerId(pod) === condition.replaces;
      return old && condition.replaces !== undefined ? 'the API still reports the old container' : ready(pod);
    }
    case 'published-cas': {
      const late = outdated(await readPublished(kube, condition.copy), condition);
      return late.length === 0 ? undefined : `not yet in ${few(late, 3)}`;
    }
    case 'node-registered':
      return (await look.node(condition.node)) === undefined ? 'not registered yet' : undefined;
    case 'node-ready':
      return nodeReady(await look.node(condition.node), condition.version);
    case 'workload-ready': {
      const { workload: kind, nodes } = condition;
      const workload = await read(kube, { apiVersion: 'apps/v1', kind, metadata: condition });
      return await workloadReady(look, workload, { awaited: nodes ?? [], lost });
    }
  }
}

async function serves(kube: KubeClient, version: string): Promise<Unmet> {
  const { body } = await kube.request('GET', '/version');
  const { gitVersion = 'an unknown version' } = body as { readonly gitVersion?: string };
  return gitVersion === version ? undefined : `it serves ${gitVersion}`;
}

function nodeReady(live: Brief | undefined, version: string | undefined): Unmet {
  const reported = kubeletVersionOf(live);
  const old = live !== undefined && version !== undefined && reported !== version;
  return ready(live) ?? (old ? `its kubelet reported ${reported ?? 'no version'}` : undefined);
}

/** When the leader of a component renewed its Lease; undefined if no instance leads. */
export async function renewTime(kube: KubeClient, name: string): Promise<string | undefined> {
  const metadata = { namespace: 'kube-system', name };
  const lease = await read(kube, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata });
  const { renewTime: time, holderIdentity = '' } = (lease?.['spec'] ?? {}) as LeaseSpec;
  return holderIdentity === '' ? undefined : time;
}

interface LeaseSpec {
  readonly renewTime?: string;
  readonly holderIdentity?: string;
}

async function read(
  kube: KubeClient,
  object: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } },
): Promise<KubeObject | undefined> {
  const { status, body } = await kube.request('GET', objectPath(object));
  return status === 200 ? (body as KubeObject) : undefined;
}

function ready(object: Brief | undefined): Unmet {
  if (object === undefined) return 'does not exist yet';
  const condition = conditionOf(object, 'Ready');
  if (condition?.status === 'True') return undefined;
  const said = heldUp(object) ?? condition?.message ?? '';
  return said === '' ? 'not ready' : said.slice(0, 160);
}

/**
 * The kubelet's message about a container that it does not start: `kube-scheduler: back-off 40s restarting failed
 * container`. Undefined without a message, and for objects that are not Pods.
 */
function heldUp({ status: { initContainerStatuses = [], containerStatuses = [] } }: Brief): Unmet {
  const said = [...initContainerStatuses, ...containerStatuses].flatMap(({ name, state }) => {
    const message = state?.waiting?.message ?? '';
    return message === '' ? [] : [`${name}: ${message.replace(/ container=.*/s, ' container')}`];
  });
  return said[0];
}
