import type { HostSettings } from '../model/inspection.ts';
import { manifestPath } from '../resource/static-pod.ts';
import type { FoundPart, Search } from './search.ts';

const flags = '/var/lib/kubelet/kubeadm-flags.env';
const config = '/var/lib/kubelet/config.yaml';
const manager = manifestPath('kube-controller-manager');
const server = manifestPath('kube-apiserver');

/** The settings in the files that the cluster's processes on this host were started with. */
export const settingsParts: Search = {
  files: [flags, manager, server, config],
  patterns: [
    `--(hostname-override|node-ip|cluster-cidr|node-cidr-mask-size(-ipv[46])?|service-cluster-ip-range)=[^[:space:]"']*`,
    '^clusterDomain:.*',
  ],
};

/** Reads what settingsParts found. */
export function readSettings(parts: readonly FoundPart[]): HostSettings {
  const values = (file: string, start: string): readonly string[] =>
    parts.flatMap((part) =>
      part.file === file && part.text.startsWith(start) ? [part.text.slice(start.length)] : [],
    );
  const first = (file: string, flag: string): string => values(file, `--${flag}=`)[0] ?? '';
  // The kubelet takes the last of its flags.
  const last = (file: string, flag: string): string => values(file, `--${flag}=`).at(-1) ?? '';
  const list = (text: string): readonly string[] => text.split(',').filter(Boolean);
  const domain = values(config, 'clusterDomain:')[0] ?? '';
  return {
    nodeName: last(flags, 'hostname-override'),
    nodeIPs: list(last(flags, 'node-ip')),
    podSubnets: list(first(manager, 'cluster-cidr')),
    nodeMasks: {
      any: first(manager, 'node-cidr-mask-size'),
      ipv4: first(manager, 'node-cidr-mask-size-ipv4'),
      ipv6: first(manager, 'node-cidr-mask-size-ipv6'),
    },
    serviceSubnets: list(first(server, 'service-cluster-ip-range')),
    controllerServiceSubnets: list(first(manager, 'service-cluster-ip-range')),
    dnsDomain: domain.replace(/^ +/, '').replaceAll(/["']/g, ''),
  };
}
