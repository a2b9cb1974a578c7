import https from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { EtcdCredentials } from '../../src/etcd/client.ts';
import { issueCa } from '../../src/pki/issue.ts';
import { generateRsaKey } from '../../src/pki/keys.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import { caSpec, context, host, leafSpec, makeLeaf, sampleCluster } from '../samples/pki.ts';

export const etcdNames = ['etcd-1', 'etcd-2', 'etcd-3', 'etcd-4', 'etcd-5'] as const;

/** A member as the JSON gateway encodes it: empty and false fields are omitted. */
export interface GatewayMember {
  readonly ID: string;
  readonly name?: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs?: readonly string[];
  readonly isLearner?: boolean;
}

export interface EtcdRequest {
  /** The member that received the request. */
  readonly host: string;
  /** The last part of the path: `list`, `add`, `promote`, … */
  readonly verb: string;
  readonly path: string;
  readonly body: unknown;
}

/** A response; `cut`: the connection ends after this much of the body. */
export interface EtcdAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly cut?: boolean;
}

/** An etcd cluster in this process: every member's client and peer port over TLS with client certificates. */
export interface FakeEtcd {
  readonly port: number;
  members: readonly GatewayMember[];
  readonly requests: EtcdRequest[];
  /** Overrides etcd's answer; undefined: no override; 'hang up': the connection ends. */
  answer: (request: EtcdRequest) => EtcdAnswer | 'hang up' | undefined;
  /** A stream as a host's `forward` returns it. */
  connect(): Promise<Duplex>;
  /** Closes all connections, from etcd's side. */
  closeConnections(how: 'end' | 'destroy'): Promise<void>;
  close(): Promise<void>;
}

export interface EtcdPki {
  readonly credentials: EtcdCredentials;
  readonly servers: ReadonlyMap<string, KeyPair>;
}

/** A CA, a server certificate for each of etcdNames, and kboot's client certificate; of `expired`, one that has expired. */
export async function etcdPki(expired: readonly string[] = []): Promise<EtcdPki> {
  const hosts = etcdNames.map((name, index) => host(name, `10.0.0.${31 + index}`, 'etcd'));
  const cluster = sampleCluster({ hosts });
  const using = { ...context, now: new Date() };
  // Its own key: with a shared key, one CA's certificates would verify against another CA.
  const key = await generateRsaKey();
  const ca = { cert: issueCa(caSpec(cluster, 'etcd-ca'), key, using), key };
  const leaf = (id: string, name: string): Promise<KeyPair> =>
    makeLeaf(
      leafSpec(cluster, id, name),
      ca,
      expired.includes(name) && id === 'etcd-server' ? { ...using, now: new Date('2020-01-01') } : using,
    );
  const servers = new Map<string, KeyPair>();
  for (const name of etcdNames) servers.set(name, await leaf('etcd-server', name));
  const client = await leaf('etcd-healthcheck-client', 'etcd-1');
  return { servers, credentials: { caPem: ca.cert, certificatePem: client.cert, keyPem: client.key } };
}

/** A member that has started and votes; `more` overrides fields. */
export function gatewayMember(name: string, more: Partial<GatewayMember> = {}): GatewayMember {
  const index = name.replace('etcd-', '');
  return {
    ID: `10${index}`,
    name,
    peerURLs: [`https://10.0.0.3${index}:2380`],
    clientURLs: [`https://10.0.0.3${index}:2379`],
    ...more,
  };
}

export async function startEtcd(pki: EtcdPki, members: readonly GatewayMember[]): Promise<FakeEtcd> {
  const sockets = new Set<Socket>();
  const server = https.createServer(
    {
      ca: pki.credentials.caPem,
      requestCert: true,
      rejectUnauthorized: true,
      SNICallback(name, done) {
        done(null, tls.createSecureContext({ ...pki.servers.get(name), ca: pki.credentials.caPem }));
      },
    },
    (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const path = incoming.url ?? '';
        const request: EtcdRequest = {
          host: (incoming.socket as unknown as { servername: string }).servername,
          verb: path.slice(path.lastIndexOf('/') + 1),
          path,
          body: text === '' ? undefined : JSON.parse(text),
        };
        etcd.requests.push(request);
        const answer = etcd.answer(request) ?? usual(etcd, request);
        if (answer === 'hang up') {
          incoming.socket.destroy();
          return;
        }
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.write(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
        if (answer.cut === true) setTimeout(() => incoming.socket.destroy(), 50);
        else response.end();
      });
    },
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  const secured = new Set<tls.TLSSocket>();
  server.on('secureConnection', (socket: tls.TLSSocket) => secured.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const etcd: FakeEtcd = {
    port,
    members,
    requests: [],
    answer: () => undefined,
    connect: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, noDelay: true });
        socket.once('connect', () => {
          resolve(socket);
        });
        socket.once('error', reject);
      }),
    async closeConnections(how) {
      for (const socket of secured) socket[how]();
      await new Promise((resolve) => setTimeout(resolve, 50));
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
  return etcd;
}

/** etcd's answer to a change that it refuses. */
export function refusal(message: string): EtcdAnswer {
  return { status: 503, body: { error: message, code: 14, message } };
}

/** etcd's handling of a request, as far as kboot needs it. */
function usual(etcd: FakeEtcd, { path, body }: EtcdRequest): EtcdAnswer {
  const ok = (answer: object): EtcdAnswer => ({
    status: 200,
    body: { header: { revision: '1' }, ...answer },
  });
  const { ID, peerURLs } = (body ?? {}) as { ID?: string; peerURLs?: readonly string[] };
  switch (path) {
    case '/members':
      return { status: 200, body: etcd.members };
    case '/v3/cluster/member/list':
      return ok({ members: etcd.members });
    case '/v3/cluster/member/add': {
      const member = { ID: `${200 + etcd.members.length}`, peerURLs: peerURLs ?? [], isLearner: true };
      etcd.members = [...etcd.members, member];
      return ok({ member, members: etcd.members });
    }
    case '/v3/cluster/member/promote':
      etcd.members = etcd.members.map((each) => (each.ID === ID ? { ...each, isLearner: false } : each));
      return ok({ members: etcd.members });
    case '/v3/cluster/member/remove':
      etcd.members = etcd.members.filter((each) => each.ID !== ID);
      return ok({ members: etcd.members });
    case '/v3/kv/range':
      return ok({});
    default:
      return { status: 404, body: 'Not Found' };
  }
}
