import { loadAll } from 'js-yaml';
import { includes, isProblem, networkOf, parseCidr } from '../../inventory/address.ts';
import { extraValue } from '../../desire/text/args.ts';
import { impactOf } from '../../inventory/json-schema.ts';
import { nodeMask } from '../../inventory/node-mask.ts';
import type { InventoryRecord } from '../../inventory/record.ts';
import { objectKey } from '../../kube/types.ts';
import { addressesOf, etcdDataDir, etcdHosts, isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { HostSettings, Inspection } from '../../model/inspection.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { Finding } from './finding.ts';
import { remedyFields, sentences, type Text } from '../../model/language/text.ts';
import { remedies } from './remedies.ts';

/** What a running cluster says of a field: the value, and where it was read. */
interface Running {
  readonly host: string;
  readonly value: readonly string[];
  readonly where: string;
}

/**
 * Findings for fields that cannot change in place and differ from what the cluster runs: read back from the files of its
 * processes on hosts, and from the API and its record of the inventory. If only some of them differ, that is drift, which
 * a run repairs. Nothing if no host has the cluster's data, and the API does not answer: then there is no cluster yet.
 * `inspections` are those of hosts of this cluster.
 */
export function immutableFindings(
  cluster: Cluster,
  inspections: ReadonlyMap<string, Inspection>,
  api: ClusterObservation | undefined,
  recorded: InventoryRecord | undefined,
): readonly Finding[] {
  const exists =
    api?.state === 'present' || [...inspections.values()].some(({ etcdData }) => etcdData === 'present');
  if (!exists) return [];
  const [first = ''] = inspections.keys();
  const { networking } = cluster;
  const shared = kubeadmNetworking(api);
  const check = (
    field: string,
    wanted: readonly string[],
    stated: readonly Running[],
    given: readonly Running[] = [],
  ): Finding[] => {
    const isDrift = stated.some(({ value }) => value.join() === wanted.join());
    const other = [...(isDrift ? [] : stated), ...given].find(({ value }) => value.length > 0);
    return other === undefined ? [] : [finding(['spec', 'networking', field], wanted.join(), other)];
  };
  const fromHosts = (where: string, value: (settings: HostSettings) => readonly string[]): Running[] =>
    [...inspections].map(([host, { settings }]) => ({
      host,
      where: `${where} on ${host}`,
      value: value(settings),
    }));
  const fromApi = (value: string | undefined): Running[] => [
    { host: first, where: 'ConfigMap kube-system/kubeadm-config', value: split(value) },
  ];
  return [
    ...check(
      'podSubnet',
      networking.podSubnets,
      [...fromHosts('kube-controller-manager', ({ podSubnets }) => podSubnets), ...fromApi(shared.podSubnet)],
      strayNodes(networking.podSubnets, api, first),
    ),
    ...check(
      'serviceSubnet',
      networking.serviceSubnets,
      [
        ...fromHosts('kube-apiserver', ({ serviceSubnets }) => serviceSubnets),
        ...fromHosts('kube-controller-manager', ({ controllerServiceSubnets }) => controllerServiceSubnets),
        ...fromApi(shared.serviceSubnet),
      ],
      strayDns(networking.serviceSubnets, api, first),
    ),
    ...check(
      'dnsDomain',
      [networking.dnsDomain],
      [...fromHosts('kubelet', ({ dnsDomain }) => split(dnsDomain)), ...fromApi(shared.dnsDomain)],
    ),
    ...maskFindings(cluster, inspections, api),
    ...nameFindings(cluster, recorded, first),
    ...dataDirFindings(cluster, inspections),
    ...cluster.hosts.flatMap((host) => {
      const seen = inspections.get(host.name);
      return seen === undefined ? [] : identityFindings(host, seen, api);
    }),
  ];
}

const split = (value: string | undefined): readonly string[] => (value ?? '').split(',').filter(Boolean);

interface Networking {
  readonly podSubnet?: string;
  readonly serviceSubnet?: string;
  readonly dnsDomain?: string;
}

/** `networking` of kubeadm's ClusterConfiguration in the API. */
function kubeadmNetworking(api: ClusterObservation | undefined): Networking {
  if (api?.state !== 'present') return {};
  const key = objectKey({
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'kubeadm-config' },
  });
  const data = api.objects.get(key)?.['data'] as { readonly ClusterConfiguration?: string } | undefined;
  try {
    const [document] = loadAll(data?.ClusterConfiguration ?? '') as readonly { networking?: Networking }[];
    return document?.networking ?? {};
  } catch {
    return {};
  }
}

