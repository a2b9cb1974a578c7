import ipaddr from 'ipaddr.js';
import { hasExternalEtcd, hostsWith, nodes, type Cluster, type Host } from '../../model/cluster.ts';

/** The API server's port on each control-plane host; a load balancer may listen on another. */
export const apiServerPort = 6443;
export const etcdClientPort = 2379;
export const etcdPeerPort = 2380;

export function isIPv6(address: string): boolean {
  return address.includes(':');
}

/** Whether some node has an IPv6 address. */
export function nodesOnIPv6(cluster: Cluster): boolean {
  return nodes(cluster).some(({ address }) => isIPv6(address));
}

/** `10.0.0.1:6443`, `[fd00::1]:6443` */
export function hostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The loopback address of the same family. */
export function loopback(address: string): string {
  return isIPv6(address) ? '::1' : '127.0.0.1';
}

/** The n-th address of a CIDR, counted from its network address; `clusterDNS` is the tenth in the service subnet. */
export function nthAddress(cidr: string, n: number): string {
  const [base, prefix] = ipaddr.parseCIDR(cidr);
  const kind = base.kind() === 'ipv6' ? ipaddr.IPv6 : ipaddr.IPv4;
  const bytes = kind.networkAddressFromCIDR(`${base.toString()}/${prefix}`).toByteArray();
  let carry = n;
  for (let index = bytes.length - 1; index >= 0 && carry > 0; index -= 1) {
    const sum = (bytes[index] ?? 0) + carry;
    bytes[index] = sum & 0xff;
    carry = sum >> 8;
  }
  return ipaddr.fromByteArray(bytes).toString();
}

/** Address of the cluster's DNS Service (kubeadm constants.GetDNSIP). */
export function dnsAddress(cluster: Cluster): string {
  return nthAddress(cluster.networking.serviceSubnets[0] ?? '10.96.0.0/12', 10);
}

/** The API server that a control-plane host runs itself. */
export function localServer(host: Host): string {
  return `https://${hostPort(host.address, apiServerPort)}`;
}

/** The API server's URL for workers and users. */
export function clusterServer(cluster: Cluster): string {
  return `https://${hostPort(cluster.controlPlaneEndpoint.host, cluster.controlPlaneEndpoint.port)}`;
}

/** Client URLs of external etcd members: those in the inventory, or those of its etcd hosts; empty with stacked etcd. */
export function externalEtcdEndpoints(cluster: Cluster): readonly string[] {
  if (cluster.etcd.external !== undefined) return cluster.etcd.external.endpoints;
  if (!hasExternalEtcd(cluster)) return [];
  return hostsWith(cluster, 'etcd').map((host) => `https://${hostPort(host.address, etcdClientPort)}`);
}
