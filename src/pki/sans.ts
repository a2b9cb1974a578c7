import { isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { addressesOf, type Cluster, type Host } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import type { SubjectAltNames } from './types.ts';

/** RFC 1123 subdomain; only the first label may be a wildcard. */
const dnsName = /^(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Digits and dots that are not an address (`010.0.0.1`, `10.0.1`) are a mistyped one, not a name. */
const mistypedAddress = /^[0-9]+(\.[0-9]+)+$/;

/**
 * The canonical form of an address: four-part decimal or RFC 5952, IPv4-mapped addresses as IPv4.
 * Throws E-PKI for anything else, and for an address with a zone (`%eth0`).
 */
export function canonicalIp(text: string): string {
  if (text.includes('%')) {
    throw new KbootError('E-PKI', `${text}: an address with a zone is not valid in a certificate.`);
  }
  if (isIP(text) === 0) throw new KbootError('E-PKI', `${text} is not an IP address.`);
  return isIPv4(text) ? text : ipaddr.process(text).toString();
}

/** The bytes of an address as encoded in a certificate: 4 or 16. Throws like canonicalIp. */
export function ipBytes(text: string): Uint8Array {
  return Uint8Array.from(ipaddr.parse(canonicalIp(text)).toByteArray());
}

/** The address of Service `kubernetes`: the first after the network address of the first service subnet. */
export function firstServiceIp(cluster: Cluster): string {
  const cidr = cluster.networking.serviceSubnets[0] ?? '';
  const tooSmall = () => new KbootError('E-PKI', `serviceSubnet "${cidr}" has no usable first address.`);
  if (!ipaddr.isValidCIDR(cidr)) throw tooSmall();
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  const family = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const bytes = family.networkAddressFromCIDR(cidr).toByteArray();
  if (prefix >= bytes.length * 8) throw tooSmall();
  return canonicalIp(ipaddr.fromByteArray([...bytes.slice(0, -1), (bytes.at(-1) ?? 0) + 1]).toString());
}

/** Separates names, in lower case, from addresses. Throws E-PKI for anything that is neither. */
export function subjectAltNames(entries: readonly string[]): SubjectAltNames {
  const isAddress = (entry: string) => isIP(entry) !== 0 || entry.includes('%');
  const names = entries.filter((entry) => !isAddress(entry)).map((entry) => entry.toLowerCase());
  for (const name of names) {
    if (!dnsName.test(name) || mistypedAddress.test(name) || name.length > 253) {
      throw new KbootError(
        'E-PKI',
        `"${name}" is neither an IP address nor a DNS name, so it is not valid in a certificate.`,
      );
    }
  }
  return {
    dns: [...new Set(names)].sort(),
    ips: [...new Set(entries.filter(isAddress).map(canonicalIp))],
  };
}

/**
 * kubeadm's list and order (GetAPIServerAltNames): first service IP of the first subnet only, advertise
 * address, controlPlaneEndpoint, certSANs. After them, kboot adds its virtual IP and the second address of a
 * dual-stack host.
 */
export function apiServerSans(cluster: Cluster, host: Host): SubjectAltNames {
  return subjectAltNames([
    host.name,
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${cluster.networking.dnsDomain}`,
    firstServiceIp(cluster),
    host.address,
    cluster.controlPlaneEndpoint.host,
    ...cluster.apiServer.certSANs,
    ...(cluster.loadBalancer === undefined ? [] : [cluster.loadBalancer.virtualIP]),
    ...(host.secondAddress === undefined ? [] : [host.secondAddress]),
  ]);
}

/** As kubelets request them (pkg/kubelet/certificate/kubelet.go): the node's name and addresses. */
export function kubeletSans(_cluster: Cluster, host: Host): SubjectAltNames {
  return subjectAltNames([host.name, ...addressesOf(host)]);
}

/** The same for server and peer (kubeadm's getAltNames): both loopback addresses, whatever the family. */
export function etcdSans(_cluster: Cluster, host: Host): SubjectAltNames {
  return subjectAltNames([host.name, 'localhost', host.address, '127.0.0.1', '::1']);
}