/** The Pod CIDRs of the Nodes, if not even one is in the desired network of its family. */
function strayNodes(
  wanted: readonly string[],
  api: ClusterObservation | undefined,
  host: string,
): readonly Running[] {
  if (api?.state !== 'present') return [];
  const cidrs = [...api.nodes.values()].flatMap(({ metadata, ...node }) => {
    const { podCIDR } = (node['spec'] ?? {}) as { readonly podCIDR?: string };
    return podCIDR === undefined ? [] : [{ name: metadata.name, podCIDR }];
  });
  const [node] = cidrs;
  if (node === undefined || cidrs.some(({ podCIDR }) => wanted.some((subnet) => isWithin(podCIDR, subnet))))
    return [];
  return [{ host, where: `spec.podCIDR of Node ${node.name}`, value: [node.podCIDR] }];
}

/** The address of Service kube-dns, unless it is in one of the desired networks. */
function strayDns(
  wanted: readonly string[],
  api: ClusterObservation | undefined,
  host: string,
): readonly Running[] {
  if (api?.state !== 'present') return [];
  const key = objectKey({ kind: 'Service', metadata: { namespace: 'kube-system', name: 'kube-dns' } });
  const { clusterIP } = (api.objects.get(key)?.['spec'] ?? {}) as { readonly clusterIP?: string };
  if (clusterIP === undefined || wanted.some((subnet) => isWithin(clusterIP, subnet))) return [];
  return [{ host, where: 'clusterIP of Service kube-system/kube-dns', value: [clusterIP] }];
}

function isWithin(inner: string, outer: string): boolean {
  const [small, large] = [networkOf(inner), parseCidr(outer)];
  return small !== undefined && !isProblem(large) && includes(large, small);
}

function nameFindings(cluster: Cluster, recorded: InventoryRecord | undefined, host: string): Finding[] {
  const name = recorded?.['metadata.name'];
  if (name === undefined || name === JSON.stringify(cluster.name)) return [];
  const running = { host, value: [name.slice(1, -1)], where: 'its record of the inventory' };
  return [finding(['metadata', 'name'], cluster.name, running)];
}

/** Members keep the folder of their data: in another one they would start empty, as if their cluster were new. */
function dataDirFindings(cluster: Cluster, inspections: ReadonlyMap<string, Inspection>): Finding[] {
  const wanted = etcdDataDir(cluster);
  return etcdHosts(cluster).flatMap(({ name: host }) => {
    const value = inspections.get(host)?.etcdDataDir ?? '';
    const running = { host, value: [value], where: `etcd on ${host}` };
    return value === '' || value === wanted ? [] : [finding(['spec', 'etcd', 'dataDir'], wanted, running)];
  });
}

