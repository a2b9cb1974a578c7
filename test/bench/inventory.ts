import { stringify } from 'yaml';

/** An inventory of `count` hosts as YAML: three control planes from ten hosts on, else one, by default; the rest workers. */
export function inventoryOf(count: number, controlPlanes = count < 10 ? 1 : 3): string {
  const hosts = Array.from({ length: count }, (_, index) => {
    const [role, name] =
      index < controlPlanes
        ? ['control-plane', `cp-${index + 1}`]
        : ['worker', `w-${index - controlPlanes + 1}`];
    return { name, roles: [role], address: `10.8.${Math.floor(index / 250)}.${(index % 250) + 1}` };
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
