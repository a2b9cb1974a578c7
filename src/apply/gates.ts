import { setTimeout as sleep } from 'node:timers/promises';
import { hostPort } from '../desire/text/address.ts';
import { KbootError } from '../model/error.ts';
import { observeEndpoint } from '../observe/endpoint.ts';
import { subjectOfGate } from '../plan/steps.ts';
import { conditionText } from '../plan/target.ts';
import type { Condition, Gate } from '../plan/types.ts';
import { checkAddon } from './addons.ts';
import { CollectionReader } from './collection-reader.ts';
import { check, renewTime, type Unmet } from './conditions.ts';
import type { ApplyContext, Excluded } from './context.ts';
import { diagnose, waitRemedy } from './diagnose/index.ts';
import type { EtcdRunner } from './etcd.ts';
import { Reopened, type KubeConnection } from './kube-connection.ts';
import { checkHealthz } from './healthz.ts';

const pollMs = 250;

/** Waits for the conditions of gates. */
export class GateWatcher {
  #kube: KubeConnection;
  #etcd: EtcdRunner;
  #context: ApplyContext;
  #excluded: Excluded;
  /** When each Lease was renewed, as last seen. */
  #renewed = new Map<string, string>();
  /** Conditions that will never hold. */
  #final = new WeakSet<Condition>();
  #collections: CollectionReader;
  /** Until the next look, while a gate waits for it. */
  #pause: Promise<void> | undefined;

  /** `hosts`: how many the cluster has. */
  constructor(
    kube: KubeConnection,
    etcd: EtcdRunner,
    context: ApplyContext,
    { excluded, hosts }: { readonly excluded: Excluded; readonly hosts: number },
  ) {
    this.#kube = kube;
    this.#etcd = etcd;
    this.#context = context;
    this.#excluded = excluded;
    this.#collections = new CollectionReader(hosts);
  }

