import type { X509Certificate } from 'node:crypto';
import { kubeletPort } from '../desire/text/kubelet-settings.ts';
import { apiServerPort, etcdClientPort, etcdPeerPort, loopback } from '../desire/text/address.ts';
import { paths } from '../desire/text/paths.ts';
import { etcdHosts, isNode, type Cluster, type Host } from '../model/cluster.ts';
import type { CertificateProblem, CertificateReport, CertificateStatus } from '../model/certificates.ts';
import type { KbootError } from '../model/error.ts';
import { observeCertificateFiles, type CertificateFiles } from '../observe/certificate-files.ts';
import { observeServedCertificate } from '../observe/served-certificate.ts';
import { certificatesFor } from '../pki/certlist.ts';
import { certificateStatus, fingerprintOf } from '../pki/inspect.ts';
import { parseCertificates } from '../pki/parse.ts';
import type { Material } from '../pki/plan.ts';
import { readCertificates } from '../store/pki-files.ts';
import { defaultStateDir, peekState, type State } from '../store/state.ts';
import { kubeletCertificatePath } from '../resource/client-certificate.ts';
import type { ConnectOptions, HostConnection } from '../transport/types.ts';
import { connectAll, type Connections } from './observe/connect.ts';
import { readInventory } from './read-inventory.ts';

type Found = Pick<CertificateReport, 'certificates' | 'problems'>;

/** When a certificate counts as running out. */
export interface Limits {
  readonly now: Date;
  readonly warnDays: number;
}

/**
 * Lists the certificates that are served, those on hosts and those in the state folder; as little as possible has to work
 * for it: neither the API nor etcd is asked, the CAs may have expired, the state folder may be empty.
 * Throws KbootError E-INVENTORY, E-STATE.
 */
export async function observeCertificates(
  options: { readonly inventory: string; readonly state?: string | undefined; readonly warnDays: number },
  connect: ConnectOptions,
  concurrency: number,
): Promise<{
  readonly report: CertificateReport;
  readonly failed: ReadonlyMap<string, KbootError>;
  readonly warnings: Awaited<ReturnType<typeof readInventory>>['warnings'];
}> {
  const { cluster, warnings } = await readInventory(options.inventory, {
    ...{ withoutFiles: true, anyVersion: true },
    state: options.state,
  });
  const state = await peekState(options.state ?? defaultStateDir(options.inventory, cluster.name));
  const limits = { now: new Date(), warnDays: options.warnDays };
  const inState = await certificatesInState(cluster, state, limits);
  const place = { cluster, state, inventoryFile: options.inventory };
  const connections = await connectAll(place, cluster.hosts, connect, concurrency, (host, connection) =>
    certificatesOf(cluster, host, connection, limits),
  );
  await connections.close();
  const found = [inState, ...connections.results.values()];
  const certificates = found.flatMap((each) => each.certificates);
  const report: CertificateReport = {
    cluster: cluster.name,
    warnDays: options.warnDays,
    valid: certificates.every(({ condition }) => condition === 'valid'),
    certificates,
    problems: found.flatMap((each) => each.problems),
  };
  return { report, failed: connections.failed, warnings };
}

/** The certificates that kubelets authenticate with, on hosts that are connected already; without those that cannot be read. */
export async function kubeletCertificates(
  hosts: Connections['open'],
  limits: Limits,
): Promise<readonly CertificateStatus[]> {
  const found = await Promise.all(
    [...hosts].map(async ([host, { reader }]) => {
      const { files } = await observeCertificateFiles(reader).catch(() => ({ files: [] }));
      const own = files.find(({ path }) => path === kubeletCertificatePath);
      const place = `kubelet of ${host}`;
      return own === undefined ? [] : listed(own.pem, { where: 'file', host, place }, limits).certificates;
    }),
  );
  return found.flat();
}

/**
 * Every certificate in the state folder that the inventory's hosts need, valid or not. Not those that kubelets start with:
 * they renew their own.
 */
