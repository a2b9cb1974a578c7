import type { SiteHost } from '../../lab/kboot.ts';
import type { UpgradeShape } from './site.ts';

/** Three control planes behind a virtual IP, two workers, MetalLB. */
export function highlyAvailable(net: string): UpgradeShape {
  return {
    hosts: [
      { name: 'cp-1', roles: ['control-plane'], address: `${net}.11` },
      { name: 'cp-2', roles: ['control-plane'], address: `${net}.12` },
      { name: 'cp-3', roles: ['control-plane'], address: `${net}.13` },
      { name: 'w-1', roles: ['worker'], address: `${net}.21` },
      { name: 'w-2', roles: ['worker'], address: `${net}.22` },
    ],
    spec: {
      loadBalancer: { virtualIP: `${net}.100`, port: 8443, virtualRouterID: 51 },
      metallb: { pools: [{ name: 'default', addresses: [`${net}.200-${net}.220`] }] },
    },
  };
}

/** One control plane, two workers, MetalLB. */
export function single(net: string): UpgradeShape {
  return {
    hosts: [
      { name: 'cp-1', roles: ['control-plane'], address: `${net}.11` },
      { name: 'w-1', roles: ['worker'], address: `${net}.21` },
      { name: 'w-2', roles: ['worker'], address: `${net}.22` },
    ],
    spec: { metallb: { pools: [{ name: 'default', addresses: [`${net}.200-${net}.220`] }] } },
  };
}

/** Three etcd hosts, two control planes behind a virtual IP, two workers, MetalLB. */
export function etcdHosts(net: string): UpgradeShape {
  const { spec } = highlyAvailable(net);
  return {
    hosts: [
      { name: 'e-1', roles: ['etcd'], address: `${net}.31` },
      { name: 'e-2', roles: ['etcd'], address: `${net}.32` },
      { name: 'e-3', roles: ['etcd'], address: `${net}.33` },
      { name: 'cp-1', roles: ['control-plane'], address: `${net}.11` },
      { name: 'cp-2', roles: ['control-plane'], address: `${net}.12` },
      { name: 'w-1', roles: ['worker'], address: `${net}.21` },
      { name: 'w-2', roles: ['worker'], address: `${net}.22` },
    ],
    ...(spec !== undefined && { spec }),
  };
}

/** Three control planes behind a virtual IP, one worker in a rack and two in another, MetalLB. */
export function racks(net: string): UpgradeShape {
  const { hosts, spec } = highlyAvailable(net);
  const rack = (name: string, number: number, upgradeGroup: string): SiteHost => ({
    name,
    roles: ['worker'],
    address: `${net}.${number}`,
    upgradeGroup,
  });
  return {
    hosts: [
      ...hosts.slice(0, 3),
      rack('w-1', 21, 'rack-a'),
      rack('w-2', 22, 'rack-b'),
      rack('w-3', 23, 'rack-b'),
    ],
    ...(spec !== undefined && { spec }),
  };
}
