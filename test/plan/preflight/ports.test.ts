import { describe, expect, it } from 'vitest';
import type { Cluster, Host } from '../../../src/model/cluster.ts';
import type { Inspection } from '../../../src/model/inspection.ts';
import { noPast, type Tunnel } from '../../../src/model/past.ts';
import { portsInUse, portsOf } from '../../../src/plan/preflight/ports.ts';
import { good } from '../../samples/inspection.ts';
import { host, single } from '../../samples/text.ts';

const cp = host('cp-1', '10.0.0.11', ['control-plane']);
const worker = host('w-1', '10.0.0.21', ['worker']);
const list = (of: Host, cluster: Partial<Cluster> = {}): string[] =>
  portsOf(of, single({ hosts: [of], ...cluster })).map(
    ({ port, protocol }) => `${port}${protocol === 'udp' ? 'u' : ''}`,
  );
const flannel = (backend: 'vxlan' | 'host-gw' | 'wireguard'): Partial<Cluster> => ({
  networking: { ...single().networking, flannel: { backend } },
});

describe('portsOf', () => {
  it('has every port that the documents list', () => {
    expect(list(cp)).toEqual('6443 10257 10259 2379 2380 2381 10250 10248 10256 10249 8081 8472u'.split(' '));
    expect(list(worker, { metallb: { pools: [] } })).toEqual(
      '10250 10248 10256 10249 8081 8472u 7472 7946 7946u'.split(' '),
    );
    expect(list(host('e-1', '10.0.0.31', ['etcd']))).toEqual(['2379', '2380', '2381']);
    expect(list(worker, flannel('wireguard'))).toContain('51820u');
    expect(list(worker, flannel('host-gw')).filter((port) => port.endsWith('u'))).toEqual([]);
  });

  it('follows the inventory', () => {
    const moved = list(cp, {
      kubelet: { config: { healthzPort: 0, readOnlyPort: 10255 } },
      kubeProxy: { config: { metricsBindAddress: '0.0.0.0:19249', healthzBindAddress: '[::]:19256' } },
      etcd: {
        extraArgs: [{ name: 'listen-metrics-urls', value: 'http://127.0.0.1:12381,http://10.0.0.11:12382' }],
      },
    });
    for (const port of ['10255', '19249', '19256', '12381', '12382']) expect(moved).toContain(port);
    for (const port of ['10248', '10249', '10256', '2381']) expect(moved).not.toContain(port);
  });
});

describe('portsInUse', () => {
  const told = (
    seen: Partial<Inspection>,
    cluster: Partial<Cluster> = {},
    tunnels: readonly Tunnel[] = [],
    links: string[] = [],
  ): string[] =>
    portsInUse(
      cp,
      { ...good(cp), ...seen, past: { ...noPast, tunnels, links } },
      single({ hosts: [cp], ...cluster }),
    ).map(({ check, message }) => `${check}: ${message}`);
  const on = (port: number, program: string): Inspection['listening'][number] => ({ port, program });

  it('names other programs, over TCP and UDP', () => {
    expect(
      told({ listening: [on(10249, 'node_exporter')], udpListening: [on(8472, 'nebula'), on(10250, 'x')] }),
    ).toEqual([
      'Port-10249: port 10249 is in use by node_exporter',
      'Port-8472: UDP port 8472 is in use by nebula',
    ]);
  });

  it("accepts the cluster's own programs once kboot has set up the host, and only then", () => {
    const own = {
      listening: [
        on(10250, 'kubelet'),
        on(6443, 'kube-apiserver'),
        on(10257, 'kube-controller'),
        on(2379, 'etcd'),
      ],
    };
    expect(told({ ...own, clusterId: 'x' })).toEqual([]);
    expect(told(own)).toHaveLength(4);
    expect(told(own)[3]).toContain("10250 is in use by kubelet, which is not kboot's");
  });

  it('does not judge sockets whose program is unknown', () => {
    expect(told({ listening: [on(6443, '?')], udpListening: [on(8472, '?')] })).toEqual([]);
  });

  it('names tunnels of the kernel that take the port of flannel', () => {
    const busy = { udpListening: [on(51820, '?'), on(8472, '?')] };
    const wg: Tunnel = { name: 'wg0', kind: 'wireguard' };
    expect(told(busy, flannel('wireguard'), [wg])).toEqual([
      'Port-51820: UDP port 51820 is in use by the kernel for wg0',
    ]);
    expect(
      told(busy, flannel('wireguard'), [wg, { name: 'flannel-wg', kind: 'wireguard' }], ['flannel-wg']),
    ).toEqual([]);
    expect(told(busy, {}, [wg, { name: 'flannel.1', kind: 'vxlan', port: 8472 }])).toEqual([]);
    const cilium: Tunnel = { name: 'cilium_vxlan', kind: 'vxlan', port: 8472, external: true };
    expect(told(busy, {}, [cilium])).toEqual([
      'Port-8472: UDP port 8472 is in use by the kernel for cilium_vxlan',
    ]);
    expect(told(busy, {}, [{ ...cilium, port: 4789 }])).toEqual([]);
  });
});
