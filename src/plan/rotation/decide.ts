import { extraValue } from '../../desire/text/args.ts';
import type { Cluster, JsonObject } from '../../model/cluster.ts';
import { few } from '../../model/few.ts';
import {
  authenticationRef,
  fingerprints,
  outdated,
  publishedCopies,
  type PublishedCopy,
  type WantedCopy,
} from '../../kube/published-cas.ts';
import { restartedAt } from '../../kube/readiness.ts';
import type { CaId, Pki } from '../../pki/types.ts';
import type { Rotation } from '../../pki/rotation.ts';
import type { OldWorkload, RotationObservation } from '../../observe/rotation.ts';
import { refOf } from '../target.ts';
import type { Gate, ObjectRef, PatchStep } from '../types.ts';

/** What an exchange of CAs changes through the API, in the order in which it does. */
export interface RotationWork {
  /** CAs leave what API servers accept for extensions. */
  readonly withdrawals: readonly PatchStep[];
  /** What Kubernetes publishes for others is as this stage needs it. */
  readonly published: readonly Gate[];
  /** Tokens in Secrets are reissued. */
  readonly tokens: readonly PatchStep[];
  /** Workloads start their Pods anew, a few at a time. */
  readonly restarts: readonly { readonly steps: readonly PatchStep[]; readonly gates: readonly Gate[] }[];
}

/** Workloads that restart at a time. */
const atOnce = 4;

interface RotationInput {
  readonly cluster: Cluster;
  readonly pki: Pki;
  readonly rotation: Rotation;
  readonly seen: RotationObservation;
}

/** What a stage of an exchange still has to do through the API, and what its reader must know. Pure. */
export function decideRotation(input: RotationInput): {
  readonly work: RotationWork | undefined;
  readonly warnings: readonly string[];
} {
  const { rotation, seen } = input;
  const late = wantedCopies(input).flatMap((wanted) => {
    const objects = outdated(seen.published.get(wanted.copy) ?? new Map(), wanted);
    return objects.length === 0 ? [] : [wanted];
  });
  const able = seen.workloads.filter(({ obstacle }) => obstacle === undefined);
  const work: RotationWork = {
    withdrawals: withdrawals(input, late),
    published: late.map(publishedGate),
    tokens: seen.tokens.map(tokenStep),
    restarts: chunks(able, atOnce).map((some) => ({
      steps: some.flatMap((each) => (each.isRolling ? [] : [restartStep(each, rotation.since ?? '')])),
      gates: some.map(rolledGate),
    })),
  };
  const isEmpty =
    work.withdrawals.length + work.published.length + work.tokens.length + work.restarts.length === 0;
  return { work: isEmpty ? undefined : work, warnings: warningsOf(input) };
}

/** Copies that nobody but kboot configures, as the current stage needs them. */
function wantedCopies({ cluster, pki, rotation }: RotationInput): readonly WantedCopy[] {
  const { apiServer, controllerManager } = cluster;
  const sources: Readonly<Record<PublishedCopy, { readonly ca: CaId; readonly own: string | undefined }>> = {
    'kube-root-ca.crt': { ca: 'ca', own: extraValue(controllerManager.extraArgs, 'root-ca-file') },
    'client-ca-file': { ca: 'ca', own: extraValue(apiServer.extraArgs, 'client-ca-file') },
    'requestheader-client-ca-file': {
      ca: 'front-proxy-ca',
      own: extraValue(apiServer.extraArgs, 'requestheader-client-ca-file'),
    },
  };
  return publishedCopies.flatMap((copy) => {
    const { ca, own } = sources[copy];
    if (own !== undefined || !rotation.cas.includes(ca) || !pki.isIssued(ca)) return [];
    const holds = fingerprints(pki.trusted(ca).join(''));
    const lacks = fingerprints(pki.retired(ca)).filter((each) => !holds.includes(each));
    return [{ copy, holds, lacks }];
  });
}

/** API servers never remove a CA from this ConfigMap: the former one leaves it once no API server accepts it. */
function withdrawals({ pki, rotation }: RotationInput, late: readonly WantedCopy[]): PatchStep[] {
  if (rotation.stage !== 'retire') return [];
  const data = Object.fromEntries(
    late.flatMap(({ copy }) => {
      if (copy === 'kube-root-ca.crt') return [];
      return [[copy, pki.trusted(copy === 'client-ca-file' ? 'ca' : 'front-proxy-ca').join('')]];
    }),
  );
  if (Object.keys(data).length === 0) return [];
  return [patchStep(authenticationRef, { data }, 'update', 'the former CA leaves it')];
}

function publishedGate(wanted: WantedCopy): Gate {
  return {
    type: 'wait',
    id: `cluster: published ${wanted.copy}`,
    condition: { kind: 'published-cas', ...wanted },
    timeoutSeconds: 180,
  };
}

/** The controller-manager signs a token for a Secret that has none (pkg/controller/serviceaccount/tokens_controller.go). */
function tokenStep({ namespace, name }: { readonly namespace: string; readonly name: string }): PatchStep {
  return patchStep(
    { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name } },
    { data: { token: null } },
    'update',
    'its token is reissued; copies of the old one are refused from now on',
  );
}

function restartStep({ kind, namespace, name }: OldWorkload, since: string): PatchStep {
  return patchStep(
    { apiVersion: 'apps/v1', kind, metadata: { namespace, name } },
    { spec: { template: { metadata: { annotations: { [restartedAt]: since } } } } },
    'restart',
    `its Pods are from before ${since}; they are replaced as its own strategy says`,
  );
}

function patchStep(object: ObjectRef, patch: JsonObject, verb: PatchStep['verb'], reason: string): PatchStep {
  const ref = refOf(object);
  const { namespace = '', name } = ref.metadata;
  return {
    type: 'patch',
    id: `cluster: ${verb} ${ref.kind} ${namespace}/${name}`,
    target: { kind: 'object', ref },
    ...{ verb, reason, object: ref, patch },
    effects: [],
    timeoutSeconds: 60,
  };
}

function rolledGate({ kind, namespace, name }: OldWorkload): Gate {
  return {
    type: 'wait',
    id: `cluster: ${kind} ${namespace}/${name} rolled`,
    condition: { kind: 'workload-ready', workload: kind, namespace, name },
    timeoutSeconds: 900,
  };
}

function warningsOf({ rotation, seen }: RotationInput): string[] {
  if (rotation.stage !== 'roll') return [];
  const stuck = seen.workloads.flatMap(({ kind, namespace, name, obstacle }) =>
    obstacle === undefined ? [] : [`${kind} ${namespace}/${name} (${obstacle})`],
  );
  return [
    ...(stuck.length === 0
      ? []
      : [
          `not restarted, though their Pods hold old tokens or CAs: ${few(stuck, 6)}. Restart them yourself before the last stage`,
        ]),
    ...(seen.pods.length === 0
      ? []
      : [
          `nothing replaces ${few(seen.pods, 6)}: the kubelet has renewed the files with their token and CA, and a program that reads these only when it starts must be restarted before the last stage`,
        ]),
  ];
}

function chunks<T>(list: readonly T[], size: number): readonly T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}
