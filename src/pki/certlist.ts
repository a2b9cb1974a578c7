import { etcdHosts, hostsWith, nodes, type Cluster, type Host } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { hasIssuedServing } from '../model/kubelet-serving.ts';
import { apiServerSans, etcdSans, kubeletSans } from './sans.ts';
import type {
  CaId,
  CaSpec,
  CertificateSpec,
  KeySpec,
  LeafId,
  LeafSpec,
  Scope,
  SubjectAltNames,
  Usage,
} from './types.ts';

interface CaRow {
  readonly id: CaId;
  readonly stem: string;
  readonly cn: string;
}

interface LeafRow {
  readonly id: LeafId;
  readonly scope: Scope;
  /** `etcd/server` under /etc/kubernetes/pki; or `admin.conf`: embedded in that kubeconfig. */
  readonly file: string;
  /** It is in the kubelet's own folder instead. */
  readonly inKubelet?: true;
  /** Which of the hosts have it; absent: all. */
  readonly when?: (cluster: Cluster, host: Host) => boolean;
  readonly ca: CaId;
  readonly cn: string | ((host: Host) => string);
  readonly o?: string;
  readonly usages: readonly Usage[];
  readonly sans?: (cluster: Cluster, host: Host) => SubjectAltNames;
}

const server: readonly Usage[] = ['serverAuth'];
const client: readonly Usage[] = ['clientAuth'];
const both: readonly Usage[] = ['serverAuth', 'clientAuth'];
const hostName = (host: Host): string => host.name;
const nodeUser = (host: Host): string => `system:node:${host.name}`;

/**
 * The whole PKI, as kubeadm v1.36.2 lays it out (phases/certs/certlist.go, phases/kubeconfig), and what kubelets serve, which
 * kubeadm leaves to them.
 * CAs and the ServiceAccount key exist once; every other row is issued separately for each host in its scope.
 */
// prettier-ignore
export const certificateTable: {
  readonly cas: readonly CaRow[];
  readonly serviceAccount: string;
  readonly leaves: readonly LeafRow[];
} = {
  cas: [
    { id: 'ca',             stem: 'ca',             cn: 'kubernetes' },
    { id: 'front-proxy-ca', stem: 'front-proxy-ca', cn: 'front-proxy-ca' },
    { id: 'etcd-ca',        stem: 'etcd/ca',        cn: 'etcd-ca' },
  ],
  serviceAccount: 'sa',
  leaves: [
    { id: 'apiserver',                scope: 'control-plane',      file: 'apiserver',                ca: 'ca',             cn: 'kube-apiserver',                 usages: server, sans: apiServerSans },
    { id: 'apiserver-kubelet-client', scope: 'control-plane',      file: 'apiserver-kubelet-client', ca: 'ca',             cn: 'kube-apiserver-kubelet-client',  usages: client },
    { id: 'front-proxy-client',       scope: 'control-plane',      file: 'front-proxy-client',       ca: 'front-proxy-ca', cn: 'front-proxy-client',             usages: client },
    { id: 'apiserver-etcd-client',    scope: 'control-plane',      file: 'apiserver-etcd-client',    ca: 'etcd-ca',        cn: 'kube-apiserver-etcd-client',     usages: client },
    { id: 'etcd-server',              scope: 'etcd',                file: 'etcd/server',              ca: 'etcd-ca',        cn: hostName,                         usages: both, sans: etcdSans },
    { id: 'etcd-peer',                scope: 'etcd',                file: 'etcd/peer',                ca: 'etcd-ca',        cn: hostName,                         usages: both, sans: etcdSans },
    { id: 'etcd-healthcheck-client',  scope: 'etcd',                file: 'etcd/healthcheck-client',  ca: 'etcd-ca',        cn: 'kube-etcd-healthcheck-client',   usages: client },
    { id: 'admin',                    scope: 'control-plane',      file: 'admin.conf',               ca: 'ca',             cn: 'kubernetes-admin',               usages: client, o: 'kubeadm:cluster-admins' },
    { id: 'super-admin',              scope: 'first-control-plane', file: 'super-admin.conf',         ca: 'ca',             cn: 'kubernetes-super-admin',         usages: client, o: 'system:masters' },
    { id: 'controller-manager',       scope: 'control-plane',      file: 'controller-manager.conf',  ca: 'ca',             cn: 'system:kube-controller-manager', usages: client },
    { id: 'scheduler',                scope: 'control-plane',      file: 'scheduler.conf',           ca: 'ca',             cn: 'system:kube-scheduler',          usages: client },
    { id: 'kubelet',                  scope: 'node',                file: 'kubelet.conf',             ca: 'ca',             cn: nodeUser,                         usages: client, o: 'system:nodes' },
    { id: 'kubelet-server',           scope: 'node',                file: 'kubelet-server',           ca: 'ca',             cn: nodeUser,                         usages: server, o: 'system:nodes', sans: kubeletSans, inKubelet: true, when: hasIssuedServing },
  ],
};

/**
 * Every certificate and key that the cluster needs: CAs first, then the ServiceAccount key, then per row its hosts
 * in inventory order; nothing for etcd if someone else runs it. Throws E-PKI if a name or address is not valid in a
 * certificate.
 */
export function certificatesFor(cluster: Cluster): readonly CertificateSpec[] {
  const isOurs = (ca: CaId): boolean => ca !== 'etcd-ca' || cluster.etcd.external === undefined;
  const cas = certificateTable.cas
    .filter(({ id }) => isOurs(id))
    .map(({ id, stem, cn }): CaSpec => ({ kind: 'ca', id, path: stem, commonName: cn }));
  const serviceAccount: KeySpec = { kind: 'key', id: 'sa', path: certificateTable.serviceAccount };
  const leaves = certificateTable.leaves
    .filter(({ ca }) => isOurs(ca))
    .flatMap((row) =>
      hostsIn(cluster, row.scope)
        .filter((host) => row.when?.(cluster, host) ?? true)
        .map((host) => leafSpec(cluster, row, host)),
    );
  return [...cas, serviceAccount, ...leaves];
}

function hostsIn(cluster: Cluster, scope: Scope): readonly Host[] {
  switch (scope) {
    case 'control-plane':
      return hostsWith(cluster, 'control-plane');
    case 'first-control-plane':
      return hostsWith(cluster, 'control-plane').slice(0, 1);
    case 'etcd':
      return etcdHosts(cluster);
    case 'node':
      return nodes(cluster);
  }
}

function leafSpec(cluster: Cluster, row: LeafRow, host: Host): LeafSpec {
  if (!/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(host.name)) {
    throw new KbootError('E-PKI', `Host name "${host.name}" is not valid in a certificate.`);
  }
  const inKubeconfig = row.file.endsWith('.conf');
  return {
    kind: 'leaf',
    id: row.id,
    host: host.name,
    path: `hosts/${host.name}/${row.file.replace(/\.conf$/, '')}`,
    target: inKubeconfig
      ? { in: 'kubeconfig', file: row.file }
      : { in: row.inKubelet === true ? 'kubelet' : 'pki', stem: row.file },
    ca: row.ca,
    commonName: typeof row.cn === 'string' ? row.cn : row.cn(host),
    ...(row.o === undefined ? {} : { organization: row.o }),
    usages: row.usages,
    sans: row.sans?.(cluster, host) ?? { dns: [], ips: [] },
  };
}
