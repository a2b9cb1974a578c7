import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EtcdRunner } from '../../src/apply/etcd.ts';
import type { Emit } from '../../src/apply/events.ts';
import type { EtcdStep } from '../../src/plan/types.ts';
import type { HostConnection } from '../../src/transport/types.ts';
import {
  etcdPki,
  gatewayMember,
  refusal,
  startEtcd,
  type EtcdPki,
  type EtcdRequest,
  type FakeEtcd,
  type GatewayMember,
} from '../etcd/fake-etcd.ts';
import { localHost, type LocalHost } from './local-host.ts';

let pki: EtcdPki;
let etcd: FakeEtcd;
let machine: LocalHost;
let waiting: string[];
let interrupt: AbortController;

beforeAll(async () => {
  pki = await etcdPki();
}, 60_000);
beforeEach(async () => {
  etcd = await startEtcd(
    pki,
    ['etcd-1', 'etcd-2'].map((name) => gatewayMember(name)),
  );
  machine = localHost();
  waiting = [];
  interrupt = new AbortController();
});
afterEach(async () => {
  machine.remove();
  await etcd.close();
});

/** Hosts etcd-1 to etcd-4, of which `unreachable` are not connected. */
function runnerFor({ unreachable = [] as readonly string[], kept = [] as string[] } = {}): EtcdRunner {
  const hosts = ['etcd-1', 'etcd-2', 'etcd-3', 'etcd-4'];
  const connections = new Map(
    hosts
      .filter((host) => !unreachable.includes(host))
      .map((host): [string, HostConnection] => {
        const faces = {
          ...machine.writer,
          host,
          forward: () => etcd.connect(),
          read: () => Promise.reject(new Error('not in this test')),
        };
        return [host, { reader: faces, writer: faces, close: () => Promise.resolve() }];
      }),
  );
  const emit: Emit = (event) => {
    if (event.type === 'waiting') waiting.push(event.seen);
  };
  return new EtcdRunner({
    connections,
    etcdHosts: hosts.map((host, index) => ({ host, address: `10.0.0.3${index + 1}` })),
    etcdCredentials: () => Promise.resolve(pki.credentials),
    async keepSnapshot(blobs) {
      let text = '';
      for await (const blob of blobs) text += blob.toString();
      kept.push(text);
    },
    emit,
    signal: interrupt.signal,
  });
}

function step(host: string, operation: EtcdStep['operation'], timeoutSeconds = 20): EtcdStep {
  return {
    type: 'etcd',
    id: '',
    verb: 'create',
    target: { kind: 'etcd-member', name: host },
    reason: '',
    effects: [],
    operation,
    timeoutSeconds,
  };
}
const peerURL = (host: string): string => `https://10.0.0.3${host.replace('etcd-', '')}:2380`;
const add = (host: string): EtcdStep => step(host, { kind: 'add-learner', peerURL: peerURL(host) });
const promote = (host: string, seconds = 20): EtcdStep =>
  step(host, { kind: 'promote', peerURL: peerURL(host) }, seconds);
const withdraw = (host: string): EtcdStep => step(host, { kind: 'withdraw', peerURL: peerURL(host) });
const remove = (host: string): EtcdStep =>
  step(host, { kind: 'remove', memberId: host.replace('etcd-', '10') });

/** Requests that would change something. */
const changes = (): string[] =>
  etcd.requests.filter(({ verb }) => verb !== 'list').map(({ verb, host }) => `${verb} by ${host}`);
const idOf = (host: string): string | undefined =>
  etcd.members.find(({ peerURLs }) => peerURLs.includes(peerURL(host)))?.ID;
const learner = (host: string): GatewayMember => gatewayMember(host, { isLearner: true });
/** The host's etcd starts: its member publishes its name. */
function starts(host: string): void {
  etcd.members = etcd.members.map((each) =>
    each.ID === idOf(host) ? { ...learner(host), ID: each.ID } : each,
  );
}
/** Refuses the first `times` requests of that kind. */
function refusing(verb: string, times: number, message: string): void {
  let left = times;
  etcd.answer = (request: EtcdRequest) =>
    request.verb === verb && left-- > 0 ? refusal(message) : undefined;
}

