import type { EtcdClient, EtcdMember } from '../etcd/client.ts';
import { KbootError } from '../model/error.ts';
import { openMember } from '../observe/etcd.ts';
import type { EtcdStep } from '../plan/types.ts';
import type { ApplyContext, HostAddress } from './context.ts';
import { diagnose, waitRemedy } from './diagnose/index.ts';
import { until } from './until.ts';

type EtcdContext = Pick<
  ApplyContext,
  'connections' | 'etcdHosts' | 'etcdCredentials' | 'keepSnapshot' | 'emit' | 'signal'
>;

const pollMs = 500;

/** Makes snapshots and changes the membership. Hosts join one after another, in plan order. */
export class EtcdRunner {
  #context: EtcdContext;

  constructor(context: EtcdContext) {
    this.#context = context;
  }

  /** Runs one step. Throws KbootError E-ETCD or E-WAIT. */
  async run(step: EtcdStep): Promise<void> {
    const { operation } = step;
    const member = step.target.kind === 'etcd-member' ? step.target.name : undefined;
    switch (operation.kind) {
      case 'snapshot':
        if (operation.from !== undefined) await this.#snapshotOf(operation.from);
        else
          await this.#withClient(member, (client) =>
            this.#context.keepSnapshot(
              client.snapshot(),
              operation.before === undefined
                ? { kind: 'members' }
                : { kind: 'upgrade', to: operation.before },
            ),
          );
        return;
      case 'remove':
        await this.#until(step, () =>
          this.#withClient(member, async (client) => {
            const there = (await client.members()).some(({ id }) => id === operation.memberId);
            if (there) await client.remove(operation.memberId);
            return true;
          }),
        );
        return;
      case 'add-learner':
        await this.#until(step, () =>
          this.#withClient(member, async (client) => {
            const present = (await client.members()).find(isAt(operation.peerURL));
            return (present ?? (await client.addLearner(operation.peerURL))).id;
          }),
        );
        return;
      case 'promote':
        await this.#until(step, async () => {
          const promoted = await this.#withClient(member, async (client) => {
            const own = (await client.members()).find(isAt(operation.peerURL));
            if (own === undefined)
              throw new KbootError('E-ETCD', `${member ?? ''} is not in the member list`);
            return !own.isLearner || (await client.promote(own.id));
          });
          return promoted ? true : undefined;
        });
        return;
      case 'withdraw':
        // A learner that did start may catch up: it does not vote, and the next run promotes it.
        await this.#withClient(member, async (client) => {
          const own = (await client.members()).find(isAt(operation.peerURL));
          if (own?.isLearner === true && own.clientURLs.length === 0) await client.remove(own.id);
        });
        return;
    }
  }

  /** undefined: the member on this host serves; else the observed state. */
  async check(host: string): Promise<string | undefined> {
    const client = await this.#open(this.#context.etcdHosts.find((each) => each.host === host));
    if (client === undefined) return 'not connected';
    try {
      return (await client.healthy()) ? undefined : 'has no leader yet';
    } finally {
      client.close();
    }
  }

  /** A snapshot of that member alone: the others may be lost, or have less. */
  async #snapshotOf(host: string): Promise<void> {
    const client = await this.#open(this.#context.etcdHosts.find((each) => each.host === host));
    if (client === undefined) throw new KbootError('E-ETCD', `${host} is not connected`, { host });
    try {
      await this.#context.keepSnapshot(client.snapshot(), { kind: 'survivor' });
    } finally {
      client.close();
    }
  }

  /** Retries until `action` returns a value: etcd refuses changes for seconds after a change or an election. */
  async #until<T>(step: EtcdStep, action: () => Promise<T | undefined>): Promise<T> {
    const { emit, signal } = this.#context;
    return await until(
      async () => {
        try {
          const value = await action();
          return value === undefined ? { missing: 'the learner is not in sync yet' } : { value };
        } catch (error) {
          if (!(error instanceof KbootError)) throw error;
          return { missing: error.message };
        }
      },
      {
        ...{ timeoutSeconds: step.timeoutSeconds, pollMs, signal, interrupted: 'interrupted' },
        waiting: (seen) => {
          emit({ type: 'waiting', step, seen });
        },
        timedOut: (missing) => this.#timedOut(step, missing),
      },
    );
  }

  async #timedOut({ target, timeoutSeconds }: EtcdStep, seen: string): Promise<KbootError> {
    const host = target.kind === 'etcd-member' ? target.name : '';
    const condition = { kind: 'etcd-member', host } as const;
    const kube = (): Promise<never> => Promise.reject(new Error('the API is not used for etcd'));
    const detail = await diagnose(condition, { connections: this.#context.connections, kube });
    return new KbootError('E-WAIT', `not after ${timeoutSeconds} s: ${seen}`, {
      detail,
      remedy: waitRemedy(condition, detail),
    });
  }

  /** Runs it through a member other than `not`; the members are tried in turn. */
  async #withClient<T>(not: string | undefined, action: (client: EtcdClient) => Promise<T>): Promise<T> {
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
      : new KbootError('E-ETCD', 'no etcd member responds', { cause: last });
  }

  /** undefined: there is no connection to the host. */
  async #open(member: HostAddress | undefined): Promise<EtcdClient | undefined> {
    const connection = this.#context.connections.get(member?.host ?? '');
    if (member === undefined || connection === undefined) return undefined;
    const { host, address } = member;
    const credentials = await this.#context.etcdCredentials(host);
    return await openMember({ name: host, address, reader: connection.reader, credentials });
  }
}

const isAt =
  (peerURL: string) =>
  (member: EtcdMember): boolean =>
    member.peerURLs.includes(peerURL);
