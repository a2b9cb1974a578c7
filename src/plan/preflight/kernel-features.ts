import { isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { kernelFeatures, type KernelFeature } from '../../model/kernel-feature.ts';
import { remedyFields } from '../../model/language/text.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';

/** Modules that flannel's backend and kube-proxy's mode need, and that the kernel of a node is known to lack. */
export function kernelFeaturesThere(
  host: Host,
  { kernelHas = {}, kernel }: Inspection,
  cluster: Cluster,
): readonly Omit<Finding, 'host'>[] {
  if (!isNode(host)) return [];
  return needed(cluster)
    .filter(({ module }) => kernelHas[module] === false)
    .map(({ module, by, field }) => ({
      check: 'KernelModules',
      level: 'error',
      message: `its kernel ${kernel} has no ${module} (${kernelFeatures[module]}), which ${by} needs`,
      ...remedyFields(remedies.bootKernelOr({ field })),
    }));
}

interface Need {
  readonly module: KernelFeature;
  readonly by: string;
  /** Where the inventory says so. */
  readonly field: string;
}

function needed({ networking, kubeProxy }: Cluster): readonly Need[] {
  const backend = networking.flannel?.backend;
  const mode = kubeProxy?.config['mode'];
  const tunnel = { by: `flannel's backend ${backend ?? ''}`, field: 'spec.networking.flannel.backend' };
  const proxy = { by: "kube-proxy's mode ipvs", field: 'spec.kubeProxy.config.mode' };
  return [
    ...(backend === 'vxlan' || backend === 'wireguard' ? [{ module: backend, ...tunnel }] : []),
    // Services' addresses are on a link of type dummy, kube-ipvs0 (pkg/proxy/ipvs).
    ...(mode === 'ipvs' ? (['ip_vs', 'dummy'] as const).map((module) => ({ module, ...proxy })) : []),
  ];
}
