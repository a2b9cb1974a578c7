import { defaults } from '../../inventory/defaults.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Json, JsonObject } from '../../model/cluster.ts';
import { few } from '../../model/few.ts';
import type { Obstacle } from '../read-back.ts';
import { hostPort } from '../text/address.ts';
import { isObject, yamlObject } from '../text/merge.ts';
import { externalField } from './external-etcd.ts';
import { hostOfNode, internalAddresses, isControlPlane, nodeParts } from './node.ts';
import type { InventoryField } from '../../inventory/field.ts';
import type { SeenCluster } from './types.ts';
import { versionObstacles } from './versions.ts';
import { remedies } from '../remedies.ts';

/** What kubeadm's ClusterConfiguration says, v1beta3 and v1beta4. */
export interface ClusterConfiguration {
  readonly clusterName?: string;
  readonly controlPlaneEndpoint?: string;
  readonly imageRepository?: string;
  readonly kubernetesVersion?: string;
  readonly networking?: {
    readonly dnsDomain?: string;
    readonly podSubnet?: string;
    readonly serviceSubnet?: string;
  };
  readonly etcd?: { readonly external?: JsonObject; readonly local?: { readonly dataDir?: string } };
  readonly apiServer?: { readonly certSANs?: readonly string[] };
}

export function clusterConfiguration({ configMaps }: SeenCluster): ClusterConfiguration | undefined {
  return yamlObject(configMaps.get('kubeadm-config')?.['ClusterConfiguration']);
}

/** The name for kboot: of the option, or else kubeadm's. */
export function clusterName(seen: SeenCluster, stated: string | undefined): string {
  return stated ?? clusterConfiguration(seen)?.clusterName ?? 'kubernetes';
}

/**
 * The fields that stand in ConfigMaps and Nodes, where they differ from kboot's defaults. The first control plane is the
 * one that kubeadm made first. `externalFolder`: for the credentials of an external etcd.
 */
export function clusterFields(
  seen: SeenCluster,
  name: string | undefined,
  externalFolder: string,
): readonly InventoryField[] {
  const config = clusterConfiguration(seen) ?? {};
  const { networking = {} } = config;
  const field = (
    path: InventoryField['path'],
    value: Json | undefined,
    why?: string,
    preset?: Json,
  ): InventoryField[] =>
    value === undefined || value === '' || value === preset
      ? []
      : [{ path, value, ...(why !== undefined && { why }) }];
  const planes = seen.nodes.filter(isControlPlane);
  const [only] = planes;
  const ownEndpoint =
    planes.length === 1 && only !== undefined
      ? hostPort(internalAddresses(only).split(',')[0] ?? '', defaults.apiServerPort)
      : undefined;
  const sans = config.apiServer?.certSANs ?? [];
  return [
    ...field(['metadata', 'name'], clusterName(seen, name)),
    ...field(['spec', 'kubernetesVersion'], config.kubernetesVersion),
    ...field(
      ['spec', 'security', 'profile'],
      'kubeadm',
      'as kubeadm left it; baseline hardens it (docs/security-profiles.md)',
    ),
    ...field(
      ['spec', 'controlPlaneEndpoint'],
      config.controlPlaneEndpoint,
      'what clients connect to; a load balancer there stays as it is',
      ownEndpoint,
    ),
    ...field(['spec', 'networking', 'podSubnet'], networking.podSubnet, undefined, defaults.podSubnet),
    ...field(
      ['spec', 'networking', 'serviceSubnet'],
      networking.serviceSubnet,
      undefined,
      defaults.serviceSubnet,
    ),
    ...field(['spec', 'networking', 'dnsDomain'], networking.dnsDomain, undefined, defaults.dnsDomain),
    ...networkFields(seen),
    ...proxyFields(seen),
    ...field(
      ['spec', 'imageRepository'],
      config.imageRepository,
      'where the images come from',
      defaults.imageRepository,
    ),
    ...field(
      ['spec', 'etcd', 'dataDir'],
      config.etcd?.local?.dataDir,
      'where the members have their data',
      defaults.etcdDataDir,
    ),
    ...(config.etcd?.external === undefined ? [] : [externalField(config.etcd.external, externalFolder)]),
    ...(sans.length > 0
      ? [{ path: ['spec', 'apiServer', 'certSANs'], value: sans, why: "in the API server's certificate" }]
      : []),
    ...[...planes, ...seen.nodes.filter((node) => !isControlPlane(node))].map((node, index) => ({
      path: ['spec', 'hosts', index],
      value: hostOfNode(node, seen.hosts.get(node.metadata.name)),
    })),
  ];
}

