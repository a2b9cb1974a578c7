import { isProblem, parseAddress } from '../../inventory/address.ts';
import { defaults } from '../../inventory/defaults.ts';
import { withoutPrefix } from '../addresses.ts';
import {
  argumentsRule,
  etcdExternal,
  itemsRule,
  kubeProxyDisabled,
  mustBe,
  never,
  otherNetwork,
  partOf,
  settingsRule,
  textRule,
} from '../component-rules.ts';
import { asKbootDoes, left, taken, type Outcome } from '../outcome.ts';
import type { TreeRule, TreeRules } from '../tree-rules.ts';
import { flagOf, listOf, textOf, wholeOf } from '../values.ts';
import { recordOf } from '../../model/record.ts';

const raw = never('flags as raw words may be of any form: write them as extraArgs');
const certificates = never('kboot issues certificates with validities of its own, and renews them');

/**
 * Rules for k0s' ClusterConfig (docs/configuration.md of k0s), which stands in k0sctl's file at `spec.k0s.config`, or is a
 * document of its own. `prefix`: `spec.k0s.config.` or empty.
 */
export function configRules(prefix: string): TreeRules {
  const rules: TreeRules = {
    apiVersion: partOf('apiVersion'),
    kind: partOf('kind'),
    'metadata.name': partOf('metadata.name', "unless k0sctl's own metadata.name says it"),
    'spec.api.externalAddress': externalAddress(`${prefix}spec.api`),
    'spec.api.address': never('each host has its own address'),
    'spec.api.onlyBindToAddress': mustBe(
      false,
      'API servers listen on all interfaces',
      'API servers listen on all interfaces',
    ),
    'spec.api.port': port(defaults.apiServerPort),
    'spec.api.k0sApiPort': never('there is no API of k0s'),
    'spec.api.sans': itemsRule(['spec', 'apiServer', 'certSANs']),
    'spec.api.extraArgs': argumentsRule('apiServer'),
    'spec.api.rawArgs': raw,
    'spec.api.ca': certificates,
    'spec.api.tunneledNetworkingMode': never('there is no konnectivity'),
    'spec.controllerManager.extraArgs': argumentsRule('controllerManager'),
    'spec.controllerManager.rawArgs': raw,
    'spec.scheduler.extraArgs': argumentsRule('scheduler'),
    'spec.scheduler.rawArgs': raw,
    'spec.storage.type': (value) =>
      textOf(value) === 'etcd' ? asKbootDoes('etcd') : left('kboot has etcd, and no kine'),
    'spec.storage.kine': never('kboot has etcd, and no kine'),
    'spec.storage.etcd.peerAddress': never('each member has the address of its host'),
    'spec.storage.etcd.ca': certificates,
    'spec.storage.etcd.extraArgs': argumentsRule('etcd'),
    'spec.storage.etcd.rawArgs': raw,
    'spec.storage.etcd.externalCluster': (value) =>
      etcdExternal(value, ['caFile', 'clientCertFile', 'clientKeyFile']),
    'spec.network.provider': provider,
    'spec.network.podCIDR': network(`${prefix}spec.network`, 'podSubnet', 'IPv6podCIDR', defaults.podSubnet),
    'spec.network.serviceCIDR': network(
      `${prefix}spec.network`,
      'serviceSubnet',
      'IPv6serviceCIDR',
      defaults.serviceSubnet,
    ),
    'spec.network.dualStack.enabled': partOf('spec.networking.podSubnet and serviceSubnet'),
    'spec.network.dualStack.IPv6podCIDR': partOf('spec.networking.podSubnet', 'if dualStack.enabled is true'),
    'spec.network.dualStack.IPv6serviceCIDR': partOf(
      'spec.networking.serviceSubnet',
      'if dualStack.enabled is true',
    ),
    'spec.network.primaryAddressFamily': never('the first of two networks is the primary one'),
    'spec.network.clusterDomain': textRule(['spec', 'networking', 'dnsDomain'], defaults.dnsDomain),
    'spec.network.calico': never('kboot installs flannel, or leaves the network to you: spec.networking.cni'),
    'spec.network.kuberouter': never(
      'kboot installs flannel, or leaves the network to you: spec.networking.cni',
    ),
    'spec.network.coreDNS': never('kboot has spec.dns for CoreDNS'),
    'spec.network.kubeProxy.disabled': kubeProxyDisabled,
    'spec.network.kubeProxy.mode': (value) =>
      textOf(value) === 'userspace'
        ? left('kube-proxy has no such mode any more')
        : taken(['spec', 'kubeProxy', 'config', 'mode'], textOf(value) ?? ''),
    'spec.network.kubeProxy.iptables': settingsRule(['spec', 'kubeProxy', 'config', 'iptables']),
    'spec.network.kubeProxy.ipvs': settingsRule(['spec', 'kubeProxy', 'config', 'ipvs']),
    'spec.network.kubeProxy.nftables': settingsRule(['spec', 'kubeProxy', 'config', 'nftables']),
    'spec.network.kubeProxy.metricsBindAddress': textRule([
      'spec',
      'kubeProxy',
      'config',
      'metricsBindAddress',
    ]),
    'spec.network.kubeProxy.healthzBindAddress': textRule([
      'spec',
      'kubeProxy',
      'config',
      'healthzBindAddress',
    ]),
    'spec.network.kubeProxy.nodePortAddresses': (value) =>
      taken(['spec', 'kubeProxy', 'config', 'nodePortAddresses'], [...(listOf(value) ?? [])].map(String)),
    'spec.network.nodeLocalLoadBalancing': never(
      'kboot has one address in front of all API servers: spec.loadBalancer or spec.controlPlaneEndpoint',
    ),
    'spec.network.controlPlaneLoadBalancing': virtualIP,
    'spec.images': never(
      'kboot.lock.yaml pins images (docs/lock.md); spec.imageRepository says where they come from',
    ),
    'spec.extensions': never(
      'write manifests and charts as spec.addons, charts with the SHA-256 of their archives (docs/addons.md)',
    ),
    'spec.workerProfiles': never('write them as spec.kubelet.config, or as kubelet.config of hosts'),
    'spec.featureGates': never(
      'write them as feature-gates of each component: extraArgs, spec.kubelet.config.featureGates',
    ),
    'spec.installConfig': never('the components run as kubeadm runs them'),
    'spec.konnectivity': never('there is no konnectivity: API servers reach kubelets directly'),
    'spec.telemetry': never('kboot sends nothing to anybody'),
    'spec.podSecurityPolicy': never('Kubernetes has no PodSecurityPolicy any more'),
  };
  return Object.fromEntries(Object.entries(rules).map(([key, rule]) => [`${prefix}${key}`, rule]));
}

