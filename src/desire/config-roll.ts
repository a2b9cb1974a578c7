import { sha256 } from '../model/digest.ts';
import type { KubeObject } from '../kube/types.ts';

/** Annotation of a Pod template: the digest of the ConfigMaps that its Pods mount. */
const configHashKey = 'kboot.dev/config-hash';

interface PodTemplate {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly volumes?: readonly { readonly configMap?: { readonly name?: string } }[];
  };
}

/**
 * Adds the digest of the ConfigMaps among `objects` that a DaemonSet or Deployment mounts to its Pod template. Programs
 * read their configuration when they start: with this annotation, a changed ConfigMap rolls the workload, and the rollout
 * stops at the first Pod that does not become ready.
 */
export function rolledByConfig(objects: readonly KubeObject[]): readonly KubeObject[] {
  const configMaps = new Map(
    objects
      .filter(({ kind }) => kind === 'ConfigMap')
      .map((object) => [`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object['data']]),
  );
  return objects.map((object) => {
    if (object.kind !== 'DaemonSet' && object.kind !== 'Deployment') return object;
    const spec = object['spec'] as { readonly template?: PodTemplate };
    const read = (spec.template?.spec?.volumes ?? []).flatMap(({ configMap }) => {
      const data = configMaps.get(`${object.metadata.namespace ?? ''}/${configMap?.name ?? ''}`);
      return data === undefined ? [] : [[configMap?.name, data]];
    });
    if (read.length === 0) return object;
    const metadata = {
      ...spec.template?.metadata,
      annotations: {
        ...spec.template?.metadata?.annotations,
        [configHashKey]: sha256(Buffer.from(JSON.stringify(read))).slice(0, 16),
      },
    };
    return { ...object, spec: { ...spec, template: { ...spec.template, metadata } } };
  });
}
