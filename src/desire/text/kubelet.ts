import { systemOf } from '../../catalog/systems.ts';
import { addressesOf, type Cluster, type ExtraArg, type Host, type JsonObject } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { hasIssuedServing } from '../../model/kubelet-serving.ts';
import type { HostFacts } from '../../model/facts.ts';
import { dnsAddress } from './address.ts';
import { kubeletConfigOf, resolvedConf } from './kubelet-settings.ts';
import { mergeYaml } from './merge.ts';
import { nodeTaints } from './node.ts';
import { criSocket, paths } from './paths.ts';
import type { HostText, TextContext } from './types.ts';
import { remedies } from '../remedies.ts';

const file = (path: string, text: string): HostText => ({ path, mode: 0o644, text });

/** The kubelet's service, as in the Kubernetes packages: `kubeadm join` can start it before kboot does. */
export function kubeletUnitFiles({ renderer }: TextContext, facts: HostFacts): readonly HostText[] {
  const { kubelet } = paths;
  const defaults = systemOf(facts).kubeletDefaults;
  return [
    file(paths.kubeletUnit, renderer.render('kubelet/kubelet.service.hbs', { kubelet })),
    file(paths.kubeletDropIn, renderer.render('kubelet/10-kubeadm.conf.hbs', { kubelet, defaults })),
  ];
}

/** The files that the kubelet itself reads, except its kubeconfig and certificates. */
export function kubeletFiles(context: TextContext, host: Host, facts: HostFacts): readonly HostText[] {
  const { renderer } = context;
  return [
    file(paths.kubeletConfig, kubeletConfig(context, host, facts)),
    file(
      paths.kubeletInstanceConfig,
      renderer.render('kubelet/instance-config.yaml.hbs', { containerRuntimeEndpoint: criSocket }),
    ),
    file(
      paths.kubeletFlags,
      renderer.render('kubelet/kubeadm-flags.env.hbs', { args: kubeletArgs(context, host) }),
    ),
  ];
}

/** config.yaml on a host: the cluster's configuration, with the host's and the CRI socket merged over it. */
export function kubeletConfig(context: TextContext, host: Host, facts: HostFacts): string {
  return merged(context, criSocket, facts.systemdResolved ? resolvedConf : '', [
    hasIssuedServing(context.cluster, host) ? servingFiles : {},
    host.kubelet?.config ?? {},
  ]);
}

/** The same for the ConfigMap kubelet-config: without the socket and anything observed on a host. */
export function sharedKubeletConfig(context: TextContext): string {
  return merged(context, '', '', []);
}

/** Not in the ConfigMap: a node that joins with kubeadm has no such files. */
const servingFiles: JsonObject = {
  tlsCertFile: paths.kubeletServingCert,
  tlsPrivateKeyFile: paths.kubeletServingKey,
};

/** What spec.security sets of the configuration, besides TLS (hardened.ts); empty for a cluster that is as kubeadm leaves it. */
function hardenedKubelet({ security }: Cluster): JsonObject {
  const { seccompDefault, podPidsLimit, protectKernelDefaults } = security;
  return {
    ...(seccompDefault && { seccompDefault }),
    ...(podPidsLimit !== undefined && { podPidsLimit }),
    ...(protectKernelDefaults && { protectKernelDefaults }),
  };
}

/** 'systemd' unless set in the inventory; the containerd of the host must use the same. */
export function cgroupDriver({ cluster }: TextContext, host: Host): string {
  const stated = kubeletConfigOf(cluster, host)['cgroupDriver'];
  return typeof stated === 'string' && stated !== '' ? stated : 'systemd';
}

/** The node name and addresses are always set, so that they depend neither on the hostname nor on the default route. */
function kubeletArgs({ cluster }: TextContext, host: Host): string {
  const taints = nodeTaints(host).map(({ key, value, effect }) =>
    value === undefined || value === '' ? `${key}:${effect}` : `${key}=${value}:${effect}`,
  );
  const args = [
    `--node-ip=${addressesOf(host).join(',')}`,
    `--hostname-override=${host.name}`,
    ...(taints.length > 0 ? [`--register-with-taints=${taints.join(',')}`] : []),
    ...extraArgs(cluster.kubelet.extraArgs, host.kubelet?.extraArgs),
  ];
  const broken = args.find((arg) => /[\s"'\\]/.test(arg));
  if (broken !== undefined) {
    throw new KbootError('E-TEMPLATE', `kubelet flag ${JSON.stringify(broken)} would be split by systemd`, {
      host: host.name,
      remedy: remedies.noSplitting,
    });
  }
  return args.join(' ');
}

/** The cluster's flags without those that the host replaces, then the host's. */
function extraArgs(shared: readonly ExtraArg[] = [], own: readonly ExtraArg[] = []): readonly string[] {
  const replaced = new Set(own.map(({ name }) => name));
  return [...shared.filter(({ name }) => !replaced.has(name)), ...own].map(
    ({ name, value }) => `--${name}=${value}`,
  );
}

/** Merges into the template what the inventory sets for all hosts, then `own`. Neither can change the endpoint. */
function merged(
  { cluster, renderer }: TextContext,
  endpoint: string,
  resolvConf: string,
  own: readonly JsonObject[],
): string {
  const defaults = renderer.render('kubelet/config.yaml.hbs', {
    clusterDNS: dnsAddress(cluster),
    clusterDomain: cluster.networking.dnsDomain,
    containerRuntimeEndpoint: endpoint,
    resolvConf,
  });
  const stated = [cluster.kubelet.config, ...own].filter((patch) => Object.keys(patch).length > 0);
  const patches = [
    hardenedKubelet(cluster),
    ...stated,
    ...(stated.length > 0 ? [{ containerRuntimeEndpoint: endpoint }] : []),
  ];
  const key = JSON.stringify([defaults, patches]);
  const text = texts.get(key) ?? mergeYaml(defaults, ...patches);
  texts.set(key, text);
  return text;
}

/** By what is merged: that takes 5 ms, and a thousand hosts share the result. */
const texts = new Map<string, string>();
