import { nodePackagesOf, systemOf } from '../../catalog/systems.ts';
import { isNode, loadBalancerHosts, type Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import { placeholder } from '../../resource/placeholder.ts';
import { hostFolder } from '../../resource/prelude.ts';
import type { Artifact, Resource } from '../../resource/types.ts';
import { timeResources } from './time.ts';
import { packageOf, packagesFolder, packagesFor, textContext, textFile, type Desire } from '../context.ts';
import { paths } from '../text/paths.ts';
import { proxyEnvironment } from '../text/proxy.ts';
import { hostFiles, kernelModules, sysctls } from '../text/host.ts';
import { kubeletConfigOf } from '../text/kubelet-settings.ts';

/**
 * The cluster's stamp, which claims the host; packages and SELinux; then swap, kernel modules and settings, on hosts
 * that run a kubelet. kboot has no SELinux policy for Pods and haproxy's ports, and sets permissive mode like
 * kubeadm's installation guide.
 */
export function hostStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stamp = textFile('host', {
    path: `${hostFolder}/cluster`,
    mode: 0o644,
    text: `${desire.clusterId ?? placeholder('cluster-id')}\n`,
  });
  const { downloadPackages, selinux } = systemOf(facts);
  const packages = [
    ...(isNode(host) ? nodePackagesOf(facts) : []),
    ...(desire.bundle === undefined ? downloadPackages : []),
  ];
  const confined = isNode(host) || loadBalancerHosts(desire.cluster).includes(host);
  return [
    stamp,
    ...proxy(desire, host, facts),
    ...bundledPackages(desire, facts),
    ...packages.map((name) => packageOf(desire, facts, 'host', name)),
    ...timeResources(desire, facts),
    ...(selinux && confined ? [{ kind: 'selinux', stage: 'host' } as const] : []),
    ...(isNode(host) ? nodeGround(desire, host, facts) : []),
  ];
}

/** What the steps that install packages take them from. */
function bundledPackages({ bundle }: Desire, facts: HostFacts): readonly Resource[] {
  const held = packagesFor(bundle, facts);
  if (held === undefined) return [];
  const { path, sha256, size } = held;
  const artifact: Artifact = {
    title: `packages of ${systemOf(facts).name} ${facts.os.versionId}`,
    sha256,
    source: { kind: 'bundle', path, size },
  };
  return [{ kind: 'archive', stage: 'host', name: 'packages', artifact, destination: packagesFolder }];
}

/** Before the first package is installed. Without spec.proxy, what an earlier inventory set is removed. */
function proxy(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stage = 'host';
  const readBy = isNode(host) ? ['containerd'] : [];
  const files = proxyEnvironment(textContext(desire, facts));
  if (files.length > 0) return files.map((file) => textFile(stage, file, readBy));
  const patterns = [paths.proxy, paths.containerdDropIn];
  return [{ kind: 'obsolete', stage, name: 'proxy', patterns, keep: [], readBy }];
}

function nodeGround(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stage = 'host';
  const features: Readonly<Record<string, string>> = {
    overlay: '/sys/module/overlay',
    br_netfilter: '/proc/sys/net/bridge/bridge-nf-call-iptables',
    vxlan: '/sys/module/vxlan',
    wireguard: '/sys/module/wireguard',
  };
  // With failSwapOn: false the kubelet runs with swap (KEP-2400): it is the operator's.
  const swapWanted = kubeletConfigOf(desire.cluster, host)['failSwapOn'] === false;
  return [
    ...(swapWanted ? [] : [{ kind: 'swap', stage } as const]),
    ...hostFiles(textContext(desire, facts)).map((file) => textFile(stage, file)),
    ...kernelModules(desire.cluster).map((name): Resource => ({
      kind: 'module',
      stage,
      name,
      feature: features[name] ?? `/sys/module/${name}`,
    })),
    ...sysctls(desire.cluster).map(({ key, value }): Resource => ({
      kind: 'sysctl',
      stage,
      key,
      value,
      compare: key.startsWith('fs.inotify.') ? 'at-least' : 'equal',
    })),
  ];
}
