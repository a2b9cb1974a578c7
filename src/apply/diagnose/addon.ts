import { healthOf, prometheusKinds, servicesBehind } from '../../kube/health.ts';
import { collectionPath, urlPart } from '../../kube/paths.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Condition, ObjectRef } from '../../plan/types.ts';
import { at } from './json.ts';
import { podsPath } from './paths.ts';
import { examples } from './pod.ts';
import { describePod, podsOf } from './pods.ts';
import type { Sources } from './sources.ts';
import type { Section } from './text.ts';
import { diagnoseWorkload } from './workload.ts';

type AddonReady = Condition & { readonly kind: 'addon-ready' };

/** Number of Pods of a webhook or Job that are described. */
const described = 2;

/** Why an add-on does not become healthy: the Pods of its first workload, Job or webhook that is not. */
export async function diagnoseAddon(condition: AddonReady, sources: Sources): Promise<Section[]> {
  for (const ref of condition.objects) {
    const found = await diagnoseObject(ref, sources);
    if (found.length > 0) return found;
  }
  return [];
}

async function diagnoseObject(ref: ObjectRef, sources: Sources): Promise<Section[]> {
  const { kind, metadata } = ref;
  const { namespace, name } = metadata;
  if ((kind === 'Deployment' || kind === 'DaemonSet' || kind === 'StatefulSet') && namespace !== undefined) {
    const live = await read(sources, ref, `${kind.toLowerCase()}s`);
    if (live === undefined || healthOf(live).state === 'ready') return [];
    return await diagnoseWorkload({ kind: 'workload-ready', workload: kind, namespace, name }, sources);
  }
  if (kind === 'Job' && namespace !== undefined) {
    const live = await read(sources, ref, 'jobs');
    if (live === undefined || healthOf(live).state === 'ready') return [];
    return await pods(sources, namespace, { 'batch.kubernetes.io/job-name': name });
  }
  const ofPrometheus = prometheusKinds[kind];
  if (ofPrometheus !== undefined && namespace !== undefined) {
    const live = await read(sources, ref, ofPrometheus);
    const selector = at(live, 'status', 'selector');
    if (healthOf(live).state === 'ready' || typeof selector !== 'string') return [];
    return await podsOfSelector(sources, namespace, selector);
  }
  const plural = webhookPlurals[kind];
  const live = plural === undefined ? undefined : await read(sources, ref, plural);
  for (const service of live === undefined ? [] : servicesBehind(live)) {
    const found = await sources.get(
      `${collectionPath('v1', 'Service', service.namespace)}/${urlPart(service.name)}`,
    );
    if (!found.ok) return [[`Service ${service.namespace}/${service.name} could not be read: ${found.why}`]];
    const selector = at(found.value, 'spec', 'selector');
    const own = await pods(sources, service.namespace, (selector ?? {}) as Readonly<Record<string, unknown>>);
    if (own.length > 0) return own;
  }
  return [];
}

const webhookPlurals: Readonly<Record<string, string>> = {
  ValidatingWebhookConfiguration: 'validatingwebhookconfigurations',
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
  CustomResourceDefinition: 'customresourcedefinitions',
};

async function read(sources: Sources, ref: ObjectRef, plural: string): Promise<KubeObject | undefined> {
  const { namespace, name } = ref.metadata;
  const inside = namespace === undefined ? '' : `/namespaces/${urlPart(namespace)}`;
  const answer = await sources.get(`/apis/${ref.apiVersion}${inside}/${plural}/${urlPart(name)}`);
  return answer.ok
    ? { ...(answer.value as KubeObject), apiVersion: ref.apiVersion, kind: ref.kind }
    : undefined;
}

/** The Pods of a selector that are not ready; nothing without one. */
async function pods(
  sources: Sources,
  namespace: string,
  selector: Readonly<Record<string, unknown>>,
): Promise<Section[]> {
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${String(value)}`);
  return labels.length === 0 ? [] : await podsOfSelector(sources, namespace, labels.join(','));
}

async function podsOfSelector(sources: Sources, namespace: string, selector: string): Promise<Section[]> {
  const list = await sources.get(podsPath(namespace, selector));
  if (!list.ok) return [[`Pods of ${selector} could not be read: ${list.why}`]];
  const bad = podsOf(list.value).filter((pod) => !pod.ready && !pod.deleting);
  return await Promise.all(examples(bad, described).map((pod) => describePod(sources, pod)));
}
