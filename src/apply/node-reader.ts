import type { KubeClient } from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import { collectionPath } from '../kube/paths.ts';
import type { KubeObject } from '../kube/types.ts';

/** For more Nodes than this, one list of all is less than a request for each of them. */
const fewNodes = 20;
/** How long a list is current, in milliseconds after it was read. */
const currentMs = 1_000;

type Nodes = ReadonlyMap<string, KubeObject>;

/** Times of `performance.now()`. */
interface NodeList {
  readonly begun: number;
  ended?: number;
  readonly nodes: Promise<Nodes>;
}

/** Nodes for the gates that wait for them: one list for all of them while there are many. */
export class NodeReader {
  #awaited = 0;
  #list: NodeList | undefined;

  /** Counts `nodes` Nodes that a gate waits for, until the returned function is called. */
  enter(nodes: number): () => void {
    this.#awaited += nodes;
    return () => {
      this.#awaited -= nodes;
    };
  }

  /**
   * A Node as it was after `since`, a time of `performance.now()`; undefined if it does not exist. `one` reads it alone.
   * Throws KbootError E-KUBE-API.
   */
  async read(
    kube: KubeClient,
    name: string,
    since: number,
    one: () => Promise<KubeObject | undefined>,
  ): Promise<KubeObject | undefined> {
    if (this.#awaited <= fewNodes) return await one();
    const known = this.#list;
    const isCurrent =
      known !== undefined &&
      known.begun >= since &&
      (known.ended === undefined || performance.now() - known.ended < currentMs);
    const nodes = isCurrent ? known.nodes : this.#read(kube);
    return (await nodes).get(name);
  }

  #read(kube: KubeClient): Promise<Nodes> {
    const begun = performance.now();
    const nodes = listAll(kube, collectionPath('v1', 'Node', undefined), brief, { isCore: true }).then(
      (all) => new Map(all),
    );
    const list: NodeList = { begun, nodes };
    this.#list = list;
    nodes.then(
      () => {
        list.ended = performance.now();
      },
      () => {
        if (this.#list === list) this.#list = undefined;
      },
    );
    return nodes;
  }
}

/** What gates look at. */
function brief({ metadata, ...node }: KubeObject): readonly [string, KubeObject] {
  const { conditions, nodeInfo } = (node['status'] ?? {}) as Readonly<Record<string, unknown>>;
  const { name, creationTimestamp } = metadata;
  const kept = { name, ...(creationTimestamp !== undefined && { creationTimestamp }) };
  return [name, { apiVersion: 'v1', kind: 'Node', metadata: kept, status: { conditions, nodeInfo } }];
}
