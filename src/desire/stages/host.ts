import type { HostFacts } from '../../model/facts.ts';
import { placeholder } from '../../resource/placeholder.ts';
import { hostFolder } from '../../resource/prelude.ts';
import type { Resource } from '../../resource/types.ts';
import { textContext, textFile, type Desire } from '../context.ts';
import { systemTraits } from '../os.ts';
import { hostFiles, kernelModules, sysctls } from '../text/host.ts';

/** Swap, packages, kernel modules and settings. The cluster's stamp comes first: it claims the host. */
export function hostStage(desire: Desire, facts: HostFacts): readonly Resource[] {
  const stage = 'host';
  const traits = systemTraits(facts);
  const packages = [...traits.nodePackages, ...(desire.bundle === undefined ? traits.downloadPackages : [])];
  const features: Readonly<Record<string, string>> = {
    overlay: '/sys/module/overlay',
    br_netfilter: '/proc/sys/net/bridge/bridge-nf-call-iptables',
    vxlan: '/sys/module/vxlan',
    wireguard: '/sys/module/wireguard',
  };
  return [
    textFile(stage, {
      path: `${hostFolder}/cluster`,
      mode: 0o644,
      text: `${desire.clusterId ?? placeholder('cluster-id')}\n`,
    }),
    ...packages.map((name): Resource => ({ kind: 'package', stage, name })),
    { kind: 'swap', stage },
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
