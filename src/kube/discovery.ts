import { refused, type KubeClient } from './client.ts';
import { urlPart } from './paths.ts';
import type { KindRef, ServedKind } from './scopes.ts';
import type { KubeObject } from './types.ts';

const known = new WeakMap<KubeClient, Discovery>();

/** The kinds that the API serves, as far as this connection has asked. */
export function discoveryOf(kube: KubeClient): Discovery {
  const found = known.get(kube) ?? new Discovery(kube);
  known.set(kube, found);
  return found;
}

/**
 * What an API server says about the kinds that it serves, asked once for each group and version; a kind that it does not
 * serve is asked for again, since a CRD may bring it.
 */
class Discovery {
  #kube: KubeClient;
  #asked = new Map<string, Promise<ReadonlyMap<string, ServedKind>>>();

  constructor(kube: KubeClient) {
    this.#kube = kube;
  }

  /** undefined: it does not serve the kind. Throws KbootError E-KUBE-API if it does not answer. */
  async find({ apiVersion, kind }: KindRef): Promise<ServedKind | undefined> {
    const asked = this.#asked.get(apiVersion) ?? this.#ask(apiVersion);
    this.#asked.set(apiVersion, asked);
    try {
      const found = (await asked).get(kind);
      if (found === undefined) this.#asked.delete(apiVersion);
      return found;
    } catch (error) {
      this.#asked.delete(apiVersion);
      throw error;
    }
  }

  async #ask(apiVersion: string): Promise<ReadonlyMap<string, ServedKind>> {
    const path = rootOf(apiVersion);
    const answer = await this.#kube.request('GET', path);
    if (answer.status === 404) return new Map();
    if (answer.status !== 200) throw refused(`reading ${path}`, answer);
    const { resources } = (answer.body ?? {}) as { readonly resources?: unknown };
    const served: readonly unknown[] = Array.isArray(resources) ? resources : [];
    return new Map(served.flatMap((each) => servedKind(each)));
  }
}

/** Subresources such as `deployments/scale` have kinds of their own. */
function servedKind(resource: unknown): [string, ServedKind][] {
  const { name, kind, namespaced } = (resource ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof kind !== 'string' || !/^[a-z0-9.-]+$/.test(name)) return [];
  return [[kind, { plural: name, namespaced: namespaced === true }]];
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes('/')
    ? `/apis/${apiVersion.split('/').map(urlPart).join('/')}`
    : `/api/${urlPart(apiVersion)}`;
}

/** The path of an object of a served kind; the namespace of an object that needs none is left out. */
export function servedPath(
  served: ServedKind,
  { apiVersion, metadata }: KindRef & Pick<KubeObject, 'metadata'>,
): string {
  return `${servedCollection(served, apiVersion, metadata.namespace)}/${urlPart(metadata.name)}`;
}

/** The path of all objects of a served kind, in one namespace or in all. */
export function servedCollection(served: ServedKind, apiVersion: string, namespace?: string): string {
  const inside = served.namespaced && namespace !== undefined ? `/namespaces/${urlPart(namespace)}` : '';
  return `${rootOf(apiVersion)}${inside}/${served.plural}`;
}