/** Of flannel only the layout of its own manifest is kboot's; every other CNI stays its operator's. */
function networkFields(seen: SeenCluster): readonly InventoryField[] {
  const none = (why: string): InventoryField[] => [
    { path: ['spec', 'networking', 'cni'], value: 'none', why },
  ];
  const named = seen.daemonSets.filter(({ metadata }) => cniNames.test(metadata.name));
  const flannel = named.find(
    ({ metadata }) => metadata.namespace === 'kube-flannel' && metadata.name === 'kube-flannel-ds',
  );
  const others = named
    .filter((each) => each !== flannel)
    .map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
  if (others.length > 0 || flannel === undefined)
    return none(
      others.length > 0
        ? `${few(others, 3)} stays as it is, and yours`
        : 'kboot knows no CNI of this cluster; it stays as it is, and yours',
    );
  const config = yamlObject(seen.configMaps.get('kube-flannel-cfg')?.['net-conf.json']) ?? {};
  const backend = config['Backend'];
  const { Type: type, MTU: mtu, ...rest } = backend !== undefined && isObject(backend) ? backend : {};
  if (Object.keys(rest).length > 0 || !(type === 'vxlan' || type === 'host-gw' || type === 'wireguard'))
    return none(
      `flannel's backend (${JSON.stringify(backend)}) has settings that kboot does not have; flannel stays as it is, and yours`,
    );
  const at = ['spec', 'networking', 'flannel'];
  const interfaces = flagsOf(flannel).flatMap((word) => /^--iface=(?!\$)(.+)$/.exec(word)?.[1] ?? []);
  return [
    ...(type === defaults.flannelBackend ? [] : [{ path: [...at, 'backend'], value: type }]),
    ...(typeof mtu === 'number' ? [{ path: [...at, 'mtu'], value: mtu }] : []),
    ...interfaces.slice(0, 1).map((value) => ({ path: [...at, 'interface'], value })),
  ];
}

/** Without kube-proxy, something else implements Services, such as the CNI. */
function proxyFields({ daemonSets }: SeenCluster): readonly InventoryField[] {
  const isThere = daemonSets.some(
    ({ metadata }) => metadata.namespace === 'kube-system' && metadata.name === 'kube-proxy',
  );
  return isThere
    ? []
    : [
        {
          path: ['spec', 'kubeProxy', 'enabled'],
          value: false,
          why: 'this cluster has no kube-proxy; what implements Services stays as it is, and yours',
        },
      ];
}

const cniNames =
  /^(kube-flannel.*|calico-node|canal|cilium|weave-net|kube-router|antrea-agent|kindnet|kube-ovn-cni|ovnkube-node|tigera-operator|azure-cni|aws-node)$/;

function flagsOf(workload: KubeObject): readonly string[] {
  const { template } = (workload['spec'] ?? {}) as {
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly {
          readonly args?: readonly string[];
          readonly command?: readonly string[];
        }[];
      };
    };
  };
  return (template?.spec?.containers ?? []).flatMap(({ command = [], args = [] }) => [...command, ...args]);
}

/** Everything for which kboot cannot take the cluster over, as far as the API and the hosts' programs tell. */
export function clusterObstacles(seen: SeenCluster, versions: readonly string[]): readonly Obstacle[] {
  const config = clusterConfiguration(seen);
  if (config === undefined)
    return [
      {
        message: 'there is no ConfigMap kube-system/kubeadm-config: kubeadm did not make this cluster',
        remedy: remedies.madeByKubeadm,
      },
    ];
  const nodes = (matches: (node: KubeObject) => boolean): readonly string[] =>
    seen.nodes.filter(matches).map(({ metadata }) => metadata.name);
  const info = (
    node: KubeObject,
  ): NonNullable<NonNullable<ReturnType<typeof nodeParts>['status']>['nodeInfo']> =>
    nodeParts(node).status?.nodeInfo ?? {};
  const windows = nodes((node) => info(node).operatingSystem === 'windows');
  const runtimes = nodes(
    (node) =>
      info(node).operatingSystem !== 'windows' &&
      !(info(node).containerRuntimeVersion ?? 'containerd:').startsWith('containerd:'),
  );
  const version = config.kubernetesVersion ?? '';
  const nameless = nodes((node) => internalAddresses(node) === '');
  const [newest = '', oldest = ''] = [versions[0], versions.at(-1)];
  return [
    ...(versions.includes(version)
      ? []
      : [
          {
            message: `Kubernetes ${version} is not known to this kboot, which knows ${oldest} to ${newest}`,
            remedy: remedies.knownVersion,
          },
        ]),
    ...(/^v\d+\.\d+\.\d+/.test(version) ? versionObstacles(seen, version) : []),
    ...(windows.length === 0
      ? []
      : [
          {
            message: `${few(windows, 3)} run${windows.length === 1 ? 's' : ''} Windows`,
            remedy: remedies.onlyLinux,
          },
        ]),
    ...(runtimes.length === 0
      ? []
      : [
          {
            message: `the container runtime of ${few(runtimes, 3)} is not containerd`,
            remedy: remedies.changeToContainerd,
          },
        ]),
    ...(nameless.length === 0
      ? []
      : [
          {
            message: `${few(nameless, 3)} ${nameless.length === 1 ? 'has' : 'have'} no InternalIP`,
            remedy: remedies.setNodeIp,
          },
        ]),
    ...((config.networking?.podSubnet ?? '') === ''
      ? [
          {
            message: 'it has no Pod network (kubeadm-config: networking.podSubnet): Nodes get no Pod CIDR',
            remedy: remedies.podCidrOfCni,
          },
        ]
      : []),
  ];
}
