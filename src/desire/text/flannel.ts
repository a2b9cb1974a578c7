import { nodes, type Cluster } from '../../model/cluster.ts';
import { isIPv6 } from './address.ts';
import type { TextContext } from './types.ts';

/** flannel's objects for the cluster's Pod networks; upstream's Documentation/kube-flannel.yml is the model. */
export function flannelManifest({ cluster, images, renderer }: TextContext): string {
  return renderer.render('addons/flannel/flannel.yaml.hbs', {
    image: images.flannel,
    cniPluginImage: images['flannel-cni-plugin'],
    apiHost: cluster.controlPlaneEndpoint.host,
    apiPort: String(cluster.controlPlaneEndpoint.port),
    args: flannelArgs(cluster),
    cniConf: json({
      name: 'cbr0',
      cniVersion: '0.3.1',
      plugins: [
        { type: 'flannel', delegate: { hairpinMode: true, isDefaultGateway: true } },
        { type: 'portmap', capabilities: { portMappings: true } },
      ],
    }),
    netConf: json(netConf(cluster)),
  });
}

/**
 * Each node uses the interface that holds its node address (`--iface` takes an address, pkg/ipmatch), never
 * the one of the default route. Where both families are on and the node address is IPv6, flannel wants it
 * as `--public-ipv6`; its health port listens on IPv4 only unless told otherwise.
 */
function flannelArgs(cluster: Cluster): readonly string[] {
  const { podSubnets, flannel } = cluster.networking;
  const nodesOnIPv6 = nodes(cluster).some((host) => isIPv6(host.address));
  const bothFamilies = podSubnets.some(isIPv6) && !podSubnets.every(isIPv6);
  return [
    '--ip-masq',
    '--kube-subnet-mgr',
    `--iface=${flannel.interface ?? '$(NODE_IP)'}`,
    ...(nodesOnIPv6 && bothFamilies ? ['--public-ipv6=$(NODE_IP)'] : []),
    ...(nodesOnIPv6 ? ['--healthz-ip=::'] : []),
    '--healthz-port=8081',
  ];
}

/** net-conf.json: its networks must equal the controller-manager's --cluster-cidr. */
function netConf(cluster: Cluster): object {
  const { podSubnets, flannel } = cluster.networking;
  const v4 = podSubnets.find((subnet) => !isIPv6(subnet));
  const v6 = podSubnets.find(isIPv6);
  const { mtu } = flannel;
  return {
    ...(v4 === undefined ? { EnableIPv4: false } : { Network: v4 }),
    ...(v6 === undefined ? {} : { EnableIPv6: true, IPv6Network: v6 }),
    EnableNFTables: false,
    // host-gw has no device of its own, and no MTU to set.
    Backend: {
      Type: flannel.backend,
      ...(mtu === undefined || flannel.backend === 'host-gw' ? {} : { MTU: mtu }),
    },
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
