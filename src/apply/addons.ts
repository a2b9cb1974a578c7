import { applyOver, getAt, invalid, isApplied, isInvalid, refused, type KubeClient } from '../kube/client.ts';
import { discoveryOf, servedPath } from '../kube/discovery.ts';
import { healthOf, servicesBehind } from '../kube/health.ts';
import { collectionPath, urlPart } from '../kube/paths.ts';
import { placed, refKey, type ServedKind } from '../kube/scopes.ts';
import { objectTitle, type KubeObject } from '../kube/types.ts';
import { sha256 } from '../model/digest.ts';
import { KbootError } from '../model/error.ts';
import type { ApplyStep, Condition, DeleteStep, ObjectRef } from '../plan/types.ts';
import { remedies } from './remedies.ts';

/** What was observed instead; `isFinal`: waiting longer does not help. */
export interface AddonUnmet {
  readonly text: string;
  readonly isFinal: boolean;
}

/** The object of a step, with the data that the plan does not have. Throws KbootError E-STATE if that is other data. */
export function withData({ object, data }: ApplyStep, bytes: string | Buffer | undefined): KubeObject {
  if (data === undefined || bytes === undefined) return object;
  if (sha256(bytes) !== data.sha256)
    throw new KbootError('E-STATE', `${data.name}: its data changed since the plan was made`, {
      remedy: remedies.planAgain,
    });
  return { ...object, data: JSON.parse(String(bytes)) as unknown };
}

/** Server-side apply as field manager `kboot`, of an object of any kind. Rejects with KbootError E-KUBE-API. */
export async function applyAddonObject(kube: KubeClient, object: KubeObject): Promise<void> {
  const kind = await servedKind(kube, object);
  const answer = await applyOver(kube, servedPath(kind, object), placed(object, kind));
  if (isApplied(answer)) return;
  const error = refused(`applying ${objectTitle(object)}`, answer);
  if (!isInvalid(answer)) throw error;
  throw new KbootError(error.code, error.message, {
    httpStatus: invalid,
    remedy: remedies.correctManifest,
  });
}

/** Deletes an object of any kind, and in the background what it owns; one that does not exist counts as deleted. */
export async function deleteAddonObject(kube: KubeClient, { object }: DeleteStep | ApplyStep): Promise<void> {
  const kind = await discoveryOf(kube).find(object);
  if (kind === undefined) return;
  const answer = await kube.request('DELETE', servedPath(kind, object), {
    body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
  });
  if (![200, 202, 404].includes(answer.status)) throw refused(`deleting ${objectTitle(object)}`, answer);
}

async function servedKind(kube: KubeClient, object: ObjectRef): Promise<ServedKind> {
  const kind = await discoveryOf(kube).find(object);
  if (kind !== undefined) return kind;
  throw new KbootError(
    'E-KUBE-API',
    `applying ${objectTitle(object)}: the API does not serve ${object.kind} of ${object.apiVersion}`,
    {
      httpStatus: 404,
      remedy: remedies.addDefinition,
    },
  );
}

/** What of the objects of gates was ready already: it is not asked for again. */
const readyBefore = new WeakMap<Condition, Set<string>>();

/** Whether the objects of an add-on are as a gate waits for; undefined: they are. */
export async function checkAddon(
  kube: KubeClient,
  condition: Condition & { readonly kind: 'addon-ready' | 'addon-gone' },
): Promise<AddonUnmet | undefined> {
  const done = readyBefore.get(condition) ?? new Set<string>();
  readyBefore.set(condition, done);
  const unmet: AddonUnmet[] = [];
  for (const ref of condition.objects) {
    if (done.has(refKey(ref))) continue;
    const found = await readObject(kube, ref);
    const state =
      condition.kind === 'addon-gone'
        ? leaving(ref, found)
        : condition.part === 'webhooks'
          ? await answering(kube, ref, found)
          : reaching(ref, found);
    if (state === undefined) done.add(refKey(ref));
    else unmet.push(state);
    // The others are asked for once this one is ready.
    if (state?.isFinal === true || unmet.length > mostShown) break;
  }
  const [first] = unmet.toSorted((a, b) => Number(b.isFinal) - Number(a.isFinal));
  if (first === undefined) return undefined;
  const others = unmet.length - 1;
  return { ...first, text: `${first.text}${others === 0 ? '' : ` (and ${others} more of its objects)`}` };
}

/** Objects that are asked for each time while none is ready. */
const mostShown = 10;

function reaching(ref: ObjectRef, found: KubeObject | undefined): AddonUnmet | undefined {
  const health = healthOf(found);
  if (health.state === 'ready') return undefined;
  return { text: `${objectTitle(ref)} ${health.why}`, isFinal: health.state === 'failed' };
}

function leaving(ref: ObjectRef, found: KubeObject | undefined): AddonUnmet | undefined {
  if (found === undefined) return undefined;
  const { finalizers } = found.metadata as { readonly finalizers?: readonly unknown[] };
  const held =
    finalizers === undefined || finalizers.length === 0
      ? ''
      : `: it has the finalizer ${finalizers.map(String).join(', ')}, which its controller must remove`;
  return { text: `${objectTitle(ref)} still exists${held}`, isFinal: false };
}

async function answering(
  kube: KubeClient,
  ref: ObjectRef,
  found: KubeObject | undefined,
): Promise<AddonUnmet | undefined> {
  if (found === undefined) return { text: `${objectTitle(ref)} does not exist`, isFinal: false };
  for (const service of servicesBehind(found)) {
    const path = `${collectionPath('discovery.k8s.io/v1', 'EndpointSlice', service.namespace)}?labelSelector=${urlPart(`kubernetes.io/service-name=${service.name}`)}`;
    const answer = await kube.request('GET', path);
    if (answer.status !== 200) throw refused(`reading ${path}`, answer);
    const { items } = answer.body as { readonly items: readonly EndpointSlice[] };
    const ready = items.some(({ endpoints }) =>
      endpoints?.some(({ conditions }) => conditions?.ready !== false),
    );
    if (!ready)
      return {
        text: `${objectTitle(ref)}: its Service ${service.namespace}/${service.name} has no ready endpoint`,
        isFinal: false,
      };
  }
  return undefined;
}

interface EndpointSlice {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

async function readObject(kube: KubeClient, ref: ObjectRef): Promise<KubeObject | undefined> {
  const kind = await discoveryOf(kube).find(ref);
  if (kind === undefined) return undefined;
  const found = await getAt(kube, servedPath(kind, ref), objectTitle(ref));
  // The answer of some kinds does not carry its type.
  return found && { ...found, apiVersion: ref.apiVersion, kind: ref.kind };
}
