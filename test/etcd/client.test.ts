import { Duplex } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEtcd, type EtcdClient } from '../../src/etcd/client.ts';
import { everServed } from '../../src/etcd/peer.ts';
import { etcdPki, gatewayMember, refusal, startEtcd, type EtcdPki, type FakeEtcd } from './fake-etcd.ts';

let pki: EtcdPki;
let etcd: FakeEtcd;
let client: EtcdClient;

beforeAll(async () => {
  pki = await etcdPki();
}, 60_000);
beforeEach(async () => {
  etcd = await startEtcd(
    pki,
    ['etcd-1', 'etcd-2'].map((name) => gatewayMember(name)),
  );
  client = await openEtcd(await etcd.connect(), 'etcd-1', pki.credentials);
});
afterEach(async () => {
  client.close();
  await etcd.close();
});

describe('openEtcd', () => {
  it('refuses a member whose certificate another CA signed', async () => {
    const other = await etcdPki();
    await expect(openEtcd(await etcd.connect(), 'etcd-1', other.credentials)).rejects.toMatchObject({
      code: 'E-ETCD',
      context: { host: 'etcd-1' },
    });
    expect(etcd.requests).toEqual([]);
  });

  it("refuses another member's certificate", async () => {
    const swapped = { ...pki, servers: new Map([['etcd-1', pki.servers.get('etcd-2') ?? fail()]]) };
    const wrong = await startEtcd(swapped, []);
    try {
      await expect(openEtcd(await wrong.connect(), 'etcd-1', pki.credentials)).rejects.toThrow(
        /etcd-1.*altnames/s,
      );
    } finally {
      await wrong.close();
    }
  });

  it('reports that the other side closed the connection at once', async () => {
    const stream = await etcd.connect();
    const opening = openEtcd(stream, 'etcd-1', pki.credentials);
    stream.destroy();
    await expect(opening).rejects.toMatchObject({ code: 'E-ETCD' });
  });
});

describe('a member that answers nonsense', () => {
  it.each([
    ['members', (it: EtcdClient): Promise<unknown> => it.members(), { members: 5 }],
    ['members', (it: EtcdClient): Promise<unknown> => it.members(), { members: [null] }],
    ['members', (it: EtcdClient): Promise<unknown> => it.members(), null],
    ['state', (it: EtcdClient): Promise<unknown> => it.state(), {}],
    ['state', (it: EtcdClient): Promise<unknown> => it.state(), { header: 7, version: [] }],
    ['alarms', (it: EtcdClient): Promise<unknown> => it.alarms(), { alarms: {} }],
    ['countKeys', (it: EtcdClient): Promise<unknown> => it.countKeys('/a/'), { count: '1' }],
    ['value', (it: EtcdClient): Promise<unknown> => it.value('/a'), { kvs: 'x' }],
  ])('%s: E-ETCD of its host', async (_what, ask, body) => {
    etcd.answer = () => ({ status: 200, body });
    await expect(ask(client)).rejects.toMatchObject({ code: 'E-ETCD', context: { host: 'etcd-1' } });
  });

  it('pages that repeat themselves end', async () => {
    const kvs = Array.from({ length: 50 }, () => ({
      key: Buffer.from('/a/1').toString('base64'),
      value: '',
    }));
    etcd.answer = () => ({ status: 200, body: { kvs } });
    const reading = (async () => {
      for await (const value of client.values('/a/')) expect(value).toHaveLength(0);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'E-ETCD' });
  });
});

describe('members', () => {
  it('are read through the quorum, and fields that the gateway omits are empty', async () => {
    etcd.members = [
      gatewayMember('etcd-1'),
      { ID: '7', peerURLs: ['https://10.0.0.33:2380'], isLearner: true },
    ];
    expect(await client.members()).toEqual([
      {
        id: '101',
        name: 'etcd-1',
        peerURLs: ['https://10.0.0.31:2380'],
        clientURLs: ['https://10.0.0.31:2379'],
        isLearner: false,
      },
      { id: '7', name: '', peerURLs: ['https://10.0.0.33:2380'], clientURLs: [], isLearner: true },
    ]);
    expect(etcd.requests).toMatchObject([{ host: 'etcd-1', verb: 'list', body: { linearizable: true } }]);
  });

  it('are added as learners, promoted and removed by id', async () => {
    const added = await client.addLearner('https://10.0.0.33:2380');
    expect(added).toMatchObject({ name: '', isLearner: true, peerURLs: ['https://10.0.0.33:2380'] });
    expect(etcd.requests[0]?.body).toEqual({ peerURLs: ['https://10.0.0.33:2380'], isLearner: true });
    expect(await client.promote(added.id)).toBe(true);
    expect(etcd.members.map(({ isLearner }) => isLearner ?? false)).toEqual([false, false, false]);
    await client.remove(added.id);
    expect(etcd.members).toHaveLength(2);
  });

  it.each([
    'etcdserver: can only promote a learner member which is in sync with leader',
    'etcdserver: unhealthy cluster',
  ])('a promotion that is too early is no error: %s', async (message) => {
    etcd.answer = () => refusal(message);
    expect(await client.promote('201')).toBe(false);
  });

  it("another refusal is E-ETCD in etcd's words", async () => {
    etcd.answer = () => refusal('etcdserver: member not found');
    await expect(client.promote('9')).rejects.toMatchObject({
      code: 'E-ETCD',
      message: 'etcd on etcd-1: /v3/cluster/member/promote: etcdserver: member not found',
    });
    etcd.answer = () => ({ status: 502, body: '<html>a proxy</html>' });
    await expect(client.remove('9')).rejects.toMatchObject({
      message: expect.stringContaining('<html>a proxy</html>') as unknown,
      context: { host: 'etcd-1', httpStatus: 502 },
    });
  });

  it('a connection that ends is E-ETCD, also for later requests', async () => {
    etcd.answer = () => 'hang up';
    await expect(client.members()).rejects.toMatchObject({ code: 'E-ETCD' });
    etcd.answer = () => undefined;
    await expect(client.members()).rejects.toMatchObject({ code: 'E-ETCD' });
  });
});

