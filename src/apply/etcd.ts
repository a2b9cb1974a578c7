import { etcdClientPort } from '../desire/text/address.ts';
import { openEtcd, type EtcdClient } from '../etcd/client.ts';
import { KbootError } from '../model/error.ts';
import type { EtcdStep } from '../plan/types.ts';
import type { ApplyContext, HostAddress } from './context.ts';
import { diagnose, waitRemedy } from './diagnose/index.ts';

type EtcdContext = Pick<
  ApplyContext,
  'connections' | 'etcdHosts' | 'etcdCredentials' | 'keepSnapshot' | 'emit' | 'signal'
>;

const pollMs = 500;

/**
 * Carries out membership changes. Hosts join one after another by the plan's roll, which is what each is told of
 * the others.
 */
export class EtcdRunner {
  #context: EtcdContext;
  /** IDs of learners, by host, from their announcement until they vote. */
  #learners = new Map<string, string>();

  constructor(context: EtcdContext) {
    this.#context = context;
  }

  /** One step. Throws KbootError E-ETCD or E-WAIT. */
  async run(step: EtcdStep): Promise<void> {
    const { operation } = step;
    switch (operation.kind) {
      case 'snapshot':
        await this.#withClient(step.host, (client) => this.#context.keepSnapshot(client.snapshot()));
        return;
      case 'remove':
        await this.#until(step, () =>
          this.#withClient(step.host, async (client) => {
            const there = (await client.members()).some((member) => member.id === operation.memberId);
            if (there) await client.remove(operation.memberId);
            return true;
          }),
        );
        return;
      case 'add-learner':
        await this.#join(step, operation.peerURL);
        return;
      case 'promote':
        await this.#promote(step, operation.peerURL);
        return;
    }
  }

  /** undefined: the member on this host serves; else what is seen instead. */
  async look(host: string): Promise<string | undefined> {
    const client = await this.#open(this.#context.etcdHosts.find((each) => each.host === host));
    if (client === undefined) return 'not connected';
    try {
      return (await client.healthy()) ? undefined : 'has no leader yet';
    } finally {
      client.close();
    }
  }

  /**
   * A host's run ended. A learner that never started is taken back, so that others may join; one that did is
   * left to catch up: it does not vote, its data is of no use to another, and the next run promotes it.
   */
  async hostEnded(host: string): Promise<void> {
    const memberId = this.#learners.get(host);
    if (memberId === undefined) return;
    await this.#withClient(host, async (client) => {
      const member = (await client.members()).find(({ id }) => id === memberId);
      if (member?.isLearner === true && member.clientURLs.length === 0) await client.remove(memberId);
    }).catch(() => undefined);
  }

  async #join(step: EtcdStep, peerURL: string): Promise<void> {
    const memberId = await this.#until(step, async () =>
      this.#withClient(step.host, async (client) => {
        const present = (await client.members()).find((member) => member.peerURLs.includes(peerURL));
        return (present ?? (await client.addLearner(peerURL))).id;
      }),
    );
    this.#learners.set(step.host, memberId);
  }

  async #promote(step: EtcdStep, peerURL: string): Promise<void> {
    await this.#until(step, async () => {
      const promoted = await this.#withClient(step.host, async (client) => {
        const own = (await client.members()).find((member) => member.peerURLs.includes(peerURL));
        if (own === undefined)
          throw new KbootError('E-ETCD', `${step.host} is not in the member list`, { host: step.host });
        return !own.isLearner || (await client.promote(own.id));
      });
      return promoted ? true : undefined;
    });
    this.#learners.delete(step.host);
  }

  /** Tries until `action` gives a value: etcd refuses changes for seconds after a change or an election. */
  async #until<T>(step: EtcdStep, action: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + step.timeoutSeconds * 1000;
    let told = '';
    for (;;) {
      let seen = 'the learner is not in sync yet';
      try {
        const value = await action();
        if (value !== undefined) return value;
      } catch (error) {
        if (!(error instanceof KbootError)) throw error;
        seen = error.message;
      }
      if (seen !== told) this.#context.emit({ type: 'waiting', step, seen: (told = seen) });
      if (this.#context.signal.aborted)
        throw new KbootError('E-INTERRUPTED', 'interrupted', { host: step.host });
      if (Date.now() > deadline) {
        const condition = { kind: 'etcd-member', host: step.host } as const;
        const kube = (): Promise<never> => Promise.reject(new Error('the API is not asked about etcd'));
        const detail = await diagnose(condition, { connections: this.#context.connections, kube });
        throw new KbootError('E-WAIT', `not after ${step.timeoutSeconds} s: ${seen}`, {
          host: step.host,
          step: step.resource,
          detail,
          remedy: waitRemedy(condition, detail),
        });
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** A member other than `not` that does it; the members are tried in turn. */
  async #withClient<T>(not: string, action: (client: EtcdClient) => Promise<T>): Promise<T> {
    let last: unknown;
    for (const host of this.#context.etcdHosts) {
      if (host.host === not) continue;
      let client: EtcdClient | undefined;
      try {
        client = await this.#open(host);
        if (client !== undefined) return await action(client);
      } catch (error) {
        last = error;
      } finally {
        client?.close();
      }
    }
    throw last instanceof KbootError
      ? last
      : new KbootError('E-ETCD', 'no etcd member answers', { cause: last });
  }

  /** undefined: there is no connection to the host. */
  async #open(member: HostAddress | undefined): Promise<EtcdClient | undefined> {
    const connection = this.#context.connections.get(member?.host ?? '');
    if (member === undefined || connection === undefined) return undefined;
    const { host, address } = member;
    const stream = await connection.reader.forward(address, etcdClientPort);
    return openEtcd(stream, host, await this.#context.etcdCredentials(host));
  }
}