/** What is beside a value in its mapping. */
function beside(data: unknown, path: string): Readonly<Record<string, unknown>> {
  const found = path.split('.').reduce<unknown>((value, step) => recordOf(value)?.[step], data);
  return recordOf(found) ?? {};
}

const externalAddress =
  (parent: string): TreeRule =>
  (value, _path, document) => {
    const host = textOf(value);
    if (host === undefined) return left('it is empty');
    const stated = wholeOf(beside(document.data, parent)['port']) ?? defaults.apiServerPort;
    const address = parseAddress(host);
    const shown = !isProblem(address) && address.family === 6 ? `[${host}]` : host;
    return taken(['spec', 'controlPlaneEndpoint'], `${shown}:${stated}`);
  };

const port =
  (own: number): TreeRule =>
  (value) =>
    wholeOf(value) === own
      ? asKbootDoes("kboot's default")
      : left(`API servers listen on ${own}; the port of an endpoint in front of them is taken over`);

/** `v4,v6` where k0s has two keys. */
const network =
  (parent: string, field: string, second: string, preset: string): TreeRule =>
  (value, path, document) => {
    const first = textOf(value);
    if (first === undefined) throw document.fault(path, 'must be a network');
    const dual = recordOf(beside(document.data, parent)['dualStack']) ?? {};
    const other = flagOf(dual['enabled']) === true ? textOf(dual[second]) : undefined;
    if (other === undefined && first === preset) return asKbootDoes("kboot's default");
    return taken(['spec', 'networking', field], other === undefined ? first : `${first},${other}`);
  };

const provider: TreeRule = (value) => {
  const name = textOf(value) ?? '';
  if (name === 'custom')
    return taken(['spec', 'networking', 'cni'], 'none', 'you install the network, as with k0s');
  return otherNetwork(['kuberouter', 'calico'].includes(name) ? name : undefined);
};

/** k0s' keepalived before the controllers is what kboot's virtual IP is. */
const virtualIP: TreeRule = (value): Outcome => {
  const { enabled, keepalived } = recordOf(value) ?? {};
  if (flagOf(enabled) !== true) return asKbootDoes('there is no virtual IP unless it is configured');
  const instances = listOf(recordOf(keepalived)?.['vrrpInstances']) ?? [];
  const [first] = instances;
  const { virtualIPs, virtualRouterID, interface: device } = recordOf(first) ?? {};
  const addresses = (listOf(virtualIPs) ?? []).map((each) => withoutPrefix(textOf(each) ?? ''));
  const [address] = addresses;
  if (address === undefined || address === '') return left('it has no virtual IP');
  const id = wholeOf(virtualRouterID);
  const name = textOf(device);
  const more = instances.length + addresses.length > 2 ? 'the first virtual IP only; ' : '';
  return {
    fields: [
      { path: ['spec', 'loadBalancer', 'virtualIP'], value: address },
      ...(id === undefined ? [] : [{ path: ['spec', 'loadBalancer', 'virtualRouterID'], value: id }]),
      ...(name === undefined ? [] : [{ path: ['spec', 'loadBalancer', 'interface'], value: name }]),
    ],
    became: 'spec.loadBalancer',
    why: `${more}with haproxy behind keepalived, at port ${defaults.loadBalancerPort}; VRRP has no password, and its own peers`,
  };
};
