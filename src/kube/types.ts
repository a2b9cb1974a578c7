/** An API object as in a manifest. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    /** The API server writes it: RFC 3339 in UTC, to the second, so that texts sort by time. */
    readonly creationTimestamp?: string;
  };
  readonly [field: string]: unknown;
}

/** `ConfigMap kube-system/coredns` */
export function objectTitle(object: Pick<KubeObject, 'kind' | 'metadata'>): string {
  const { namespace, name } = object.metadata;
  return `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** What identifies an object among those of its kind's group; for maps. */
export function objectKey({ kind, metadata }: Pick<KubeObject, 'kind' | 'metadata'>): string {
  return JSON.stringify([kind, metadata.namespace ?? '', metadata.name]);
}
