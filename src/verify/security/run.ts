import { apiServerPort, etcdClientPort, loopback } from '../../desire/text/address.ts';
import { securityFilesOf } from '../../desire/text/hardened.ts';
import { etcdPrefix } from '../../desire/text/kube-apiserver.ts';
import { kubeletPort } from '../../desire/text/kubelet-settings.ts';
import type { EtcdClient } from '../../etcd/client.ts';
import { storedAs } from '../../etcd/stored-as.ts';
import { refused, type KubeClient, type KubeCredentials } from '../../kube/client.ts';
import { wantedFor } from '../../model/encryption.ts';
import { addressesOf, etcdHosts, hostsWith, nodes, type Host } from '../../model/cluster.ts';
import { isAudited } from '../../model/security.ts';
import { quote } from '../../model/shell.ts';
import { removeNamespace } from '../namespace.ts';
import { pause } from '../kube.ts';
import { distrust, getStatus, takesWeakTls, type Server } from './server.ts';
import { eventRateLimit } from './event-rate-limit.ts';
import { bootstrapToken, tokenExtension, tokenLifetime } from './tokens.ts';
import { networkPolicyDrops, type NetworkPolicyInput } from './network-policy.ts';
import type { Found, SecurityCheck, SecurityResult } from './types.ts';

/** `namespace`: its own, made for the checks and removed. */
export interface SecurityInput extends NetworkPolicyInput {
  /** The API server of a control plane. */
  readonly kubeOf: (host: Host) => Promise<KubeClient>;
  readonly credentials: KubeCredentials;
  /** A client certificate for the etcd member of a host; undefined: none is issued. */
  readonly etcdCredentials: (host: string) => KubeCredentials | undefined;
  /** A member that answers. */
  readonly etcd: () => Promise<EtcdClient | undefined>;
  onResult(result: SecurityResult): void;
}

const good = (found: string): Found => ({ ok: true, found });
const bad = (found: string): Found => ({ ok: false, found });

/**
 * Asks the servers of the cluster themselves what they do. Creates a Secret in a namespace of its own, which is removed
 * again. What cannot be found out is a result that is not ok. Throws KbootError E-KUBE-API if the namespace cannot be made.
 */
export async function verifySecurity(input: SecurityInput): Promise<readonly SecurityResult[]> {
  const { kube, namespace } = input;
  const results: SecurityResult[] = [];
  const take = (result: SecurityResult): void => {
    results.push(result);
    input.onResult(result);
  };
  const made = await kube.request('POST', '/api/v1/namespaces', {
    body: {
      ...{ apiVersion: 'v1', kind: 'Namespace' },
      metadata: { name: namespace, labels: { 'app.kubernetes.io/managed-by': 'kboot' } },
    },
  });
  if (made.status !== 201) throw refused(`creating Namespace ${namespace}`, made);
  try {
    for (const { check, on, promised, look } of checksOf(input)) {
      const found = await look().catch((error: unknown) =>
        bad(error instanceof Error ? error.message : String(error)),
      );
      take({ check, on, promised, ...found });
    }
  } finally {
    await removeNamespace(kube, namespace, 60_000);
  }
  return results;
}

interface Check {
  readonly check: SecurityCheck;
  readonly on: string;
  readonly promised: boolean;
  readonly look: () => Promise<Found>;
}