  /**
   * Whether a gate holds, or is moot because its host did not reach this stage; false if the run is interrupted, or
   * if every control plane failed. Rejects with KbootError E-WAIT after the gate's timeout, with the diagnosis that an operator would make next.
   */
  async hold(gate: Gate): Promise<boolean> {
    const { emit } = this.#context;
    const subject = subjectOfGate(gate);
    if (this.#isOut(subject)) return this.#moot(gate, subject);
    emit({ type: 'start', step: gate });
    const own = this.#ownConnection(gate.condition);
    try {
      return await this.#poll(gate, subject, own);
    } finally {
      own?.close();
    }
  }

  async #poll(gate: Gate, subject: string | undefined, own: Reopened | undefined): Promise<boolean> {
    const { emit, signal } = this.#context;
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    let seen = '';
    for (;;) {
      const unmet = await this.#check(gate.condition, own);
      if (unmet === undefined) {
        emit({ type: 'done', step: gate, seconds: seconds() });
        return true;
      }
      if (unmet !== seen) emit({ type: 'waiting', step: gate, seen: (seen = unmet) });
      if (signal.aborted) return false;
      if (this.#isOut(subject)) return this.#moot(gate, subject);
      if (this.#kube.isCutOff && !isOnHost(gate.condition)) {
        emit({ type: 'skipped', step: gate, why: 'every control plane failed earlier' });
        return false;
      }
      if (this.#final.has(gate.condition)) throw await this.#failed(gate, seen);
      if (seconds() > gate.timeoutSeconds)
        throw await this.#failed(gate, `not after ${gate.timeoutSeconds} s: ${seen}`);
      await this.#nextLook();
    }
  }

  /** Resolves for all gates at the same moment, so that they share what they read. */
  #nextLook(): Promise<void> {
    this.#pause ??= sleep(pollMs).then(() => {
      this.#pause = undefined;
    });
    return this.#pause;
  }

  #moot(gate: Gate, subject: string | undefined): true {
    this.#context.emit({ type: 'skipped', step: gate, why: `${subject ?? ''} did not reach this stage` });
    return true;
  }

  async #failed(gate: Gate, message: string): Promise<KbootError> {
    const { connections, apiHosts } = this.#context;
    const access = { connections, apiHosts, kube: () => this.#kube.client() };
    const condition = this.#withoutExcluded(gate.condition);
    const detail = await diagnose(condition, access);
    this.#context.emit({ type: 'failed', step: gate, message, detail });
    return new KbootError('E-WAIT', message, {
      step: conditionText(condition),
      stepId: gate.id,
      detail,
      remedy: waitRemedy(condition, detail),
    });
  }

  /** What is asked of one API server, or through one load balancer, has a connection of its own. */
  #ownConnection(condition: Condition): Reopened | undefined {
    if (condition.kind === 'load-balancer') {
      const { host, address, port } = condition;
      return new Reopened(() => this.#kube.openAt(host, address, port));
    }
    const only = condition.kind === 'api' ? condition.host : undefined;
    return only === undefined ? undefined : new Reopened(() => this.#kube.open(only));
  }

  async #check(condition: Condition, own: Reopened | undefined): Promise<Unmet> {
    try {
      switch (condition.kind) {
        case 'etcd-member':
          return await this.#etcd.check(condition.host);
        case 'endpoint':
          return await this.#checkEndpoint(condition);
        case 'kubelet':
          return await checkHealthz(this.#kube.reader(condition.host), {
            address: '127.0.0.1',
            port: condition.port,
          });
        case 'controller': {
          const { host, address, port } = condition;
          return await checkHealthz(this.#kube.reader(host), { address, port, tls: true });
        }
        case 'stored-as':
          return await this.#checkStored(condition);
        case 'leader':
          return await this.#checkLeader(condition.lease);
        case 'addon-ready':
        case 'addon-gone': {
          const found = await checkAddon(await this.#kube.client(), condition);
          if (found?.isFinal === true) this.#final.add(condition);
          return found?.text;
        }
        case 'api':
        case 'load-balancer':
        case 'published-cas':
        case 'pod-ready':
        case 'node-registered':
        case 'node-ready':
        case 'workload-ready': {
          const kube = await (own ?? this.#kube).client();
          return await check(kube, this.#withoutExcluded(condition), {
            lost: [...this.#excluded],
            look: this.#collections.look(kube),
          });
        }
      }
    } catch (error) {
      // Others use the connection, too: it is closed for its own errors only.
      if (own !== undefined) own.close();
      else if (!isOnHost(condition) && !isAnswer(error)) this.#kube.close();
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** A leader that is gone leaves its Lease behind: only one that is renewed while this looks at it has a holder. */
  async #checkLeader(lease: string): Promise<Unmet> {
    const renewed = await renewTime(await this.#kube.client(), lease);
    const before = this.#renewed.get(lease);
    this.#renewed.set(lease, renewed ?? '');
    if (renewed !== undefined && before !== undefined && before !== renewed) {
      this.#renewed.delete(lease);
      return undefined;
    }
    return 'its Lease is not renewed yet';
  }

  async #checkStored({ resource, as }: Condition & { kind: 'stored-as' }): Promise<Unmet> {
    const stored = await this.#context.stored([resource]);
    if (stored === undefined) return 'no etcd member answers';
    const counts = [...stored.values()].flatMap((each) => [...each]);
    const others = counts.filter(([how]) => how !== as);
    return others.length === 0
      ? undefined
      : others.map(([how, count]) => `${count} of ${resource} are still stored as ${how}`).join(', ');
  }

  /** Nodes that fail in the meantime are not waited for. */
  #withoutExcluded<C extends Condition>(condition: C): C {
    if (condition.kind !== 'workload-ready' || condition.nodes === undefined) return condition;
    return { ...condition, nodes: condition.nodes.filter((node) => !this.#isOut(node)) };
  }

  /** From a host that uses the endpoint, preferably a worker. */
  async #checkEndpoint({ address, port }: Condition & { kind: 'endpoint' }): Promise<Unmet> {
    const { apiHosts, connections } = this.#context;
    const readers = [...connections].filter(([host]) => !this.#excluded.has(host));
    const isPlane = (name: string): boolean => apiHosts.some(({ host }) => host === name);
    const [host, connection] = readers.find(([name]) => !isPlane(name)) ?? readers[0] ?? [];
    if (host === undefined || connection === undefined) return 'no host is connected';
    const { caPem } = (await this.#context.materials()).kubeCredentials();
    const answer = await observeEndpoint(connection.reader, { host: address, port }, caPem);
    return answer.kind === 'ready' ? undefined : `${hostPort(address, port)} from ${host}: ${answer.why}`;
  }

  #isOut(host: string | undefined): boolean {
    return host !== undefined && this.#excluded.has(host);
  }
}

/** Whether an error is the answer of an API server: the connection to it works. */
function isAnswer(error: unknown): boolean {
  return error instanceof KbootError && error.context.httpStatus !== undefined;
}

/** Whether a condition is checked without the API. */
function isOnHost({ kind }: Condition): boolean {
  return (
    kind === 'etcd-member' ||
    kind === 'kubelet' ||
    kind === 'controller' ||
    kind === 'endpoint' ||
    kind === 'stored-as'
  );
}
