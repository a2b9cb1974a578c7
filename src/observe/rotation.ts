import { publicKeyPem } from '../pki/keys.ts';
import { refused, type KubeClient, type KubeCredentials } from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import { objectPath } from '../kube/paths.ts';
import { publishedCopies, type Published, type PublishedCopy } from '../kube/published-cas.ts';
import { readPublished } from '../kube/read-published.ts';
import { restartedAt, workloadState } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Reader } from '../transport/types.ts';
import { askServer } from './ask-server.ts';
import { tokenKeyId } from './token-key.ts';

/** Kinds whose controllers replace Pods by themselves when their template changes. */
export const rollingKinds = ['DaemonSet', 'Deployment', 'StatefulSet'] as const;
export type RollingKind = (typeof rollingKinds)[number];

/** A workload with old Pods. */
export interface OldWorkload {
  readonly kind: RollingKind;
  readonly namespace: string;
  readonly name: string;
  /** It has been restarted in this exchange, and its rollout has not ended. */
  readonly isRolling: boolean;
  /** Why a restart must not or cannot be asked of it: `it is not ready: 1 of 3 Pods ready`. */
  readonly obstacle: string | undefined;
}

/** What the API tells of an exchange of CAs. */
export interface RotationObservation {
  readonly published: ReadonlyMap<PublishedCopy, Published>;
  /** Only in the stage in which Pods start anew. */
  readonly workloads: readonly OldWorkload[];
  /** Old Pods that no such controller replaces: `Pod shop/job-1 of Job shop/job`. */
  readonly pods: readonly string[];
  /** Secrets with a token that another key signed. */
  readonly tokens: readonly { readonly namespace: string; readonly name: string }[];
  /** By the API server's clock, RFC 3339; undefined: it did not tell. */
  readonly now: string | undefined;
}

interface RotationQuestions {
  /** RFC 3339: look for Pods that were created until then. */
  readonly since?: string | undefined;
  /** PEM of the key that signs tokens of ServiceAccounts: look for those of another. */
  readonly signingKey?: string | undefined;
}

/** Reads it through the API server of one host; undefined if that does not answer. */
export async function observeRotation(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
  { since, signingKey }: RotationQuestions,
): Promise<RotationObservation | undefined> {
  return await askServer(reader, address, credentials, async (kube) => {
    const published = await Promise.all(
      publishedCopies.map(async (copy) => [copy, await readPublished(kube, copy)] as const),
    );
    const old = since === undefined ? { workloads: [], pods: [] } : await readOldPods(kube, since);
    const tokens = signingKey === undefined ? [] : await readOldTokens(kube, signingKey);
    return { published: new Map(published), ...old, tokens, now: await readTime(kube) };
  });
}

/** What an API server's clock says, as RFC 3339; undefined if it does not tell. A Node's clock may differ. */
async function readTime(kube: KubeClient): Promise<string | undefined> {
  const answer = await kube.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  const { metadata } = answer.body as { readonly metadata?: { readonly creationTimestamp?: string } };
  return answer.status === 201 ? metadata?.creationTimestamp : undefined;
}

interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly controller?: boolean;
}

interface Owned extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly Owner[];
  };
}

interface Pod extends Owned {
  readonly spec?: {
    readonly nodeName?: string;
    readonly volumes?: readonly {
      readonly projected?: {
        readonly sources?: readonly {
          readonly serviceAccountToken?: object;
          readonly configMap?: { readonly name?: string };
        }[];
      };
    }[];
  };
  readonly status?: { readonly phase?: string };
}

interface OldPod {
  readonly namespace: string;
  readonly name: string;
  readonly owner: Owner | undefined;
}

