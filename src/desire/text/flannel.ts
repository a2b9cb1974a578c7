import type { Cluster, Flannel } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import { isIPv6, nodesOnIPv6 } from './address.ts';
import type { TextContext } from './types.ts';

/** flannel's objects for the cluster's Pod networks, based on upstream's Documentation/kube-flannel.yml. */
export function flannelManifest({ cluster, images, renderer }: TextContext, flannel: Flannel): string {
  return renderer.render('addons/flannel/flannel.yaml.hbs', {
    image: images.flannel,
    cniPluginImage: images['flannel-cni-plugin'],
    apiHost: cluster.controlPlaneEndpoint.host,
    apiPort: String(cluster.controlPlaneEndpoint.port),
    dualStack: cluster.networking.podSubnets.length > 1,
    command: command(cluster),
    args: flannelArgs(cluster, flannel),
    healthHost: healthAddress(cluster) ?? '',
    cniConf: json({
      name: 'cbr0',
      cniVersion: '0.3.1',
      plugins: [
        { type: 'flannel', delegate: { hairpinMode: true, isDefaultGateway: true } },
        { type: 'portmap', capabilities: { portMappings: true } },
      ],
    }),
    netConf: json(netConf(cluster, flannel)),
  });
}

/**
 * With both families, flannel takes one from `--iface` and needs the IPv6 address separately: a shell extracts it from
 * NODE_IPS (`V4,V6` or `V6,V4`). Otherwise flannel would use any IPv6 address of the interface (pkg/ip/iface.go,
 * compareAddrs), such as one from a router advertisement.
 */
function command({ networking: { podSubnets } }: Cluster): readonly string[] {
  const flanneld = '/opt/bin/flanneld';
  if (podSubnets.length === 1) return [flanneld];
  const address = podSubnets.findIndex(isIPv6) === 0 ? '${NODE_IPS%,*}' : '${NODE_IPS#*,}';
  return ['/bin/sh', '-c', `exec ${flanneld} --public-ipv6="${address}" "$@"`, 'flanneld'];
}

/**
 * Each node uses the interface with its node address (`--iface` accepts an address, pkg/ipmatch), never the one
 * of the default route. By default, its health port only listens on IPv4.
 */
function flannelArgs(cluster: Cluster, flannel: Flannel): readonly string[] {
  const own = healthAddress(cluster);
  return [
    '--ip-masq',
    '--kube-subnet-mgr',
    `--iface=${flannel.interface ?? '$(NODE_IP)'}`,
    ...(own === undefined ? (nodesOnIPv6(cluster) ? ['--healthz-ip=::'] : []) : [`--healthz-ip=${own}`]),
    '--healthz-port=8081',
  ];
}

/** Where flannel tells its health to the host alone; undefined: on all addresses. */
function healthAddress(cluster: Cluster): string | undefined {
  if (cluster.security.metrics !== 'local') return undefined;
  return nodesOnIPv6(cluster) ? '::1' : '127.0.0.1';
}

/** net-conf.json: its networks must equal the controller-manager's --cluster-cidr. */
function netConf({ networking: { podSubnets } }: Cluster, flannel: Flannel): object {
  const v4 = podSubnets.find((subnet) => !isIPv6(subnet));
  const v6 = podSubnets.find(isIPv6);
  return {
    ...(v4 === undefined ? { EnableIPv4: false } : { Network: v4 }),
    ...(v6 === undefined ? {} : { EnableIPv6: true, IPv6Network: v6 }),
    EnableNFTables: false,
    Backend: {
      Type: flannel.backend,
      ...mtuBelow(podSubnets, flannel),
    },
  };
}

/** The MTU that flannel subtracts its own overhead from; host-gw does not create a device whose MTU could be set. */
function mtuBelow(podSubnets: readonly string[], { mtu, backend }: Flannel): { readonly MTU?: number } {
  if (mtu === undefined || backend === 'host-gw') return {};
  // flannel subtracts 50 bytes for VXLAN (pkg/backend/vxlan), but over IPv6 it needs 70.
  return { MTU: mtu - (podSubnets.some(isIPv6) && backend === 'vxlan' ? 20 : 0) };
}

/** The links that kboot's flannel creates on a node, and the MTU of each (pkg/backend/vxlan/device.go, pkg/backend/wireguard/device.go). */
export function flannelLinks(cluster: Cluster, facts: Pick<HostFacts, 'interface'>): readonly FlannelLink[] {
  const { podSubnets, flannel } = cluster.networking;
  if (flannel === undefined) return [];
  const links = {
    vxlan: { v4: 'flannel.1', v6: 'flannel-v6.1', overhead: 50 },
    wireguard: { v4: 'flannel-wg', v6: 'flannel-wg-v6', overhead: 80 },
    'host-gw': undefined,
  }[flannel.backend];
  if (links === undefined) return [];
  const { MTU } = mtuBelow(podSubnets, flannel);
  return [links.v4, links.v6]
    .filter((_link, index) => podSubnets.some((subnet) => isIPv6(subnet) === (index === 1)))
    .map((link) => ({
      link,
      ...(MTU !== undefined && { mtu: MTU }),
      below: flannel.interface ?? facts.interface,
      overhead: links.overhead,
    }));
}

interface FlannelLink {
  readonly link: string;
  readonly mtu?: number;
  readonly below: string;
  readonly overhead: number;
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
