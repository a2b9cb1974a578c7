import { openEtcd, type EtcdClient } from '../etcd/client.ts';
import { KbootError } from '../model/error.ts';
import type { EtcdStep } from '../plan/types.ts';
import type { ApplyContext } from './context.ts';

type EtcdContext = Pick<
  ApplyContext,
  'connections' | 'etcdHosts' | 'etcdCredentials' | 'keepSnapshot' | 'emit' | 'signal'
>;

const pollMs = 500;

/**
 * Carries out membership changes, one host after another: a host that joins holds the turn from its
 * announcement until it votes, or until its run ends and its learner is taken back.
 */
export class EtcdRunner {
  #context: EtcdContext;
  #turn: Promise<void> = Promise.resolve();
  #joining = new Map<string, { readonly memberId: string; readonly done: () => void }>();

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
        await this.#withClient(step.host, async (client) => {
          const there = (await client.members()).some((member) => member.id === operation.memberId);
          if (there) await client.remove(operation.memberId);
        });
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
    const address = this.#context.etcdHosts.find((each) => each.host === host)?.address;
    const connection = this.#context.connections.get(host);
    if (address === undefined || connection === undefined) return 'not connected';
    const client = await openEtcd(
      await connection.reader.forward(address, 2379),
      host,
      await this.#context.etcdCredentials(host),
    );
    try {
      return (await client.healthy()) ? undefined : 'has no leader yet';
    } finally {
      client.close();
    }
  }

  /** A host's run ended: gives the turn back, and takes its learner back when it does not vote. */
  async hostEnded(host: string): Promise<void> {
    const joining = this.#joining.get(host);
    if (joining === undefined) return;
    this.#joining.delete(host);
    await this.#withClient(host, (client) => client.remove(joining.memberId)).catch(() => undefined);
    joining.done();
  }

  async #join(step: EtcdStep, peerURL: string): Promise<void> {
    const before = this.#turn;
    let done: () => void = () => undefined;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      const memberId = await this.#until(step, async () =>
        this.#withClient(step.host, async (client) => {
          const present = (await client.members()).find((member) => member.peerURLs.includes(peerURL));
          return (present ?? (await client.addLearner(peerURL))).id;
        }),
      );
      this.#joining.set(step.host, { memberId, done });
    } catch (error) {
      done();
      throw error;
    }
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
    this.#joining.get(step.host)?.done();
    this.#joining.delete(step.host);
  }

  /** Tries until `action` gives a value: etcd refuses changes for seconds after a change or an election. */
  async #until<T>(step: EtcdStep, action: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + step.timeoutSeconds * 1000;
    let seen = 'the learner is not in sync yet';
    for (;;) {
      try {
        const value = await action();
        if (value !== undefined) return value;
      } catch (error) {
        if (!(error instanceof KbootError)) throw error;
        seen = error.message;
      }
      this.#context.emit({ type: 'waiting', step, seen });
      if (this.#context.signal.aborted)
        throw new KbootError('E-INTERRUPTED', 'interrupted', { host: step.host });
      if (Date.now() > deadline)
        throw new KbootError('E-WAIT', `not after ${step.timeoutSeconds} s: ${seen}`, {
          host: step.host,
          step: step.resource,
          remedy:
            'Look at etcd on this host (/var/log/containers/etcd-*.log); then run the same command again.',
        });
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** A member other than `not` that serves. */
  async #withClient<T>(not: string, action: (client: EtcdClient) => Promise<T>): Promise<T> {
    let last: unknown;
    for (const { host, address } of this.#context.etcdHosts) {
      const connection = this.#context.connections.get(host);
      if (host === not || connection === undefined) continue;
      let client: EtcdClient | undefined;
      try {
        client = await openEtcd(
          await connection.reader.forward(address, 2379),
          host,
          await this.#context.etcdCredentials(host),
        );
        return await action(client);
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
}