async function readOldPods(
  kube: KubeClient,
  since: string,
): Promise<Pick<RotationObservation, 'workloads' | 'pods'>> {
  const until = Date.parse(since);
  const pods = await listAll(kube, '/api/v1/pods', (pod: Pod): OldPod | undefined => {
    const { name, namespace = '', creationTimestamp = '', deletionTimestamp, annotations } = pod.metadata;
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const isMirror = annotations?.['kubernetes.io/config.mirror'] !== undefined;
    if (ended || isMirror || deletionTimestamp !== undefined || pod.spec?.nodeName === undefined)
      return undefined;
    if (Date.parse(creationTimestamp) > until || !holdsCredentials(pod)) return undefined;
    return { namespace, name, owner: controllerOf(pod) };
  });
  const sets = pods.some(({ owner }) => owner?.kind === 'ReplicaSet')
    ? new Map(
        await listAll(kube, '/apis/apps/v1/replicasets', (set: Owned) => [
          `${set.metadata.namespace ?? ''}/${set.metadata.name}`,
          controllerOf(set),
        ]),
      )
    : new Map<string, Owner | undefined>();
  const rolling = new Map<string, { kind: RollingKind; namespace: string; name: string }>();
  const others: string[] = [];
  for (const { namespace, name, owner } of pods) {
    const above = owner?.kind === 'ReplicaSet' ? (sets.get(`${namespace}/${owner.name}`) ?? owner) : owner;
    const kind = rollingKinds.find((each) => each === above?.kind);
    if (kind !== undefined && above !== undefined)
      rolling.set(`${namespace}/${kind}/${above.name}`, { kind, namespace, name: above.name });
    else
      others.push(`Pod ${namespace}/${name}${above === undefined ? '' : ` of ${above.kind} ${above.name}`}`);
  }
  const sorted = [...rolling].sort(([one], [other]) => (one < other ? -1 : 1));
  const workloads = await Promise.all(
    sorted.map(async ([, ref]) => {
      const { kind, namespace, name } = ref;
      const object = { apiVersion: 'apps/v1', kind, metadata: { namespace, name } };
      const answer = await kube.request('GET', objectPath(object));
      if (answer.status === 404) return [];
      if (answer.status !== 200) throw refused(`reading ${kind} ${namespace}/${name}`, answer);
      return [{ ...ref, ...rollingState({ ...(answer.body as Workload), ...{ kind } }, since) }];
    }),
  );
  return { workloads: workloads.flat(), pods: others.sort() };
}

/** Whether a Pod has a token of its ServiceAccount, or the cluster's CA. */
function holdsCredentials({ spec }: Pod): boolean {
  return (spec?.volumes ?? []).some(({ projected }) =>
    (projected?.sources ?? []).some(
      ({ serviceAccountToken, configMap }) =>
        serviceAccountToken !== undefined || configMap?.name === 'kube-root-ca.crt',
    ),
  );
}

function controllerOf({ metadata }: Owned): Owner | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

interface Workload extends KubeObject {
  readonly spec?: {
    readonly paused?: boolean;
    readonly updateStrategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly partition?: number };
    };
    readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
  };
}

function rollingState(workload: Workload, since: string): Pick<OldWorkload, 'isRolling' | 'obstacle'> {
  const { paused, updateStrategy, template } = workload.spec ?? {};
  const isRolling = template?.metadata?.annotations?.[restartedAt] === since;
  const state = isRolling ? undefined : workloadState(workload);
  const obstacle =
    paused === true
      ? 'it is paused'
      : updateStrategy?.type === 'OnDelete'
        ? 'its updateStrategy is OnDelete'
        : (updateStrategy?.rollingUpdate?.partition ?? 0) > 0
          ? 'its updateStrategy has a partition'
          : state && `it is not ready: ${state}`;
  return { isRolling, obstacle };
}

interface TokenSecret extends KubeObject {
  readonly data?: { readonly token?: string };
}

async function readOldTokens(kube: KubeClient, signingKey: string): Promise<RotationObservation['tokens']> {
  const own = tokenKeyId(publicKeyPem(signingKey));
  const path = `/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Fservice-account-token`;
  return await listAll(kube, path, ({ metadata, data }: TokenSecret) => {
    const { namespace = '', name } = metadata;
    const token = Buffer.from(data?.token ?? '', 'base64').toString('utf8');
    return token === '' || keyIdOf(token) === own ? undefined : { namespace, name };
  });
}

/** The key ID in the header of a JSON Web Token (RFC 7515); undefined if it is not one. */
function keyIdOf(token: string): string | undefined {
  try {
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')) as {
      readonly kid?: string;
    };
    return header.kid;
  } catch {
    return undefined;
  }
}