export async function certificatesInState(cluster: Cluster, state: State, limits: Limits): Promise<Found> {
  const material: Material = await readCertificates(state);
  const places = certificatesFor(cluster).flatMap((spec) =>
    spec.kind === 'key' || spec.id === 'kubelet' ? [] : [`${spec.path}.crt`],
  );
  const found = places.flatMap((place) => {
    const pem = material.get(place);
    return pem === undefined ? [] : [listed(pem, { where: 'state', place }, limits)];
  });
  return merged(found);
}

/** The certificates of one host: in its files, and served on the ports that its roles have. */
async function certificatesOf(
  cluster: Cluster,
  host: Host,
  { reader }: HostConnection,
  limits: Limits,
): Promise<Found> {
  const { name } = host;
  const found = await observeCertificateFiles(reader);
  const inFiles = found.files.map(({ path, part, pem }) => {
    const suffix = part === 'whole' ? '' : part === 'client' ? ' (client)' : ' (CA)';
    return listed(pem, { where: 'file', host: name, place: `${path}${suffix}` }, limits);
  });
  // Nothing is served where nothing was installed.
  const ports = found.files.length === 0 ? [] : portsOf(cluster, host, found);
  const served = await Promise.all(
    ports.map(async ({ component, address, port, file }): Promise<Found> => {
      const place = `${component} :${port}`;
      const seen = await observeServedCertificate(reader, address, port);
      if (typeof seen === 'string') return { certificates: [], problems: [{ host: name, place, why: seen }] };
      const at = { where: 'served' as const, host: name, place, ...comparedWith(seen, found, file) };
      const status = certificateStatus(seen, at, limits);
      return { certificates: [status], problems: [] };
    }),
  );
  return merged([...served, ...inFiles]);
}

interface ServedPort {
  readonly component: string;
  readonly address: string;
  readonly port: number;
  /** The file of its certificate; undefined: it makes its own in memory. */
  readonly file: string | undefined;
}

/** Ports where Kubernetes and etcd speak TLS. */
function portsOf(cluster: Cluster, host: Host, { kubeletServing }: CertificateFiles): readonly ServedPort[] {
  const { address } = host;
  const pki = (stem: string): string => `${paths.pki}/${stem}.crt`;
  const own = loopback(address);
  const kubelet = kubeletPort(cluster, host);
  return [
    ...(host.roles.includes('control-plane')
      ? [
          { component: 'kube-apiserver', address, port: apiServerPort, file: pki('apiserver') },
          { component: 'kube-controller-manager', address: own, port: 10257, file: undefined },
          { component: 'kube-scheduler', address: own, port: 10259, file: undefined },
        ]
      : []),
    ...(etcdHosts(cluster).includes(host)
      ? [
          { component: 'etcd', address, port: etcdClientPort, file: pki('etcd/server') },
          { component: 'etcd peer', address, port: etcdPeerPort, file: pki('etcd/peer') },
        ]
      : []),
    ...(isNode(host) ? [{ component: 'kubelet', address, port: kubelet, file: kubeletServing }] : []),
  ];
}

/** Whether a served certificate is another one than the first in its file; nothing if that cannot be read. */
function comparedWith(
  served: X509Certificate,
  { files }: CertificateFiles,
  file: string | undefined,
): Pick<CertificateStatus, 'file' | 'differs'> {
  const [first] = parseCertificates(files.find(({ path }) => path === file)?.pem ?? '') ?? [];
  if (file === undefined || first === undefined) return {};
  return { file, differs: fingerprintOf(first) !== fingerprintOf(served) };
}

function listed(
  pem: string,
  at: Pick<CertificateStatus, 'where' | 'place'> & { readonly host?: string },
  limits: Limits,
): Found {
  const certificates = parseCertificates(pem);
  if (certificates === undefined) {
    const problem: CertificateProblem = {
      ...(at.host !== undefined && { host: at.host }),
      place: at.place,
      why: 'it contains no certificate that can be read',
    };
    return { certificates: [], problems: [problem] };
  }
  return {
    certificates: certificates.map((each) => certificateStatus(each, at, limits)),
    problems: [],
  };
}

function merged(found: readonly Found[]): Found {
  return {
    certificates: found.flatMap(({ certificates }) => certificates),
    problems: found.flatMap(({ problems }) => problems),
  };
}