function checksOf(input: SecurityInput): readonly Check[] {
  const { cluster, credentials } = input;
  const { security } = cluster;
  const planes = hostsWith(cluster, 'control-plane').filter(({ name }) => input.readers.has(name));
  const members = etcdHosts(cluster).filter(({ name }) => input.readers.has(name));
  const kubelets = nodes(cluster).filter(({ name }) => input.readers.has(name));
  const [from, target] = kubelets.slice(-2);
  const enforcing = from === undefined || target === undefined ? undefined : ([from, target] as const);
  const files = securityFilesOf(cluster);
  const server = (host: Host, name: string, port: number, address = host.address): Server => ({
    ...{ host: host.name, name, address, port },
    open: () => {
      const reader = input.readers.get(host.name);
      return reader === undefined
        ? Promise.reject(new Error(`${host.name} is not connected`))
        : reader.forward(address, port);
    },
  });
  const apiServers = planes.map((host) => server(host, 'kube-apiserver', apiServerPort));
  const ofPlanes = planes.flatMap((host) => [
    server(host, 'kube-controller-manager', 10257, loopback(host.address)),
    server(host, 'kube-scheduler', 10259, loopback(host.address)),
  ]);
  const ofKubelets = kubelets.map((host) => server(host, 'kubelet', kubeletPort(cluster, host)));
  const ofEtcd = members.map((host) => server(host, 'etcd', etcdClientPort));
  const titled = ({ host, name }: Server): string => `${host} ${name}`;
  const each = (
    check: SecurityCheck,
    promised: boolean,
    servers: readonly Server[],
    look: (of: Server) => Promise<Found>,
  ): Check[] => servers.map((of) => ({ check, on: titled(of), promised, look: () => look(of) }));
  const once = (check: SecurityCheck, promised: boolean, look: () => Promise<Found>): Check[] => [
    { check, on: 'cluster', promised, look },
  ];
  return [
    ...planes.map((host): Check => ({
      ...{ check: 'audit', on: `${host.name} kube-apiserver` },
      promised: isAudited(security) && files.includes('audit'),
      look: () => audited(input, host),
    })),
    ...once('encryption', cluster.encryption !== undefined, () => encrypted(input)),
    ...once(
      'pod-security',
      security.podSecurity.enforce !== 'privileged' && files.includes('admission'),
      () => privilegedPod(input),
    ),
    ...each(
      'anonymous',
      security.anonymous === 'health' && files.includes('authentication'),
      apiServers,
      anonymous,
    ),
    ...[...apiServers, ...ofPlanes, ...ofKubelets, ...ofEtcd].flatMap((of) =>
      each('tls', security.tls === 'strong', [of], async () => {
        const client = of.name === 'etcd' ? input.etcdCredentials(of.host) : undefined;
        const taken = await takesWeakTls(of, client);
        return taken === undefined ? good('TLS 1.1 and weak ciphers are refused') : bad(`${taken}: accepted`);
      }),
    ),
    ...each('profiling', !security.profiling, [...apiServers, ...ofPlanes], async (of) => {
      const status = await getStatus(of, '/debug/pprof/', credentials);
      return status === 404 ? good('/debug/pprof/ is not served') : bad(`/debug/pprof/ answers ${status}`);
    }),
    ...once('token-lifetime', security.maxTokenSeconds !== undefined, () => tokenLifetime(input)),
    ...once('token-extension', !security.extendTokens, () => tokenExtension(input)),
    ...each('bootstrap-token', !security.bootstrapTokens, apiServers, (of) => bootstrapToken(input.kube, of)),
    ...planes.map((host): Check => ({
      ...{ check: 'event-rate-limit', on: `${host.name} kube-apiserver` },
      promised: security.eventRateLimit && files.includes('admission'),
      look: () =>
        withApi(input, host, (kube) =>
          eventRateLimit(kube, input.namespace, `${input.namespace}-${host.name}`),
        ),
    })),
    ...each('kubelet-certificate', security.kubeletCertificates === 'cluster', ofKubelets, (of) =>
      kubeletCertificate(input, of),
    ),
    ...each('kubelet-anonymous', true, ofKubelets, async (of) => {
      const status = await getStatus(of, '/pods', undefined);
      return status === 401 ? good('/pods without credentials is refused') : bad(`/pods answers ${status}`);
    }),
    ...kubelets.flatMap((host) =>
      each('kubelet-read-only-port', true, [server(host, 'kubelet', 10255)], closed),
    ),
    ...each('etcd-client-certificate', true, ofEtcd, async (of) => {
      const status = await getStatus(of, '/version', undefined).catch(() => undefined);
      return status === undefined
        ? good('clients without a certificate are refused')
        : bad(`a client without a certificate gets ${status}`);
    }),
    ...(enforcing === undefined
      ? []
      : once('network-policy', security.networkPolicy, () =>
          security.networkPolicy
            ? networkPolicyDrops(input, enforcing)
            : Promise.resolve(bad('kboot installs nothing that enforces them')),
        )),
  ];
}

