import type { Cluster } from '../../model/cluster.ts';
import { isIPv6 } from './address.ts';
import { paths } from './paths.ts';
import type { HostText, TextContext } from './types.ts';

/** Kernel modules that a node needs: overlayfs, bridged traffic in netfilter, flannel's tunnel. */
export function kernelModules(cluster: Cluster): readonly string[] {
  const backend = cluster.networking.flannel?.backend;
  return ['overlay', 'br_netfilter', ...(backend === undefined || backend === 'host-gw' ? [] : [backend])];
}

export interface Sysctl {
  readonly key: string;
  readonly value: string;
}

/** With protectKernelDefaults, the kubelet only starts if they have these values (pkg/kubelet/cm/container_manager_linux.go). */
const kubeletSysctls: Readonly<Record<string, string>> = {
  'kernel.keys.root_maxbytes': '25000000',
  'kernel.keys.root_maxkeys': '1000000',
  'kernel.panic': '10',
  'kernel.panic_on_oops': '1',
  'vm.overcommit_memory': '1',
  'vm.panic_on_oom': '0',
};

/** Kernel settings that a node needs; the net.bridge ones exist only once br_netfilter is loaded. */
export function sysctls(cluster: Cluster): readonly Sysctl[] {
  const { networking, security } = cluster;
  const { podSubnets, serviceSubnets } = networking;
  const ipv6 = [...podSubnets, ...serviceSubnets].some(isIPv6);
  const settings: Readonly<Record<string, string>> = {
    'net.ipv4.ip_forward': '1',
    'net.bridge.bridge-nf-call-iptables': '1',
    'net.bridge.bridge-nf-call-ip6tables': '1',
    // kubeadm's preflight reads `default`. It comes first: setting `all` also sets `default`, whose previous value
    // must be recorded before that.
    ...(ipv6 ? { 'net.ipv6.conf.default.forwarding': '1', 'net.ipv6.conf.all.forwarding': '1' } : {}),
    // A kubelet, its runtime and many Pods on one kernel exceed the default of 128 instances.
    'fs.inotify.max_user_instances': '8192',
    'fs.inotify.max_user_watches': '524288',
    ...(security.protectKernelDefaults ? kubeletSysctls : {}),
  };
  return Object.entries(settings).map(([key, value]) => ({ key, value }));
}

/** The two files that keep modules and settings across reboots. */
export function hostFiles({ cluster, renderer }: TextContext): readonly HostText[] {
  return [
    {
      path: paths.modules,
      mode: 0o644,
      text: renderer.render('host/modules.conf.hbs', { modules: kernelModules(cluster) }),
    },
    {
      path: paths.sysctls,
      mode: 0o644,
      text: renderer.render('host/sysctl.conf.hbs', { settings: sysctls(cluster) }),
    },
  ];
}
