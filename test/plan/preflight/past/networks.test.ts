import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOf } from '../../../../src/inventory/address.ts';
import type { Cluster } from '../../../../src/model/cluster.ts';
import type { Inspection } from '../../../../src/model/inspection.ts';
import { noPast, type HostPast } from '../../../../src/model/past.ts';
import { networkOverlap } from '../../../../src/plan/preflight/past/networks.ts';
import { good } from '../../../samples/inspection.ts';
import { host, single } from '../../../samples/text.ts';

const node = host('w-1', '10.0.0.21', ['worker']);
const peer = host('w-2', '10.0.0.22', ['worker']);

type Route = HostPast['routes'][number];
const route = (network: string, device: string, via = ''): Route => ({ network, via, interface: device });

function told(
  routes: readonly Route[],
  seen: Partial<Inspection> = {},
  cluster: Partial<Cluster> = {},
): string[] {
  const inspection = { ...good(node), ...seen, past: { ...noPast, routes } };
  return networkOverlap(node, inspection, single({ hosts: [node, peer], ...cluster })).map(
    ({ level, message }) => `${level} ${message}`,
  );
}
const addresses = (...more: readonly (readonly [string, number, string])[]): Partial<Inspection> => ({
  addresses: [
    ...good(node).addresses,
    ...more.map(([address, prefix, device]) => ({ address, prefix, interface: device })),
  ],
});