describe('a host that joins', () => {
  it('is added as a learner and promoted through other members', async () => {
    const runner = runnerFor();
    await runner.run(add('etcd-3'));
    expect(etcd.members.at(-1)).toMatchObject({ isLearner: true, peerURLs: [peerURL('etcd-3')] });
    starts('etcd-3');
    await runner.run(promote('etcd-3'));
    expect(etcd.members.map(({ isLearner }) => isLearner ?? false)).toEqual([false, false, false]);
    expect(etcd.requests.map(({ host }) => host)).not.toContain('etcd-3');
    expect(changes()).toEqual(['add by etcd-1', 'promote by etcd-1']);
  });

  it('is not added twice: an earlier run may have done so', async () => {
    etcd.members = [...etcd.members, { ID: '9', peerURLs: [peerURL('etcd-3')], isLearner: true }];
    await runnerFor().run(add('etcd-3'));
    expect(changes()).toEqual([]);
  });

  it('retries refused requests, which etcd returns for seconds after a change', async () => {
    // Both members are tried each time.
    refusing('add', 4, 'etcdserver: unhealthy cluster');
    await runnerFor({ unreachable: ['etcd-4'] }).run(add('etcd-3'));
    expect(idOf('etcd-3')).toBeDefined();
    expect(waiting).toEqual(['etcd on etcd-2: /v3/cluster/member/add: etcdserver: unhealthy cluster']);
  });

  it('is promoted once it is in sync, and the wait is reported once', async () => {
    const runner = runnerFor();
    await runner.run(add('etcd-3'));
    starts('etcd-3');
    refusing('promote', 3, 'etcdserver: can only promote a learner member which is in sync with leader');
    await runner.run(promote('etcd-3'));
    expect(changes().filter((line) => line.startsWith('promote'))).toHaveLength(4);
    expect(waiting).toEqual(['the learner is not in sync yet']);
    expect(etcd.members.some(({ isLearner }) => isLearner)).toBe(false);
  });

  it('needs no promotion if it already votes: the response to the first may have been lost', async () => {
    await runnerFor().run(promote('etcd-2'));
    expect(changes()).toEqual([]);
  });

  it('that never gets in sync fails with E-WAIT, with the last observation, the log, and a command', async () => {
    etcd.members = [...etcd.members, learner('etcd-3')];
    refusing(
      'promote',
      Infinity,
      'etcdserver: can only promote a learner member which is in sync with leader',
    );
    const failing = runnerFor().run(promote('etcd-3', 1));
    await expect(failing).rejects.toMatchObject({
      code: 'E-WAIT',
      message: 'not after 1 s: the learner is not in sync yet',
      context: { detail: 'the logs of etcd-3 could not be read: not in this test' },
    });
    await expect(failing).rejects.toHaveProperty(
      'context.remedy',
      expect.stringContaining('journalctl -u etcd'),
    );
  });

  it('is not waited for after an interrupt', async () => {
    etcd.members = [...etcd.members, learner('etcd-3')];
    etcd.answer = ({ verb }) => {
      if (verb !== 'promote') return undefined;
      interrupt.abort();
      return refusal('etcdserver: unhealthy cluster');
    };
    await expect(runnerFor().run(promote('etcd-3'))).rejects.toMatchObject({ code: 'E-INTERRUPTED' });
  });
});

describe('the removal of a learner of a failed task', () => {
  const ended = async (meanwhile: () => void): Promise<readonly GatewayMember[]> => {
    const runner = runnerFor();
    await runner.run(add('etcd-3'));
    meanwhile();
    await runner.run(withdraw('etcd-3')).catch(() => undefined);
    return etcd.members.filter(({ peerURLs }) => peerURLs.includes(peerURL('etcd-3')));
  };

  it('removes one that never started', async () => {
    expect(await ended(() => undefined)).toEqual([]);
  });

  it('keeps one that started: the next run promotes it, and no other could start on its data', async () => {
    expect(
      await ended(() => {
        starts('etcd-3');
      }),
    ).toMatchObject([{ isLearner: true }]);
  });

  it('keeps one that votes: the response to its promotion may have been lost', async () => {
    expect(
      await ended(() => {
        etcd.members = etcd.members.map((each) => ({ ...each, isLearner: false }));
      }),
    ).toMatchObject([{ isLearner: false }]);
  });

  it('keeps it if no member responds: the next run reads it', async () => {
    expect(
      await ended(() => {
        etcd.answer = () => 'hang up';
      }),
    ).toHaveLength(1);
  });

  it('does nothing if it was never added', async () => {
    await runnerFor().run(withdraw('etcd-3'));
    await runnerFor().run(withdraw('etcd-1'));
    expect(changes()).toEqual([]);
  });
});

describe('a removal', () => {
  it('is requested from another member, and retried while etcd refuses', async () => {
    refusing('remove', 2, 'etcdserver: unhealthy cluster');
    await runnerFor({ unreachable: ['etcd-3', 'etcd-4'] }).run(remove('etcd-1'));
    expect(etcd.members.map(({ name }) => name)).toEqual(['etcd-2']);
    expect(new Set(etcd.requests.map(({ host }) => host))).not.toContain('etcd-1');
  });

  it('of a member that does not exist counts as done', async () => {
    await runnerFor().run(remove('etcd-4'));
    expect(changes()).toEqual([]);
  });
});

describe('members that do not respond', () => {
  it('are skipped for one that does', async () => {
    etcd.answer = ({ host }) => (host === 'etcd-2' ? 'hang up' : undefined);
    await runnerFor({ unreachable: ['etcd-1'] }).run(add('etcd-4'));
    expect(changes()).toEqual(['add by etcd-3']);
  });

  it('all of them: E-ETCD', async () => {
    const unreachable = ['etcd-1', 'etcd-2', 'etcd-3', 'etcd-4'];
    await expect(runnerFor({ unreachable }).run(step('cluster', { kind: 'snapshot' }))).rejects.toMatchObject(
      {
        code: 'E-ETCD',
        message: 'no etcd member responds',
      },
    );
  });
});

describe('a snapshot', () => {
  it('is stored completely in the state folder, from the next member if one fails', async () => {
    const line = JSON.stringify({ result: { blob: Buffer.from('all of it').toString('base64') } });
    const kept: string[] = [];
    etcd.answer = ({ host }) =>
      host === 'etcd-1' ? { status: 200, body: line.slice(0, 9), cut: true } : { status: 200, body: line };
    await runnerFor({ kept }).run(step('cluster', { kind: 'snapshot' }));
    expect(kept).toEqual(['all of it']);
  });
});

describe('check', () => {
  it('reports whether the member on that host serves', async () => {
    const runner = runnerFor({ unreachable: ['etcd-4'] });
    expect(await runner.check('etcd-2')).toBeUndefined();
    expect(etcd.requests.map(({ host }) => host)).toEqual(['etcd-2']);
    etcd.answer = () => refusal('etcdserver: no leader');
    expect(await runner.check('etcd-2')).toBe('has no leader yet');
    expect(await runner.check('etcd-4')).toBe('not connected');
    expect(await runner.check('w-1')).toBe('not connected');
  });
});
