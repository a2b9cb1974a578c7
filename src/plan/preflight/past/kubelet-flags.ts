import { minorOf } from '../../../model/minor.ts';
import { kubeletConfigOf } from '../../../desire/text/kubelet-settings.ts';
import { systemOf } from '../../../catalog/systems.ts';
import { addressesOf, isNode, type Cluster, type Host } from '../../../model/cluster.ts';
import type { Inspection } from '../../../model/inspection.ts';
import type { HostPast } from '../../../model/past.ts';
import { at, levelOf, type Shortcoming } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

interface Flag {
  readonly name: string;
  readonly value: string;
}

/** Flags that no kubelet from v1.33 on has: with one of them it ends at once (CHANGELOGs of v1.8 to v1.33). */
const removed: ReadonlySet<string> = new Set(
  `allow-privileged api-servers alsologtostderr cadvisor-port chaos-chance cni-bin-dir cni-cache-dir
cni-conf-dir container-runtime docker docker-endpoint docker-root docker-tls docker-tls-ca docker-tls-cert docker-tls-key
dynamic-config-dir experimental-bootstrap-kubeconfig experimental-check-node-capabilities-before-mount
experimental-dockershim experimental-dockershim-root-directory experimental-fail-swap-on experimental-kernel-memcg-notification
image-pull-progress-deadline keep-terminated-pod-volumes log-backtrace-at log-dir log-file log-file-max-size logtostderr master-service-namespace
network-plugin network-plugin-mtu non-masquerade-cidr one-output redirect-container-streaming register-schedulable
require-kubeconfig seccomp-profile-root skip-headers skip-log-headers stderrthreshold add-dir-header
really-crash-for-testing enable-custom-metrics cpu-cfs-quota-enabled babysit-daemons system-container
reconcile-cidr configure-cbr0 hostname-from-cloud`.split(/\s+/),
);

/** Flags that were removed later, and in which minor version. */
const removedSince: Readonly<Record<string, number>> = {
  'cloud-config': 34,
  'pod-infra-container-image': 35,
};

/** Values of `--cloud-provider` other than these were removed in v1.31. */
const cloudProviders: readonly string[] = ['', 'external'];

/**
 * Flags of the kubelet that come after kboot's own and break the node: in the defaults file that kboot's drop-in reads,
 * and in variables of other drop-ins. Everything else there is the operator's choice.
 */
export function kubeletFlags(host: Host, seen: Inspection, cluster: Cluster): readonly Shortcoming[] {
  if (!isNode(host)) return [];
  const defaults = systemOf(seen.facts).kubeletDefaults;
  return effective(seen.past, defaults).flatMap((variable) =>
    flagsOf(variable.value).flatMap((flag): Shortcoming[] => {
      const why = breaks(flag, host, cluster);
      if (why === undefined) return [];
      return [
        {
          check: 'KubeletFlags',
          level: levelOf(seen),
          message: `${at(variable)} starts the kubelet with --${flag.name}: ${why}`,
          ...remedyFields(
            remedies.removeFlag({ flag: flag.name, variable: variable.name, file: variable.file }),
          ),
        },
      ];
    }),
  );
}

/** The defaults file, which kboot's drop-in reads, wins over `Environment=` of a drop-in; kubeadm-flags.env does too. */
function effective(past: HostPast, defaults: string): HostPast['kubeletVariables'] {
  const inDefaults = past.kubeletVariables.filter(
    ({ name, file }) => name === 'KUBELET_EXTRA_ARGS' && file === defaults,
  );
  const inDropIns = past.kubeletVariables.filter(
    ({ name, file }) => name === 'KUBELET_EXTRA_ARGS' && file.includes('.service.d/'),
  );
  const replaced = past.kubeletVariables.filter(
    ({ name, file }) =>
      ['KUBELET_CONFIG_ARGS', 'KUBELET_KUBECONFIG_ARGS'].includes(name) && file.includes('.service.d/'),
  );
  return [...(inDefaults.length > 0 ? inDefaults : inDropIns).slice(-1), ...replaced];
}

function flagsOf(text: string): readonly Flag[] {
  const words = text.split(/\s+/).filter(Boolean);
  return words.flatMap((word, index) => {
    const [, name, , value] = /^--?([a-z][a-z0-9-]*)(=(.*))?$/.exec(word) ?? [];
    if (name === undefined) return [];
    const next = words[index + 1] ?? '';
    return [{ name, value: (value ?? (next.startsWith('-') ? '' : next)).replace(/^(["'])(.*)\1$/, '$2') }];
  });
}

/** Why a flag breaks this node; undefined if it does not. */
function breaks({ name, value }: Flag, host: Host, cluster: Cluster): string | undefined {
  const minor = minorOf(cluster.kubernetesVersion);
  if (removed.has(name) || minor >= (removedSince[name] ?? Infinity))
    return 'Kubernetes removed this flag, and the kubelet does not start with it';
  const { networking } = cluster;
  const differs = (own: string): string | undefined =>
    value === own ? undefined : `it is ${value}, and kboot sets ${own}`;
  const driver = kubeletConfigOf(cluster, host)['cgroupDriver'];
  switch (name) {
    case 'cgroup-driver':
      return differs(typeof driver === 'string' && driver !== '' ? driver : 'systemd');
    case 'hostname-override':
      return differs(host.name);
    case 'node-ip':
      return value.split(',').sort().join() === [...addressesOf(host)].sort().join()
        ? undefined
        : differs(addressesOf(host).join(','));
    case 'cluster-domain':
      return differs(networking.dnsDomain);
    case 'config':
      return differs('/var/lib/kubelet/config.yaml');
    case 'kubeconfig':
      return differs('/etc/kubernetes/kubelet.conf');
    case 'pod-manifest-path':
      return differs('/etc/kubernetes/manifests');
    case 'root-dir':
      return differs('/var/lib/kubelet');
    case 'cert-dir':
      return differs('/var/lib/kubelet/pki');
    case 'client-ca-file':
      return differs('/etc/kubernetes/pki/ca.crt');
    case 'container-runtime-endpoint':
      return /^(unix:\/\/)?(\/var)?\/run\/containerd\/containerd\.sock$/.test(value)
        ? undefined
        : `${value} is not the containerd that kboot sets up`;
    case 'cloud-provider':
      return cloudProviders.includes(value) ? undefined : `Kubernetes removed the provider ${value}`;
    case 'register-node':
      return value === 'false' ? 'the Node would never register' : undefined;
    case 'enable-server':
      return value === 'false' ? 'the API server could not reach the kubelet' : undefined;
    default:
      return undefined;
  }
}
