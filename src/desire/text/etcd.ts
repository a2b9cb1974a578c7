import { etcdDataDir, type Cluster, type Host } from '../../model/cluster.ts';
import { etcdUserName, newEtcdId } from '../../model/etcd-user.ts';
import type { HostFacts } from '../../model/facts.ts';
import { etcdClientPort, etcdPeerPort, hostPort, loopback } from './address.ts';
import { extraValue, flags } from './args.ts';
import { paths } from './paths.ts';
import { podEnv } from './pod-volumes.ts';
import type { EtcdMembership, HostText, TextContext } from './types.ts';

const metricsPort = 2381;

/** Static Pod of a stacked member (kubeadm phases/etcd/local.go). */
export function etcdPod(context: TextContext, host: Host, facts: HostFacts, etcd: EtcdMembership): string {
  const { cluster, images, renderer } = context;
  const probe = probeEndpoint(cluster, host);
  return renderer.render('static-pods/etcd.yaml.hbs', {
    command: ['etcd', ...etcdFlags(context, host, etcd)],
    environment: podEnv(cluster.etcd),
    image: images.etcd,
    advertiseClientUrl: clientUrl(host),
    probeHost: probe.host,
    probePort: probe.port,
    probeScheme: probe.scheme,
    dataDir: etcdDataDir(cluster),
    user: podUser(cluster, facts),
  });
}

/** systemd unit of a member on a host of the role etcd: the same flags, the binary instead of the image. */
export function etcdUnit(context: TextContext, host: Host, etcd: EtcdMembership): HostText {
  const text = context.renderer.render('etcd/etcd.service.hbs', {
    etcd: paths.etcd,
    args: etcdFlags(context, host, etcd),
    environment: podEnv(context.cluster.etcd).map(({ name, value }) => `${name}=${value}`),
    dataDir: context.cluster.etcd.dataDir ?? '',
    user: context.cluster.security.etcdUser === 'root' ? '' : etcdUserName,
    data: etcdDataDir(context.cluster),
  });
  return { path: paths.etcdUnit, mode: 0o644, text };
}

/** IDs that etcd's container runs with; null: root's. */
function podUser(
  { security }: Cluster,
  { etcdUser }: HostFacts,
): { readonly uid: number; readonly gid: number } | null {
  return security.etcdUser === 'root' ? null : (etcdUser ?? { uid: newEtcdId, gid: newEtcdId });
}

function etcdFlags(context: TextContext, host: Host, etcd: EtcdMembership): readonly string[] {
  const pki = `${paths.pki}/etcd`;
  const client = clientUrl(host);
  const peer = peerUrl(host.address);
  return flags(
    {
      name: host.name,
      'listen-client-urls': `https://${hostPort(loopback(host.address), etcdClientPort)},${client}`,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': etcd.initialCluster.map((m) => `${m.name}=${peerUrl(m.address)}`).join(','),
      ...(etcd.state === 'existing' ? { 'initial-cluster-state': 'existing' } : {}),
      'data-dir': etcdDataDir(context.cluster),
      'cert-file': `${pki}/server.crt`,
      'key-file': `${pki}/server.key`,
      'trusted-ca-file': `${pki}/ca.crt`,
      'client-cert-auth': 'true',
      'peer-cert-file': `${pki}/peer.crt`,
      'peer-key-file': `${pki}/peer.key`,
      'peer-trusted-ca-file': `${pki}/ca.crt`,
      'peer-client-cert-auth': 'true',
      'snapshot-count': '10000',
      'listen-metrics-urls': `http://${hostPort(loopback(host.address), metricsPort)}`,
      ...versionFlags(context.versions.etcd),
    },
    context.cluster.etcd.extraArgs,
  );
}

/** etcd 3.5 only supports these two under their experimental names, and refuses the others. */
function versionFlags(version: string): Readonly<Record<string, string>> {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 3 || minor >= 6
    ? { 'feature-gates': 'InitialCorruptCheck=true', 'watch-progress-notify-interval': '5s' }
    : { 'experimental-initial-corrupt-check': 'true', 'experimental-watch-progress-notify-interval': '5s' };
}

/** Host, port and scheme of the first metrics URL (kubeadm util/staticpod, GetEtcdProbeEndpoint). */
function probeEndpoint(cluster: Cluster, host: Host): { host: string; port: number; scheme: string } {
  const fallback = { host: loopback(host.address), port: metricsPort, scheme: 'HTTP' };
  const stated = extraValue(cluster.etcd.extraArgs, 'listen-metrics-urls')?.split(',')[0];
  const match = /^(https?):\/\/(?:\[([^\]]*)\]|([^:/]*))(?::(\d+))?/.exec(stated ?? '');
  if (match === null) return fallback;
  const [, scheme = 'http', v6, name, port] = match;
  return {
    host: (v6 ?? name) || fallback.host,
    port: port === undefined ? metricsPort : Number(port),
    scheme: scheme.toUpperCase(),
  };
}

function clientUrl(host: Host): string {
  return `https://${hostPort(host.address, etcdClientPort)}`;
}

function peerUrl(address: string): string {
  return `https://${hostPort(address, etcdPeerPort)}`;
}
