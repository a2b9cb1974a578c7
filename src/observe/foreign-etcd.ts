import { openEtcd, type EtcdClient, type EtcdCredentials } from '../etcd/client.ts';
import { clusterIdOf } from '../pki/digest.ts';
import type { Reader } from '../transport/types.ts';
import { whyNot } from './why.ts';

/** What one control-plane host heard from one endpoint of an etcd that someone else runs. */
export interface EtcdAnswer {
  readonly host: string;
  readonly endpoint: string;
  readonly answer:
    | { readonly kind: 'unavailable'; readonly why: string }
    | {
        readonly kind: 'answers';
        /** `3.6.8` */
        readonly version: string;
        /** Of the etcd cluster. */
        readonly clusterId: string;
        /** Under the prefix. */
        readonly keys: number;
        /** kboot's ID of the Kubernetes cluster that the keys are of; undefined: they do not tell. */
        readonly owner: string | undefined;
      };
}

/**
 * Queries every endpoint from every host, concurrently: whether it responds, and which keys it holds under `prefix`
 * (`/registry`). Reads only.
 */
export async function observeForeignEtcd(
  readers: readonly Reader[],
  endpoints: readonly string[],
  credentials: EtcdCredentials,
  prefix: string,
): Promise<readonly EtcdAnswer[]> {
  return await Promise.all(
    readers.flatMap((reader) =>
      endpoints.map(async (endpoint): Promise<EtcdAnswer> => {
        let client: EtcdClient | undefined;
        try {
          client = await openEndpoint(reader, endpoint, credentials);
          const version = await client.version();
          const look = await client.countKeys(`${prefix}/`);
          const info =
            look.keys === 0 ? undefined : await client.value(`${prefix}/configmaps/kube-public/cluster-info`);
          const owner = info && ownerOf(info);
          return { host: reader.host, endpoint, answer: { kind: 'answers', version, owner, ...look } };
        } catch (cause) {
          return { host: reader.host, endpoint, answer: { kind: 'unavailable', why: whyOf(cause) } };
        } finally {
          client?.close();
        }
      }),
    ),
  );
}

/** Connects from a host to an endpoint, such as `https://[fd00::31]:2379`. Rejects with KbootError. */
export async function openEndpoint(
  reader: Reader,
  endpoint: string,
  credentials: EtcdCredentials,
): Promise<EtcdClient> {
  const { hostname, port } = new URL(endpoint);
  const host = hostname.replace(/^\[|\]$/g, '');
  return await openEtcd(await reader.forward(host, port === '' ? 443 : Number(port)), host, credentials);
}

/**
 * ID of the cluster whose CA is in the ConfigMap cluster-info. The ConfigMap is stored as protobuf, which holds its
 * kubeconfig as text; undefined if it is encrypted at rest.
 */
export function ownerOf(info: Buffer): string | undefined {
  const [, data = ''] = /certificate-authority-data: "?([A-Za-z0-9+/=]+)/.exec(info.toString('latin1')) ?? [];
  try {
    return clusterIdOf(Buffer.from(data, 'base64').toString('latin1'));
  } catch {
    return undefined;
  }
}

const meanings: readonly (readonly [RegExp, string])[] = [
  [/altname|does not match certificate/i, 'its certificate is not valid for this name or address'],
  [
    /self[- ]signed|unable to (verify|get)|UNABLE_TO|certificate signature failure/i,
    'its certificate is not signed by the CA in caFile',
  ],
  [/certificate has expired|CERT_HAS_EXPIRED/i, 'its certificate has expired'],
  [
    /alert (bad|unknown|unsupported) c(ertificate|a)|certificate required|certificate unknown|alert number (42|46|48|116)/i,
    'it rejected the client certificate in certFile',
  ],
  [
    /socket hang up|ECONNRESET/,
    'it closed the connection after the TLS handshake: it may not trust the CA of certFile',
  ],
  [/wrong version number|packet length too long/i, 'it does not speak TLS'],
  [
    /permission denied/i,
    "the client certificate's user is not allowed to read these keys (permission denied)",
  ],
];

function whyOf(cause: unknown): string {
  const said = whyNot(cause).replace(/^etcd on \S+: /, '');
  return meanings.find(([pattern]) => pattern.test(said))?.[1] ?? said;
}
