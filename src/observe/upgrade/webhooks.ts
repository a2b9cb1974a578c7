import pLimit from 'p-limit';
import { refused, type KubeClient } from '../../kube/client.ts';
import { objectPath, urlPart } from '../../kube/paths.ts';
import type { KubeObject } from '../../kube/types.ts';
import { listAll } from '../../kube/list.ts';
import type { WebhookSeen } from './observation.ts';

interface Configuration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly failurePolicy?: string;
    readonly clientConfig: { readonly service?: { readonly namespace: string; readonly name: string } };
    readonly rules?: WebhookSeen['rules'];
    readonly namespaceSelector?: WebhookSeen['namespaceSelector'];
    readonly objectSelector?: WebhookSeen['objectSelector'];
    readonly matchConditions?: readonly unknown[];
  }[];
}

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly {
    readonly conditions?: { readonly ready?: boolean };
    readonly nodeName?: string;
    readonly targetRef?: { readonly name?: string };
  }[];
}

type Service = WebhookSeen['service'];

/** Services that are asked at a time. */
const atOnce = 4;

/** Webhooks that refuse a request if their Service does not answer, each with its Service's ready endpoints. */
export async function readWebhooks(kube: KubeClient): Promise<WebhookSeen[]> {
  const found = await Promise.all(
    (['Validating', 'Mutating'] as const).map((type) =>
      listAll(
        kube,
        `/apis/admissionregistration.k8s.io/v1/${type.toLowerCase()}webhookconfigurations`,
        (configuration: Configuration) => ({ type, configuration }),
      ),
    ),
  );
  const failing = found.flat().flatMap(({ type, configuration: { metadata, webhooks = [] } }) =>
    webhooks.flatMap((webhook) => {
      const { service } = webhook.clientConfig;
      // The default of v1 is Fail.
      if ((webhook.failurePolicy ?? 'Fail') !== 'Fail' || service === undefined) return [];
      const { namespace, name } = service;
      return [
        {
          configuration: `${type}WebhookConfiguration ${metadata.name}`,
          name: webhook.name,
          service: { namespace, name },
          rules: webhook.rules ?? [],
          ...(webhook.namespaceSelector !== undefined && { namespaceSelector: webhook.namespaceSelector }),
          ...(webhook.objectSelector !== undefined && { objectSelector: webhook.objectSelector }),
          isConditional: (webhook.matchConditions ?? []).length > 0,
        },
      ];
    }),
  );
  const limit = pLimit(atOnce);
  const services = new Map(failing.map(({ service }) => [JSON.stringify(service), service]));
  const seen = new Map(
    await limit.map(
      [...services],
      async ([key, service]) => [key, await readService(kube, service)] as const,
    ),
  );
  return failing.map((webhook) => ({
    ...webhook,
    ...(seen.get(JSON.stringify(webhook.service)) ?? { ready: [], namespaceLabels: {} }),
  }));
}

async function readService(
  kube: KubeClient,
  { namespace, name }: Service,
): Promise<Pick<WebhookSeen, 'ready' | 'namespaceLabels'>> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${name}`);
  const [slices, live] = await Promise.all([
    listAll(
      kube,
      `/apis/discovery.k8s.io/v1/namespaces/${urlPart(namespace)}/endpointslices?labelSelector=${selector}`,
      ({ endpoints }: EndpointSlice) => endpoints ?? [],
    ),
    kube.request('GET', objectPath({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })),
  ]);
  if (live.status !== 200 && live.status !== 404) throw refused(`reading Namespace ${namespace}`, live);
  const ready = slices
    .flat()
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ nodeName, targetRef }) => ({
      ...(nodeName !== undefined && { node: nodeName }),
      ...(targetRef?.name !== undefined && { pod: targetRef.name }),
    }));
  const labels = live.status === 200 ? (live.body as KubeObject).metadata.labels : undefined;
  return { ready, namespaceLabels: labels ?? {} };
}
