import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEtcd, type EtcdClient } from '../../src/etcd/client.ts';
import { countStored, storedAs } from '../../src/etcd/stored-as.ts';
import { etcdPki, startEtcd, type EtcdRequest, type FakeEtcd } from './fake-etcd.ts';

describe('storedAs', () => {
  it.each([
    ['k8s:enc:secretbox:v1:key1:\u0000\u0001', 'secretbox:key1'],
    ['k8s:enc:aescbc:v1:key-2.a:…', 'aescbc:key-2.a'],
    ['k8s:enc:kms:v2:vault:…', 'kms:vault'],
    ['k8s\u0000\n\f', 'identity'],
    ['{"kind":"Secret"}', 'identity'],
    ['', 'identity'],
    ['k8s:enc:new', 'unknown:new'],
  ])('%j is %s', (value, way) => {
    expect(storedAs(Buffer.from(value, 'latin1'))).toBe(way);
  });
});

interface Compare {
  readonly result: 'GREATER' | 'LESS';
  readonly value: string;
}

/** A member that holds these values under /registry/secrets/, and compares and pages as etcd does. */
function answering(values: readonly Buffer[]): FakeEtcd['answer'] {
  const bytes = (text: unknown): Buffer => Buffer.from(text as string, 'base64');
  const kvs = values.map((value, index) => ({
    key: Buffer.from(`/registry/secrets/ns/${String(index).padStart(4, '0')}`),
    value,
  }));
  return ({ path, body }: EtcdRequest) => {
    const header = { cluster_id: '1' };
    if (path === '/v3/kv/txn') {
      const holds = ({ result, value }: Compare): boolean =>
        kvs.length > 0 &&
        kvs.every((each) => Buffer.compare(each.value, bytes(value)) === (result === 'GREATER' ? 1 : -1));
      const { compare } = body as { compare: readonly Compare[] };
      return { status: 200, body: { header, ...(compare.every(holds) && { succeeded: true }) } };
    }
    const { key, limit, count_only } = body as { key: string; limit?: string; count_only?: boolean };
    if (count_only === true) return { status: 200, body: { header, count: String(kvs.length) } };
    const page = kvs.filter((each) => Buffer.compare(each.key, bytes(key)) >= 0).slice(0, Number(limit));
    const list = page.map((each) => ({
      key: each.key.toString('base64'),
      value: each.value.toString('base64'),
    }));
    return { status: 200, body: { header, ...(list.length > 0 && { kvs: list }) } };
  };
}

describe('countStored', () => {
  let etcd: FakeEtcd;
  let client: EtcdClient;

  beforeAll(async () => {
    const pki = await etcdPki();
    etcd = await startEtcd(pki, []);
    client = await openEtcd(await etcd.connect(), 'etcd-1', pki.credentials);
  });

  afterAll(async () => {
    client.close();
    await etcd.close();
  });

  const prefixes = {
    identity: 'k8s\0',
    'secretbox:key1': 'k8s:enc:secretbox:v1:key1:',
    'secretbox:key10': 'k8s:enc:secretbox:v1:key10:',
    'aescbc:key1': 'k8s:enc:aescbc:v1:key1:',
    'kms:vault': 'k8s:enc:kms:v2:vault:',
  } as const;
  const ways = Object.keys(prefixes) as (keyof typeof prefixes)[];

  it('counts every way, whatever was expected', async () => {
    const stored = fc.array(
      fc.record({ way: fc.constantFrom(...ways), rest: fc.uint8Array({ maxLength: 5 }) }),
      {
        maxLength: 130,
      },
    );
    await fc.assert(
      fc.asyncProperty(stored, fc.boolean(), fc.constantFrom(...ways), async (all, alike, expected) => {
        const list = alike ? all.map((each) => ({ ...each, way: expected })) : all;
        etcd.answer = answering(
          list.map(({ way, rest }) => Buffer.concat([Buffer.from(prefixes[way]), rest, Buffer.from([7])])),
        );
        const counts = new Map<string, number>();
        for (const { way } of list) counts.set(way, (counts.get(way) ?? 0) + 1);
        expect(await countStored(client, '/registry/secrets/', expected)).toEqual(counts);
      }),
      { numRuns: 40 },
    );
  });

  it('transfers no value if all are stored as expected', async () => {
    etcd.answer = answering(Array.from({ length: 200 }, () => Buffer.from('k8s:enc:secretbox:v1:key1:x')));
    etcd.requests.length = 0;
    await countStored(client, '/registry/secrets/', 'secretbox:key1');
    expect(
      etcd.requests.map(({ path, body }) => [path, (body as { count_only?: boolean }).count_only]),
    ).toEqual([
      ['/v3/kv/txn', undefined],
      ['/v3/kv/range', true],
    ]);
  });
});
