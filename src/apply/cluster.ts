import { KbootError } from '../model/error.ts';
import { applyObject, openKube, refused, type KubeClient } from '../kube/client.ts';
import { objectPath } from '../kube/paths.ts';
import type { KubeObject } from '../kube/types.ts';
import type {
  ClusterStep,
  Condition,
  NodeRemovalStep,
  NodeStep,
  ObjectStep,
  WaitStep,
} from '../plan/types.ts';
import { fillPlaceholders } from '../resource/placeholder.ts';
import { observeEndpoint } from '../observe/endpoint.ts';
import { hostPort } from '../desire/text/address.ts';
import type { Reader } from '../transport/types.ts';
import { look, type Seen } from './conditions.ts';
import { diagnose, waitRemedy } from './diagnose/index.ts';
import { drainNode } from './drain.ts';
import type { EtcdRunner } from './etcd.ts';
import type { ApplyContext } from './context.ts';
import { lookAtKubelet } from './kubelet.ts';

const pollMs = 250;

/** Runs the steps that talk to the API, through whichever control-plane host answers. */
export class ClusterRunner {
  #context: ApplyContext;
  #etcd: EtcdRunner;
  #failedHosts: ReadonlySet<string>;
  #heldHosts: ReadonlySet<string>;
  /** One connection for all requests, also while it is being made. */
  #kube: Promise<KubeClient> | undefined;

  /**
   * Both sets grow while hosts fail or are held back: nodes of these are not waited for. The API servers of held
   * ones serve.
   */
  constructor(
    context: ApplyContext,
    etcd: EtcdRunner,
    failedHosts: ReadonlySet<string>,
    heldHosts: ReadonlySet<string>,
  ) {
    this.#heldHosts = heldHosts;
    this.#context = context;
    this.#etcd = etcd;
    this.#failedHosts = failedHosts;
  }

  /**
   * Steps in order; neighbours of one type side by side, namespaces before what lives in them.
   * Throws the first failure after its group ended.
   */
  async run(steps: readonly ClusterStep[]): Promise<void> {
    for (const group of groups(steps)) {
      if (this.#context.signal.aborted) break;
      const results = await Promise.allSettled(group.map((step) => this.#runOne(step)));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    }
  }

  close(): void {
    void this.#kube?.then(
      (client) => {
        client.close();
      },
      () => undefined,
    );
    this.#kube = undefined;
  }

  async #runOne(step: ClusterStep): Promise<void> {
    const { emit } = this.#context;
    const node = nodeOf(step);
    if (this.#isOut(node)) {
      emit({ type: 'skipped', step, why: `${node ?? ''} did not come that far` });
      return;
    }
    const started = Date.now();
    emit({ type: 'start', step });
    try {
      if (step.type === 'object') await this.#applyObject(step);
      else if (step.type === 'node') await this.#markNode(step);
      else if (step.type === 'remove-node') await this.#removeNode(step);
      else if (step.type === 'remove-object')
        await this.#retryWhileStarting((kube) => remove(kube, objectPath(step.object), step.resource));
      else if (!(await this.#wait(step))) return;
    } catch (cause) {
      const error =
        cause instanceof KbootError ? cause : new KbootError('E-KUBE-API', String(cause), { cause });
      emit({ type: 'failed', step, message: error.message, detail: error.context.detail ?? '' });
      throw new KbootError(error.code, error.message, {
        ...error.context,
        step: step.resource,
        remedy: error.context.remedy ?? 'Run the same command again: it goes on here.',
      });
    }
    emit({ type: 'done', step, seconds: (Date.now() - started) / 1000 });
  }

  async #applyObject(step: ObjectStep): Promise<void> {
    const materials = await this.#context.materials();
    const object = JSON.parse(JSON.stringify(step.object), (_key, value: unknown) =>
      typeof value === 'string' ? fillPlaceholders(value, (name) => materials.fact(name)) : value,
    ) as KubeObject;
    await this.#retryWhileStarting((kube) => applyObject(kube, object));
  }

  async #removeNode(step: NodeRemovalStep): Promise<void> {
    const { signal, emit } = this.#context;
    const waiting = (seen: string): void => {
      emit({ type: 'waiting', step, seen });
    };
    await this.#retryWhileStarting(async (kube) => {
      if (step.drain !== undefined)
        await drainNode(kube, step.node, { ...step.drain, pollMs: 1_000, signal, waiting });
      await remove(kube, `/api/v1/nodes/${step.node}`, step.resource);
    });
  }