it.each(['end', 'destroy'] as const)(
  'a request after etcd closed the connection (%s) fails, and does not wait',
  async (how) => {
    // As a channel of SSH: not a socket.
    const stream = await etcd.connect();
    const channel = Duplex.from({ readable: stream, writable: stream });
    const own = await openEtcd(channel, 'etcd-1', pki.credentials);
    expect(await own.healthy()).toBe(true);
    // As etcd does when it stops, between two requests.
    await etcd.closeConnections(how);
    expect(await own.healthy()).toBe(false);
    own.close();
  },
  // Less than the time in which a member must answer.
  8_000,
);

describe('healthy', () => {
  it('means a read through the quorum', async () => {
    expect(await client.healthy()).toBe(true);
    expect(etcd.requests[0]?.body).not.toHaveProperty('serializable');
    etcd.answer = () => refusal('etcdserver: no leader');
    expect(await client.healthy()).toBe(false);
  });
});

describe('maintenance', () => {
  it("a member's own state needs no quorum, and what the gateway omits is zero", async () => {
    etcd.answer = () => ({
      status: 200,
      body: {
        header: { member_id: '101', revision: '1000002004' },
        ...{ version: '3.6.8', dbSize: '815104', raftAppliedIndex: '2007', raftTerm: '2' },
      },
    });
    expect(await client.state()).toEqual({
      ...{ id: '101', version: '3.6.8', leader: '0', dbSize: 815_104, dbSizeInUse: 0 },
      ...{ raftAppliedIndex: 2007, raftTerm: 2, revision: 1_000_002_004, isLearner: false },
    });
    await client.members('known').catch(() => []);
    expect(etcd.requests.at(-1)?.body).toEqual({ linearizable: false });
  });

  it('reads and disarms alarms, and defragments', async () => {
    etcd.answer = ({ path }) => ({
      status: 200,
      body: path.endsWith('alarm')
        ? { alarms: [{ memberID: '101', alarm: 'NOSPACE' }, { memberID: '7' }] }
        : {},
    });
    expect(await client.alarms()).toEqual([{ memberId: '101', alarm: 'NOSPACE' }]);
    await client.disarm({ memberId: '101', alarm: 'NOSPACE' });
    await client.defragment();
    expect(etcd.requests.map(({ verb, body }) => [verb, body])).toEqual([
      ['alarm', { action: 'GET' }],
      ['alarm', { action: 'DEACTIVATE', memberID: '101', alarm: 'NOSPACE' }],
      ['defragment', {}],
    ]);
  });
});

describe('snapshot', () => {
  const line = (blob: string): string =>
    `${JSON.stringify({ result: { blob: Buffer.from(blob).toString('base64') } })}\n`;
  const taken = async (): Promise<string> => {
    const blobs: Buffer[] = [];
    for await (const blob of client.snapshot()) blobs.push(blob);
    return Buffer.concat(blobs).toString();
  };

  it('is every blob in order, however the lines are split', async () => {
    const long = 'x'.repeat(300_000);
    etcd.answer = () => ({ status: 200, body: line('one ') + line(long) + line(' two').trimEnd() });
    expect(await taken()).toBe(`one ${long} two`);
  });

  it.each([
    [
      'with an error',
      { status: 200, body: `${line('a')}{"error":{"message":"disk on fire"}}\n` },
      /disk on fire/,
    ],
    ['within a line', { status: 200, body: line('a').slice(0, 20), cut: true }, /etcd-1/],
    ['between lines', { status: 200, body: line('a'), cut: true }, /etcd-1/],
    ['before it begins', { status: 503, body: '{}' }, /status 503/],
  ])('that breaks off %s is no snapshot', async (_title, answer, message) => {
    etcd.answer = () => answer;
    await expect(taken()).rejects.toMatchObject({ code: 'E-ETCD' });
    client = await openEtcd(await etcd.connect(), 'etcd-1', pki.credentials);
    await expect(taken()).rejects.toThrow(message);
  });
});

describe('everServed', () => {
  const asked = async (): Promise<boolean> => everServed(await etcd.connect(), 'etcd-1', pki.credentials);

  it('is derived from client URLs, which members publish through their first quorum', async () => {
    expect(await asked()).toBe(true);
    etcd.members = ['etcd-1', 'etcd-2'].map((name) => gatewayMember(name, { clientURLs: [] }));
    expect(await asked()).toBe(false);
    etcd.answer = () => ({ status: 200, body: [{ id: 1, clientURLs: null }] });
    expect(await asked()).toBe(false);
  });

  it('an invalid answer is an error, never a no', async () => {
    etcd.answer = () => ({ status: 404, body: 'not here' });
    await expect(asked()).rejects.toMatchObject({ code: 'E-ETCD' });
    etcd.answer = () => ({ status: 200, body: 'not JSON' });
    await expect(asked()).rejects.toThrow();
  });
});

function fail(): never {
  throw new Error('no such certificate');
}