describe('NetworkOverlap', () => {
  it('names the network of the host and the field', () => {
    expect(told([route('10.244.0.0/16', 'tun0', '10.8.0.1')])).toEqual([
      'error the route 10.244.0.0/16 via 10.8.0.1 dev tun0 overlaps spec.networking.podSubnet 10.244.0.0/16',
    ]);
    expect(told([route('10.96.0.0/12', 'wg0')])).toEqual([
      'error the route 10.96.0.0/12 dev wg0 overlaps spec.networking.serviceSubnet 10.96.0.0/12',
    ]);
    expect(
      told([route('10.244.5.64/26', 'tunl0', '192.168.0.9'), route('10.244.9.9', 'cali1')]),
    ).toHaveLength(1);
  });

  it('is one finding for an address and its route, and for many routes', () => {
    const bridge = addresses(['10.100.0.1', 16, 'docker0']);
    expect(told([route('10.100.0.0/16', 'docker0')], bridge)).toEqual([
      'error the address 10.100.0.1/16 of docker0 overlaps spec.networking.serviceSubnet 10.96.0.0/12',
    ]);
    const many = Array.from({ length: 9 }, (_, index) =>
      route(`10.244.${index}.0/24`, 'tunl0', '192.168.0.9'),
    );
    expect(told(many)[0]).toContain(' and 6 more overlap ');
  });

  it("leaves out flannel's and kube-proxy's own, and routes to other hosts of the inventory", () => {
    const own = [
      route('10.244.0.0/24', 'cni0'),
      route('10.244.1.0/24', 'flannel.1', '10.244.1.0'),
      route('10.244.1.0/24', 'flannel-wg'),
      route('10.244.2.0/24', 'eth0', '10.0.0.22'),
      route('10.0.0.0/24', 'eth0'),
    ];
    expect(
      told(
        own,
        addresses(
          ['10.96.0.1', 32, 'kube-ipvs0'],
          ['10.244.0.1', 24, 'cni0'],
          ['10.244.0.0', 32, 'flannel.1'],
        ),
      ),
    ).toEqual([]);
    expect(told([route('10.244.2.0/24', 'eth0', '10.0.0.99')])).toHaveLength(1);
  });

  it('leaves routes of the backend host-gw to flannel, which may go through addresses that the inventory has not', () => {
    const routes = [route('10.244.2.0/24', 'eth1', '192.168.7.22')];
    const routed = { networking: { ...single().networking, flannel: { backend: 'host-gw' } } } as const;
    expect(told(routes, { clusterId: 'x', kubeletActive: true }, routed)).toEqual([]);
    expect(told(routes, {}, routed)).toHaveLength(1);
    expect(told(routes, { clusterId: 'x', kubeletActive: true })).toHaveLength(1);
  });

  it("leaves a CNI that is not kboot's its addresses and routes in the Pod network of a running cluster", () => {
    const { podSubnets, serviceSubnets, dnsDomain } = single().networking;
    const networking = { podSubnets, serviceSubnets, dnsDomain };
    const calico = addresses(['10.244.5.64', 32, 'tunl0'], ['10.244.0.1', 24, 'own0']);
    const routes = [route('10.244.5.64/26', 'tunl0', '192.168.0.9'), route('10.244.9.9', 'cali1')];
    const member = { ...calico, clusterId: 'sha256:1' };
    expect(told(routes, member, { networking })).toEqual([]);
    expect(told(routes, calico, { networking })).toHaveLength(1);
    expect(told(routes, member)).toHaveLength(1);
    expect(told([route('10.244.0.0/16', 'tun0')], member, { networking })).toHaveLength(1);
    expect(told([route('10.96.0.0/16', 'cali1')], member, { networking })).toHaveLength(1);
  });

  it('accepts a larger network behind a gateway, and warns once of one that is connected', () => {
    expect(told([route('10.0.0.0/8', 'eth0', '10.0.0.1')])).toEqual([]);
    const wide = addresses(['10.3.0.5', 8, 'eth1']);
    expect(told([route('10.0.0.0/8', 'eth1')], wide).map((each) => each.split(' ')[0])).toEqual([
      'warning',
      'warning',
    ]);
    expect(told([route('10.0.0.0/8', 'eth1')], { ...wide, clusterId: 'x' })).toEqual([]);
  });

  it('is a warning on a node of the cluster, and nothing on a host without a kubelet', () => {
    const routes = [route('10.244.0.0/16', 'tun0')];
    expect(told(routes, { clusterId: 'x', kubeletActive: true })[0]).toMatch(/^warning/);
    const etcd = host('e-1', '10.0.0.31', ['etcd']);
    expect(
      networkOverlap(etcd, { ...good(etcd), past: { ...noPast, routes } }, single({ hosts: [etcd] })),
    ).toEqual([]);
  });

  it("finds addresses of MetalLB on a bridge of the host, not in the hosts' own network", () => {
    const metallb = {
      pools: [{ name: 'p', addresses: ['172.17.0.200-172.17.0.210', '10.0.0.200-10.0.0.210'] }],
    };
    expect(told([route('172.17.0.0/16', 'docker0')], {}, { metallb })).toEqual([
      'error the route 172.17.0.0/16 dev docker0 overlaps the addresses 172.17.0.200-172.17.0.210 of MetalLB',
    ]);
  });

  it('finds exactly the routes inside the Pod or Service network', () => {
    const network = fc.tuple(fc.nat(0xffff_ffff), fc.integer({ min: 8, max: 32 })).map(([value, prefix]) => {
      const host_ = 2n ** BigInt(32 - prefix) - 1n;
      const first = BigInt(value) & ~host_ & 0xffff_ffffn;
      return { text: `${textOf(4, first)}/${prefix}`, first, last: first + host_ };
    });
    const near = network.map(({ text }) => text.replace(/^\d+\.\d+/, '10.244'));
    fc.assert(
      fc.property(
        fc.oneof(
          network.map(({ text }) => text),
          near,
        ),
        (text) => {
          const [address = '', prefix = ''] = text.split('/');
          const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
          const size = 2 ** (32 - Number(prefix));
          const first = value - (value % size);
          const within = (base: number, bits: number): boolean =>
            first >= base && first + size <= base + 2 ** (32 - bits);
          const pods = within(0x0af40000, 16);
          const services = within(0x0a600000, 12);
          expect(told([route(text, 'tun0', '192.168.7.7')])).toHaveLength(Number(pods) + Number(services));
        },
      ),
    );
  });
});