  async #markNode(step: NodeStep): Promise<void> {
    await this.#retryWhileStarting(async (kube) => {
      const path = `/api/v1/nodes/${step.node}`;
      const live = await kube.request('GET', path);
      if (live.status !== 200) throw refused(`reading Node ${step.node}`, live);
      const body = live.body as {
        metadata: { resourceVersion: string };
        spec: { taints?: readonly Taint[] };
      };
      const wanted = new Set(step.taints.map(taintKey));
      const taints = [
        ...step.taints,
        ...(body.spec.taints ?? []).filter((taint) => !wanted.has(taintKey(taint))),
      ];
      const patch = {
        metadata: {
          labels: step.labels,
          annotations: step.annotations,
          resourceVersion: body.metadata.resourceVersion,
        },
        ...(step.taints.length > 0 && { spec: { taints } }),
      };
      const answer = await kube.request('PATCH', `${path}?fieldManager=kboot`, {
        body: patch,
        contentType: 'application/merge-patch+json',
      });
      if (answer.status !== 200) throw refused(`marking Node ${step.node}`, answer);
    });
  }

  /** Returns false when the wait became moot: its host failed meanwhile, or the run was interrupted. */
  async #wait(step: WaitStep): Promise<boolean> {
    const deadline = Date.now() + step.timeoutSeconds * 1000;
    const node = nodeOf(step);
    let seen = '';
    for (;;) {
      const now = await this.#look(step.condition);
      if (now === undefined) return true;
      if (now !== seen) this.#context.emit({ type: 'waiting', step, seen: (seen = now) });
      if (this.#context.signal.aborted) return false;
      if (this.#isOut(node)) {
        this.#context.emit({ type: 'skipped', step, why: `${node ?? ''} did not come that far` });
        return false;
      }
      if (Date.now() > deadline) {
        const { connections, apiHosts } = this.#context;
        const access = { connections, apiHosts, kube: () => this.#client() };
        const detail = await diagnose(this.#withoutLost(step.condition), access);
        throw new KbootError('E-WAIT', `not after ${step.timeoutSeconds} s: ${seen}`, {
          detail,
          remedy: waitRemedy(step.condition, detail),
        });
      }
      await sleep(pollMs);
    }
  }

  async #look(condition: Condition): Promise<Seen> {
    try {
      if (condition.kind === 'etcd-member') return await this.#etcd.look(condition.host);
      if (condition.kind === 'endpoint') return await this.#lookAtEndpoint(condition);
      if (condition.kind === 'api' && condition.host !== undefined)
        return await this.#lookThrough(await this.#open(condition.host), condition);
      if (condition.kind === 'load-balancer')
        return await this.#lookThrough(await this.#openAt(condition), condition);
      if (condition.kind === 'kubelet')
        return await lookAtKubelet(this.#reader(condition.host), condition.port);
      return await look(await this.#client(), this.#withoutLost(condition));
    } catch (error) {
      this.close();
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Nodes that fail meanwhile are not waited for. */
  #withoutLost<C extends Condition>(condition: C): C {
    if (condition.kind !== 'workload-ready' || condition.nodes === undefined) return condition;
    return { ...condition, nodes: condition.nodes.filter((node) => !this.#isOut(node)) };
  }

  /** As a node sees it that has to work through it; a worker rather than a control plane. */
  async #lookAtEndpoint({ address, port }: Condition & { kind: 'endpoint' }): Promise<Seen> {
    const { apiHosts, connections } = this.#context;
    const readers = [...connections].filter(([host]) => !this.#failedHosts.has(host));
    const isPlane = (name: string): boolean => apiHosts.some(({ host }) => host === name);
    const [host, connection] = readers.find(([name]) => !isPlane(name)) ?? readers[0] ?? [];
    if (host === undefined || connection === undefined) return 'no host is connected';
    const { caPem } = (await this.#context.materials()).kubeCredentials();
    const answer = await observeEndpoint(connection.reader, { host: address, port }, caPem);
    return answer.kind === 'ready' ? undefined : `${hostPort(address, port)} from ${host}: ${answer.why}`;
  }

  /** That very way to the API, not whichever answers. */
  async #lookThrough(
    kube: KubeClient,
    condition: Condition & { kind: 'api' | 'load-balancer' },
  ): Promise<Seen> {
    try {
      return await look(kube, condition);
    } finally {
      kube.close();
    }
  }

  #reader(host: string): Reader {
    const connection = this.#context.connections.get(host);
    if (connection !== undefined) return connection.reader;
    throw new KbootError('E-CONNECT', 'there is no connection to this host', { host });
  }

  #isOut(host: string | undefined): boolean {
    return host !== undefined && (this.#failedHosts.has(host) || this.#heldHosts.has(host));
  }

  /** An API server that just began may answer 403 or 5xx until its own objects are there (kubeadm polls likewise), or lose a race for a Node. */
  async #retryWhileStarting(action: (kube: KubeClient) => Promise<void>): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      try {
        await action(await this.#client());
        return;
      } catch (error) {
        const passing =
          error instanceof KbootError &&
          error.code === 'E-KUBE-API' &&
          !/answered (4(?!0[349]|29))/.test(error.message);
        if (!passing || Date.now() > deadline || this.#context.signal.aborted) throw error;
        if (!error.message.includes('answered')) this.close();
        await sleep(pollMs);
      }
    }
  }

  #client(): Promise<KubeClient> {
    if (this.#kube !== undefined) return this.#kube;
    const opening = this.#open();
    this.#kube = opening;
    opening.catch(() => {
      if (this.#kube === opening) this.#kube = undefined;
    });
    return opening;
  }

  async #openAt({ host, address, port }: Condition & { kind: 'load-balancer' }): Promise<KubeClient> {
    const materials = await this.#context.materials();
    return await openKube(await this.#reader(host).forward(address, port), materials.kubeCredentials());
  }

  /** A connection to the first API server that answers, or to that of `only`. */
  async #open(only?: string): Promise<KubeClient> {
    const materials = await this.#context.materials();
    const credentials = materials.kubeCredentials();
    let last: unknown = new KbootError('E-KUBE-API', 'no control-plane host is connected');
    for (const { host, address } of this.#context.apiHosts) {
      const connection = this.#context.connections.get(host);
      if (connection === undefined || this.#failedHosts.has(host)) continue;
      if (only !== undefined && host !== only) continue;
      try {
        return await openKube(await connection.reader.forward(address, 6443), credentials);
      } catch (error) {
        last = error;
      }
    }
    throw last instanceof KbootError
      ? last
      : new KbootError(
          'E-KUBE-API',
          `the API does not answer: ${last instanceof Error ? last.message : String(last)}`,
        );
  }
}

/** What is gone already counts as deleted. */
async function remove(kube: KubeClient, path: string, title: string): Promise<void> {
  const answer = await kube.request('DELETE', path);
  if (answer.status !== 200 && answer.status !== 404) throw refused(`deleting ${title}`, answer);
}

interface Taint {
  readonly key: string;
  readonly effect: string;
}

const taintKey = (taint: Taint): string => `${taint.key}:${taint.effect}`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function nodeOf(step: ClusterStep): string | undefined {
  if (step.type === 'node') return step.node;
  if (step.type === 'wait' && 'node' in step.condition) return step.condition.node;
  if (step.type === 'wait' && 'host' in step.condition) return step.condition.host;
  return undefined;
}

function groups(steps: readonly ClusterStep[]): ClusterStep[][] {
  const result: ClusterStep[][] = [];
  let last = '';
  for (const step of steps) {
    const group = step.type === 'object' && step.object.kind === 'Namespace' ? 'namespace' : step.type;
    if (group !== last) result.push([]);
    result.at(-1)?.push(step);
    last = group;
  }
  return result;
}
