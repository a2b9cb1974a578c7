import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { EtcdHost } from '../../src/observe/etcd.ts';
import { askMember, confirmEmpty, observeEtcd, type EtcdSource } from '../../src/observe/etcd.ts';
import {
  etcdPki,
  gatewayMember,
  refusal,
  startEtcd,
  type EtcdPki,
  type FakeEtcd,
} from '../etcd/fake-etcd.ts';

const names = ['etcd-1', 'etcd-2', 'etcd-3'];
let pki: EtcdPki;
let etcd: FakeEtcd;
let ports: number[];

beforeAll(async () => {
  pki = await etcdPki();
}, 60_000);
beforeEach(async () => {
  etcd = await startEtcd(
    pki,
    names.map((name) => gatewayMember(name)),
  );
  ports = [];
});
afterEach(() => etcd.close());

const sources = (...of: readonly string[]): EtcdSource[] =>
  of.map((name) => ({
    name,
    address: `10.0.0.3${name.replace('etcd-', '')}`,
    credentials: pki.credentials,
    reader: {
      host: name,
      stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
      read: () => Promise.reject(new Error('not in this test')),
      forward(_address, port) {
        ports.push(port);
        return etcd.connect();
      },
    },
  }));

it('no sources: absent', async () => {
  expect(await observeEtcd([])).toEqual({ state: 'absent' });
});

it('a member that returns the list through the quorum is healthy; a member that is cut off is not', async () => {
  etcd.answer = ({ host }) => (host === 'etcd-1' ? refusal('etcdserver: request timed out') : undefined);
  const seen = await observeEtcd(sources('etcd-1', 'etcd-2'));
  expect(seen).toMatchObject({ state: 'present', healthy: new Set(['102']) });
  expect(seen.state === 'present' && seen.members.map(({ name }) => name)).toEqual(names);
  expect(ports).toEqual([2379, 2379]);
});

it('without a quorum: silent, and founded if one member reports that any member ever served', async () => {
  const noQuorum: FakeEtcd['answer'] = ({ path }) =>
    path === '/members' ? undefined : refusal('etcdserver: request timed out');
  etcd.answer = noQuorum;
  expect(await observeEtcd(sources('etcd-1', 'etcd-2'), { timeoutMs: 0 })).toEqual({
    state: 'unavailable',
    bootstrapped: true,
  });
  expect(ports.slice(2)).toEqual([2380, 2380]);
  etcd.members = names.map((name) => gatewayMember(name, { clientURLs: [] }));
  expect(await observeEtcd(sources('etcd-1', 'etcd-2'))).toEqual({
    state: 'unavailable',
    bootstrapped: false,
  });
});

it('members whose certificates have expired are neither absent nor lost, and not waited for', async () => {
  const old = await etcdPki(['etcd-1', 'etcd-2']);
  const fake = await startEtcd(
    old,
    names.map((name) => gatewayMember(name)),
  );
  let asked = 0;
  const of = (...some: readonly string[]): EtcdSource[] =>
    sources(...some).map((each) => ({
      ...each,
      credentials: old.credentials,
      reader: {
        ...each.reader,
        forward: () => {
          asked += 1;
          return fake.connect();
        },
      },
    }));
  expect(await observeEtcd(of('etcd-1', 'etcd-2'))).toEqual({
    ...{ state: 'unavailable', bootstrapped: true, expired: ['etcd-1', 'etcd-2'] },
  });
  expect(asked).toBe(2);
  // One that answers through the quorum proves that there is one.
  expect(await observeEtcd(of(...names))).toMatchObject({ state: 'present', healthy: new Set(['103']) });
  await fake.close();
});

it('waits for an election or a start', async () => {
  let asked = 0;
  etcd.answer = ({ path }) =>
    path !== '/members' && (asked += 1) <= 4 ? refusal('etcdserver: leader changed') : undefined;
  expect(await observeEtcd(sources('etcd-1', 'etcd-2'))).toMatchObject({ state: 'present' });
  expect(asked).toBe(6);
});

it('a list that was asked for earlier counts; of anything else the member is asked again', async () => {
  const [list] = await Promise.all(sources('etcd-1').map(askMember));
  ports = [];
  const early = new Map([
    ['etcd-1', Promise.resolve(list)],
    ['etcd-2', Promise.resolve('nothing' as const)],
    ['etcd-3', Promise.resolve(undefined)],
  ]);
  expect(await observeEtcd(sources(...names), { asked: early })).toMatchObject({
    state: 'present',
    healthy: new Set(['101', '102', '103']),
  });
  expect(ports).toEqual([2379, 2379]);
});

it('a member that does not respond may have been founded: unknown is not absent', async () => {
  etcd.members = names.map((name) => gatewayMember(name, { clientURLs: [] }));
  etcd.answer = ({ host, path }) =>
    host === 'etcd-2'
      ? 'hang up'
      : path === '/members'
        ? undefined
        : refusal('etcdserver: request timed out');
  expect(await observeEtcd(sources('etcd-1', 'etcd-2'), { timeoutMs: 0 })).toEqual({
    state: 'unavailable',
    bootstrapped: true,
  });
});

it('probes a host that looked empty again once its member has started', async () => {
  const host = (name: string, data: EtcdHost['data']): EtcdHost => ({
    name,
    address: '10.0.0.31',
    peerURL: 'https://10.0.0.31:2380',
    data,
    startedWith: undefined,
  });
  const asked: string[] = [];
  const answers: Record<string, string> = { 'etcd-1': 'etcd=present', 'etcd-2': 'etcd=absent', 'etcd-3': '' };
  const members = names.map((name) => ({
    id: name,
    name,
    peerURLs: [],
    clientURLs: ['https://10.0.0.31:2379'],
    isLearner: false,
  }));
  const seen = { state: 'present' as const, members, healthy: new Set<string>() };
  const hosts = [...names, 'etcd-4'].map((name) => host(name, 'absent'));
  const confirmed = await confirmEmpty(hosts, seen, (name) => ({
    host: name,
    stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    forward: () => Promise.reject(new Error('not in this test')),
    read: () => {
      asked.push(name);
      return Promise.resolve({ stdout: `${answers[name] ?? ''}\n`, stderr: '', exitCode: 0 });
    },
  }));
  expect(confirmed.map(({ data }) => data)).toEqual(['present', 'absent', 'unknown', 'absent']);
  expect(asked).toEqual(names);
});
