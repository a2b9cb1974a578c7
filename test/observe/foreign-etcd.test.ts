import type { Duplex } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EtcdCredentials } from '../../src/etcd/client.ts';
import { KbootError } from '../../src/model/error.ts';
import { observeForeignEtcd } from '../../src/observe/foreign-etcd.ts';
import { clusterIdOf } from '../../src/pki/digest.ts';
import type { EtcdAnswer } from '../../src/observe/foreign-etcd.ts';
import type { Reader } from '../../src/transport/types.ts';
import { etcdPki, startEtcd, type FakeEtcd } from '../etcd/etcd-server.ts';

let pki: Awaited<ReturnType<typeof etcdPki>>;
let stranger: Awaited<ReturnType<typeof etcdPki>>;
let etcd: FakeEtcd;
let asked: string[];

beforeAll(async () => {
  [pki, stranger] = await Promise.all([etcdPki(), etcdPki()]);
}, 60_000);
beforeEach(async () => {
  etcd = await startEtcd(pki.server, pki.credentials.caPem);
  asked = [];
});
afterEach(() => etcd.close());

function reader(host: string, forward: () => Promise<Duplex> = () => etcd.connect()): Reader {
  return {
    host,
    stats: { connections: 0, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    read: () => Promise.reject(new Error('nothing is executed')),
    forward: (address, port) => {
      asked.push(`${host} ${address} ${port}`);
      return forward();
    },
  };
}
const ask = (
  credentials: EtcdCredentials = pki.credentials,
  endpoint = 'https://127.0.0.1:2379',
  prefix = '/registry',
): Promise<readonly EtcdAnswer[]> => observeForeignEtcd([reader('cp-1')], [endpoint], credentials, prefix);
const why = async (answers: Promise<readonly EtcdAnswer[]>): Promise<string> => {
  const [first] = await answers;
  return first?.answer.kind === 'unavailable' ? first.answer.why : 'answers';
};

describe('querying an external etcd', () => {
  it('reports its version, its identity, and that it is empty', async () => {
    etcd.keys.set('/other/x', '1').set('/registry0', '2');
    expect(await ask()).toEqual([
      {
        host: 'cp-1',
        endpoint: 'https://127.0.0.1:2379',
        answer: {
          kind: 'answers',
          version: '3.6.8',
          clusterId: '14841639068965178418',
          keys: 0,
          owner: undefined,
        },
      },
    ]);
  });

  it('identifies the owner of the keys by the CA in cluster-info, as the API server stores it', async () => {
    const ca = pki.credentials.caPem;
    const data = Buffer.from(ca).toString('base64');
    etcd.keys.set('/registry/namespaces/default', 'k8s\0…');
    const info = '/registry/configmaps/kube-public/cluster-info';
    etcd.keys.set(
      info,
      `k8s\0\nkubeconfig\x12\xffclusters:\n- cluster:\n    certificate-authority-data: ${data}\n    server: x\n`,
    );
    expect((await ask())[0]?.answer).toMatchObject({ keys: 2, owner: clusterIdOf(ca) });
    etcd.keys.set(info, 'k8s:enc:aescbc:v1:key1:…');
    expect((await ask())[0]?.answer).toMatchObject({ keys: 2, owner: undefined });
  });

  it('looks under the prefix that the API servers use', async () => {
    etcd.keys.set('/prod/namespaces/default', '1');
    expect((await ask(pki.credentials, undefined, '/prod'))[0]?.answer).toMatchObject({ keys: 1 });
  });

  it('queries every endpoint from every host, by name or address', async () => {
    const endpoints = ['https://localhost:2379', 'https://[::1]:2479'];
    const answers = await observeForeignEtcd(
      [reader('a'), reader('b')],
      endpoints,
      pki.credentials,
      '/registry',
    );
    expect(answers.map(({ answer }) => answer.kind)).toEqual(['answers', 'answers', 'answers', 'answers']);
    expect(asked.sort()).toEqual(['a ::1 2479', 'a localhost 2379', 'b ::1 2479', 'b localhost 2379']);
  });

  it('explains TLS errors in plain words', async () => {
    expect(await why(ask({ ...pki.credentials, caPem: stranger.credentials.caPem }))).toBe(
      'its certificate is not signed by the CA in caFile',
    );
    expect(await why(ask(pki.credentials, 'https://10.0.0.9:2379'))).toBe(
      'its certificate is not valid for this name or address',
    );
    // Node's server closes the connection where etcd sends an alert first.
    const { certificatePem, keyPem } = stranger.credentials;
    expect(await why(ask({ ...pki.credentials, certificatePem, keyPem }))).toMatch(
      /it rejected the client certificate in certFile|it may not trust the CA of certFile/,
    );
  });

  it('otherwise passes on the message of etcd or the host', async () => {
    etcd.answer = () => [403, { code: 7, message: 'etcdserver: permission denied' }];
    expect(await why(ask())).toContain('permission denied');
    etcd.answer = () => [503, { code: 14, message: 'etcdserver: no leader' }];
    expect(await why(ask())).toContain('no leader');
    const refused = (): Promise<Duplex> =>
      Promise.reject(
        new KbootError('E-CONNECT', 'no connection', {
          detail: '(SSH) Channel open failure: Connection refused',
        }),
      );
    const answers = observeForeignEtcd(
      [reader('cp-1', refused)],
      ['https://10.0.0.1:2379'],
      pki.credentials,
      '/r',
    );
    expect(await why(answers)).toBe('Connection refused');
  });
});