/** Nodes that exist keep a Pod CIDR of the old size: later ones would overlap with them. */
function maskFindings(
  cluster: Cluster,
  inspections: ReadonlyMap<string, Inspection>,
  api: ClusterObservation | undefined,
): Finding[] {
  const { extraArgs } = cluster.controllerManager;
  const families = cluster.networking.podSubnets.map((subnet) => (subnet.includes(':') ? 6 : 4));
  for (const [host, { settings }] of inspections) {
    if (settings.podSubnets.length === 0) continue;
    const { any, ipv4, ipv6 } = settings.nodeMasks;
    const running = {
      'node-cidr-mask-size': any,
      'node-cidr-mask-size-ipv4': ipv4,
      'node-cidr-mask-size-ipv6': ipv6,
    };
    for (const family of families) {
      const want = nodeMask((flag) => extraValue(extraArgs, flag), family);
      const have = nodeMask((flag) => running[flag], family);
      if (want !== have && !podPrefixes(api, family).includes(want))
        return [
          {
            ...base,
            host,
            message: `spec.controllerManager.extraArgs sets node-cidr-mask-size to ${want}, but the cluster gives its Nodes /${have} (kube-controller-manager on ${host}): the Pod CIDR of a Node cannot change, and CIDRs of two sizes overlap`,
            ...remedyFields(
              sentences(remedies.setBack({ value: have }), insteadOf(['spec', 'networking', 'podSubnet'])),
            ),
          },
        ];
    }
  }
  return [];
}

/** Prefix lengths of the Pod CIDRs that Nodes have. */
function podPrefixes(api: ClusterObservation | undefined, family: 4 | 6): readonly number[] {
  if (api?.state !== 'present') return [];
  return [...api.nodes.values()].flatMap((node) => {
    const { podCIDRs = [] } = (node['spec'] ?? {}) as { readonly podCIDRs?: readonly string[] };
    return podCIDRs
      .filter((cidr) => cidr.includes(':') === (family === 6))
      .map((cidr) => Number(cidr.split('/')[1]));
  });
}

interface NodeStatus {
  readonly addresses?: readonly { readonly address?: string }[];
  readonly nodeInfo?: { readonly machineID?: string };
}

/** A host that is another Node, or the same one at another address; the API's Node shows what is only drift of a file. */
function identityFindings(
  host: Host,
  { settings: { nodeName, nodeIPs }, machineId }: Inspection,
  api: ClusterObservation | undefined,
): Finding[] {
  if (!isNode(host)) return [];
  const node = api?.state === 'present' ? api.nodes.get(host.name) : undefined;
  const status = (node?.['status'] ?? {}) as NodeStatus;
  const isThis = machineId !== '' && status.nodeInfo?.machineID === machineId;
  const at = (message: string, back: Text, field: string): Finding => ({
    ...base,
    host: host.name,
    message,
    ...remedyFields(sentences(back, insteadOf(['spec', 'hosts', field]))),
  });
  if (nodeName !== '' && nodeName !== host.name && !isThis)
    return [
      at(
        `this machine is Node ${nodeName} of the cluster, but the inventory calls it ${host.name}: ${whyOf(['spec', 'hosts', 'name'])}`,
        remedies.callIt({ name: nodeName }),
        'name',
      ),
    ];
  const wanted = addressesOf(host);
  const isThere = wanted.every((own) => status.addresses?.some(({ address }) => address === own) === true);
  if (nodeIPs.length > 0 && nodeIPs.join() !== wanted.join() && !isThere)
    return [
      at(
        `Node ${host.name} runs with the address ${nodeIPs.join(',')}, but the inventory says ${wanted.join(',')}: ${whyOf(['spec', 'hosts', 'address'])}`,
        remedies.addressBack({ address: nodeIPs.join(',') }),
        'address',
      ),
    ];
  return [];
}

const base = { check: 'ImmutableField', level: 'error' } as const;

function finding(path: readonly string[], wanted: string, { host, value, where }: Running): Finding {
  return {
    ...base,
    host,
    message: `${path.join('.')} is ${wanted}, but the cluster runs with ${value.join()} (${where}): ${whyOf(path)}`,
    ...remedyFields(sentences(remedies.setBack({ value: value.join() }), insteadOf(path))),
  };
}

function whyOf(path: readonly string[]): string {
  const impact = impactOf(path);
  return impact?.impact === 'refused' ? impact.why : '';
}

function insteadOf(path: readonly string[]): Text | undefined {
  const impact = impactOf(path);
  return impact?.impact === 'refused' ? impact.instead : undefined;
}