/** Asks the API server of a host. */
async function withApi<T>(
  { kubeOf }: SecurityInput,
  host: Host,
  ask: (kube: KubeClient) => Promise<T>,
): Promise<T> {
  const kube = await kubeOf(host);
  try {
    return await ask(kube);
  } finally {
    kube.close();
  }
}

/** A request that nobody else makes is in the log of the API server that it was made to. */
async function audited(input: SecurityInput, host: Host): Promise<Found> {
  const { cluster, readers, namespace } = input;
  const mark = `${namespace}-${host.name}`;
  await withApi(input, host, (kube) =>
    kube.request('GET', `/api/v1/namespaces/${namespace}/configmaps/${mark}`),
  );
  const { path } = cluster.security.audit;
  const script = `tail -c 4000000 -- ${quote(path)} 2>/dev/null | grep -cF -- ${quote(mark)}`;
  for (let attempt = 0; ; attempt++) {
    const { stdout } = (await readers.get(host.name)?.read(script, { timeoutMs: 10_000 })) ?? { stdout: '' };
    if (Number(stdout) > 0) return good(`a request is in ${path}`);
    if (attempt === 10) return bad(`a request is not in ${path}`);
    await pause(500);
  }
}

/** A new Secret, as etcd has it. */
async function encrypted({ cluster, kube, namespace, etcd }: SecurityInput): Promise<Found> {
  const member = await etcd();
  if (member === undefined) return bad('no member of etcd answers');
  try {
    const made = await kube.request('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'stored' }, stringData: { is: 'this' } },
    });
    if (made.status !== 201) throw refused('creating a Secret', made);
    const value = await member.value(`${etcdPrefix(cluster)}/secrets/${namespace}/stored`);
    if (value === undefined) return bad('etcd does not have a Secret that the API accepted');
    const [how, wanted] = [storedAs(value), wantedFor(cluster, 'secrets')];
    const found = `etcd has a new Secret as ${how === 'identity' ? 'plain text' : how}`;
    return how !== 'identity' && (how === wanted || wanted === 'identity') ? good(found) : bad(found);
  } finally {
    member.close();
  }
}

async function privilegedPod({ kube, namespace }: SecurityInput): Promise<Found> {
  const container = { name: 'pod', image: 'none', securityContext: { privileged: true } };
  const answer = await kube.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
    body: {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'privileged' } },
      spec: { automountServiceAccountToken: false, containers: [container] },
    },
  });
  const { message } = (answer.body ?? {}) as { readonly message?: unknown };
  if (answer.status === 403 && typeof message === 'string' && message.includes('violates PodSecurity'))
    return good('a privileged Pod is refused in a namespace without a label');
  return bad(
    answer.status === 201
      ? 'a privileged Pod is accepted'
      : `the API answers ${answer.status} to a privileged Pod`,
  );
}

async function anonymous(of: Server): Promise<Found> {
  const health = await getStatus(of, '/readyz', undefined);
  const other = await getStatus(of, '/version', undefined);
  if (health === 401 || health === 403) return bad(`/readyz answers ${health} without credentials`);
  return other === 401
    ? good('/readyz answers without credentials, /version does not')
    : bad(`/version answers ${other} without credentials`);
}

async function kubeletCertificate({ cluster, kube, credentials }: SecurityInput, of: Server): Promise<Found> {
  const why = await distrust(of, credentials.caPem);
  if (why !== undefined) return bad(`its certificate is not of the cluster's CA: ${why}`);
  const host = cluster.hosts.find(({ name }) => name === of.host);
  const answer = await kube.request('GET', `/api/v1/nodes/${of.host}/proxy/healthz`);
  return answer.status === 200
    ? good(
        `of the cluster's CA for ${host === undefined ? of.host : addressesOf(host).join(', ')}; the API server reaches it`,
      )
    : bad(`of the cluster's CA, but the API server gets ${answer.status} from it`);
}

async function closed(of: Server): Promise<Found> {
  try {
    const stream = await of.open();
    stream.destroy();
    return bad(`port ${of.port} is open`);
  } catch {
    return good(`port ${of.port} is closed`);
  }
}
