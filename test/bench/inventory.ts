import { stringify } from 'yaml';

/** An inventory of `count` hosts (three control planes, the rest workers) as YAML; at most 60,000. */
export function inventoryOf(count: number): string {
  const hosts = Array.from({ length: count }, (_, index) => {
    const role = index < 3 ? 'control-plane' : 'worker';
    return {
      name: index < 3 ? `cp-${index + 1}` : `w-${index - 2}`,
      roles: [role],
      address: `10.8.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    };
  });
  return stringify({
    apiVersion: 'kboot.dev/v1',
    kind: 'Cluster',
    metadata: { name: 'bench' },
    spec: {
      kubernetesVersion: 'v1.36.2',
      controlPlaneEndpoint: 'api.bench.example:6443',
      networking: { podSubnet: '10.128.0.0/9' },
      hosts,
    },
  });
}
