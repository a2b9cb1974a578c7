import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOf } from '../../../src/inventory/address.ts';
import type { Cluster, Host } from '../../../src/model/cluster.ts';
import type { FirewallRule, HostFirewall, Inspection } from '../../../src/model/inspection.ts';
import { inEnglish } from '../../../src/plan/preflight/finding.ts';
import { firewallShortcomings } from '../../../src/plan/preflight/firewall.ts';
import { preflight } from '../../../src/plan/preflight/preflight.ts';
import { host, single } from '../../samples/text.ts';
import { good } from '../../samples/inspection.ts';

const cp = host('cp-1', '10.0.0.11', ['control-plane']);
const worker = host('w-1', '10.0.0.21', ['worker']);
const two = single({ hosts: [cp, worker] });

const closed: FirewallRule = { opens: false };
const open = (...from: readonly string[]): FirewallRule[] =>
  from.map((each) => ({ opens: true, from: each }));

interface Told {
  readonly message: string;
  readonly remedy: string;
}
function told(on: Host, cluster: Cluster, firewall: HostFirewall, more: Partial<Inspection> = {}): Told[] {
  const seen = { ...good(on), ...more, firewalls: [firewall] };
  return firewallShortcomings(on, seen, cluster).map(({ message, remedy }) => ({ message, remedy }));
}
const firewalld = (...rules: readonly FirewallRule[]): HostFirewall => ({ name: 'firewalld', rules });
const ufw = (...rules: readonly FirewallRule[]): HostFirewall => ({ name: 'ufw', rules });
const sources = (list: readonly Told[]): string[] =>
  list.flatMap(({ remedy }) =>
    [...remedy.matchAll(/(?:--add-source=|allow from )([^\s`]+)/g)].map(([, each = '']) => each),
  );

describe('Firewall', () => {
  it('names the blocked sources, and one command for all nodes', () => {
    const seen = new Map(
      two.hosts.map((each) => [each.name, { ...good(each), firewalls: [firewalld(closed)] }]),
    );
    const finding = {
      check: 'Firewall',
      level: 'error',
      message: 'firewalld is active and blocks traffic from Pods (10.244.0.0/16) and the hosts cp-1, w-1',
      remedy:
        'On the host: `firewall-cmd --permanent --zone=trusted --add-source=10.244.0.0/16 --add-source=10.0.0.11 --add-source=10.0.0.21 && firewall-cmd --reload`',
    };
    expect(preflight(two, seen, undefined, []).map(inEnglish)).toEqual([
      { ...finding, host: 'cp-1' },
      { ...finding, host: 'w-1' },
    ]);
    expect(preflight(two, seen, undefined, ['Firewall'])).toEqual([]);
  });

  it('has a command for ufw', () => {
    expect(told(cp, two, ufw(closed))).toEqual([
      {
        message: 'ufw is active and blocks traffic from Pods (10.244.0.0/16) and the hosts cp-1, w-1',
        remedy:
          'On the host: `ufw allow from 10.244.0.0/16 && ufw allow from 10.0.0.11 && ufw allow from 10.0.0.21`',
      },
    ]);
  });

  it('is only a warning for a host that is already in the cluster', () => {
    const balancer = host('lb-1', '10.0.0.31', ['load-balancer']);
    const cluster = {
      ...two,
      hosts: [...two.hosts, balancer],
      loadBalancer: { virtualIP: '10.0.0.9', port: 8443, virtualRouterID: 51 },
    };
    const level = (on: Host, more: Partial<Inspection>): string | undefined =>
      firewallShortcomings(on, { ...good(on), ...more, firewalls: [firewalld(closed)] }, cluster)[0]?.level;
    expect(level(worker, { clusterId: 'x' })).toBe('error');
    expect(level(worker, { clusterId: 'x', kubeletActive: true })).toBe('warning');
    expect(level(balancer, {})).toBe('error');
    expect(level(balancer, { clusterId: 'x' })).toBe('warning');
  });

  it('reports rules that could not be read', () => {
    expect(told(cp, two, { name: 'firewalld' })).toMatchObject([
      { message: 'firewalld is active, and its rules could not be read' },
    ]);
  });

  it('has no findings if everything is accepted, also by a larger network, and without the own address', () => {
    for (const rules of [
      open('10.244.0.0/16', '10.0.0.21'),
      open('10.0.0.0/8'),
      open('0.0.0.0/0'),
      [{ opens: true }],
      [{ opens: false, from: '192.168.0.0/16' }, { opens: true }],
    ])
      expect(told(cp, two, firewalld(...rules, closed)), JSON.stringify(rules)).toEqual([]);
  });

  it('names only what is missing', () => {
    expect(sources(told(cp, two, firewalld(...open('10.244.0.0/16'), closed)))).toEqual([
      '10.0.0.11',
      '10.0.0.21',
    ]);
    expect(told(cp, two, firewalld(...open('10.244.0.0/16', '10.0.0.11'), closed))).toMatchObject([
      { message: 'firewalld is active and blocks traffic from host w-1' },
    ]);
    expect(told(cp, two, firewalld(...open('10.0.0.0/24'), closed))).toMatchObject([
      { message: 'firewalld is active and blocks traffic from Pods (10.244.0.0/16)' },
    ]);
    expect(sources(told(cp, two, firewalld(...open('10.0.0.0/24', '10.244.0.0/17'), closed)))).toEqual([
      '10.244.0.0/16',
    ]);
    expect(
      sources(told(cp, two, firewalld(...open('02:00:00:00:00:01', 'ipset:hosts'), closed))),
    ).toHaveLength(3);
  });

  it('applies the first rule that matches: an address that is blocked within an accepted network', () => {
    const pods = open('10.244.0.0/16');
    const shut: FirewallRule = { opens: false, from: '10.0.0.16/28' };
    expect(sources(told(cp, two, ufw(shut, ...pods, ...open('10.0.0.0/8'), closed)))).toContain('10.0.0.21');
    expect(sources(told(cp, two, ufw(shut, ...pods, ...open('10.0.0.21'), closed)))).toContain('10.0.0.21');
    expect(told(cp, two, ufw(...pods, ...open('10.0.0.0/8'), shut, closed))).toEqual([]);
    expect(told(cp, two, ufw(...pods, ...open('10.0.0.21'), shut, closed))).toEqual([]);
    const part: FirewallRule = { opens: false, from: '10.244.9.0/24' };
    expect(sources(told(cp, two, ufw(part, ...open('10.0.0.0/8'), closed)))).toEqual(['10.244.0.0/16']);
  });

  it('inserts rules of ufw before those that block, and removes the source from another zone of firewalld', () => {
    const deny: FirewallRule = { opens: false, from: '10.0.0.16/28' };
    const pods = open('10.244.0.0/16');
    expect(told(cp, two, ufw(deny, ...pods, closed))[0]?.remedy).toBe(
      'On the host: `ufw prepend allow from 10.0.0.11 && ufw prepend allow from 10.0.0.21`',
    );
    const remedy = (zone: string, from: string): string | undefined =>
      told(cp, two, firewalld({ opens: false, zone, from }, ...pods, closed))[0]?.remedy;
    const command =
      'n the host: `firewall-cmd --permanent --zone=trusted --add-source=10.0.0.11 --add-source=10.0.0.21 && firewall-cmd --reload`';
    expect(remedy('internal', '10.0.0.0/24')).toBe(
      `Remove 10.0.0.0/24 from zone internal, which precedes zone trusted; then, o${command}`,
    );
    expect(remedy('work', '10.0.0.0/24')).toBe(`O${command}`);
    expect(remedy('work', '10.0.0.21')).toContain('Remove 10.0.0.21 from zone work');
  });

  it('considers the interface on which traffic arrives', () => {
    const by = (...names: string[]): FirewallRule[] =>
      names.map((name) => ({ opens: true, interface: name }));
    const missing = (...rules: FirewallRule[]): string[] =>
      sources(told(cp, two, firewalld(...rules, closed)));
    expect(missing(...by('eth0', 'cni0', 'flannel.1'))).toEqual([]);
    expect(missing(...by('eth0', 'cni0'))).toEqual(['10.244.0.0/16']);
    expect(missing(...by('eth1', 'cni0', 'flannel.1'))).toEqual(['10.0.0.11', '10.0.0.21']);
    expect(missing({ opens: true, from: '0.0.0.0/0', interface: 'eth0' })).toEqual(['10.244.0.0/16']);
    const routed = single({
      ...two,
      networking: { ...two.networking, flannel: { backend: 'host-gw' } },
    });
    expect(told(cp, routed, firewalld(...by('eth0', 'cni0'), closed))).toEqual([]);
    // A zone that blocks the interface of the node, before a default zone that accepts.
    expect(missing({ opens: false, interface: 'eth0' }, { opens: true })).toEqual(['10.0.0.11', '10.0.0.21']);
  });

  it('requires both families of a dual-stack cluster', () => {
    const dual = two.hosts.map((each, index) => ({ ...each, secondAddress: `fd00::${index + 11}` }));
    const podSubnets = ['10.244.0.0/16', 'fd00:10:244::/56'];
    const cluster = single({ hosts: dual, networking: { ...two.networking, podSubnets } });
    const [first = cp] = dual;
    const missing = sources(told(first, cluster, firewalld(...open('10.0.0.0/24'), closed)));
    expect(missing).toEqual([...podSubnets, 'fd00::11', 'fd00::12']);
    expect(told(first, cluster, firewalld(...open('10.0.0.0/8', 'fd00::/16'), closed))).toEqual([]);
  });

  it('requires on each host only the sources that connect to it', () => {
    const cluster = single({
      loadBalancer: { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 51 },
      hosts: [
        cp,
        worker,
        host('lb-1', '10.0.0.31', ['load-balancer']),
        host('lb-2', '10.0.0.32', ['load-balancer']),
        host('etcd-1', '10.0.0.41', ['etcd']),
      ],
    });
    const missing = Object.fromEntries(
      cluster.hosts.map((each) => [each.name, sources(told(each, cluster, firewalld(closed)))]),
    );
    const pods = '10.244.0.0/16';
    expect(missing).toEqual({
      'cp-1': [pods, '10.0.0.11', '10.0.0.21', '10.0.0.31', '10.0.0.32'],
      'w-1': [pods, '10.0.0.11', '10.0.0.21'],
      'lb-1': ['10.0.0.11', '10.0.0.21', '10.0.0.31', '10.0.0.32'],
      'lb-2': ['10.0.0.11', '10.0.0.21', '10.0.0.31', '10.0.0.32'],
      'etcd-1': ['10.0.0.11', '10.0.0.41'],
    });
  });

  it('requires only its Pods on a single node, and nothing on a single load balancer', () => {
    expect(sources(told(cp, single({ hosts: [cp] }), firewalld(closed)))).toEqual(['10.244.0.0/16']);
    const etcd = host('etcd-1', '10.0.0.41', ['etcd']);
    expect(told(etcd, single({ hosts: [etcd] }), { name: 'firewalld' })).toEqual([]);
  });

  it('requires ufw to accept forwarded traffic on nodes', () => {
    const rejecting: HostFirewall = { ...ufw(...open('10.0.0.0/8'), closed), rejectsForwarded: true };
    expect(told(cp, two, rejecting)).toEqual([
      {
        message: 'ufw is active and blocks traffic from Pods (10.244.0.0/16)',
        remedy: 'On the host: `ufw default deny routed`',
      },
    ]);
    const cluster = single({ hosts: [cp, host('etcd-1', '10.0.0.41', ['etcd'])] });
    const [, etcd] = cluster.hosts;
    expect(etcd && told(etcd, cluster, rejecting)).toEqual([]);
  });

  it('counts many hosts, and names each address in the command', () => {
    const hosts = Array.from({ length: 40 }, (_, index) =>
      host(`w-${index}`, `10.0.0.${index + 30}`, ['worker']),
    );
    const cluster = single({ hosts: [cp, ...hosts] });
    const all = told(cp, cluster, ufw(closed));
    expect(all[0]?.message).toBe(
      'ufw is active and blocks traffic from Pods (10.244.0.0/16) and 41 hosts of the inventory',
    );
    expect(sources(all)).toHaveLength(42);
  });

  it('has no findings once the rules of its command are added', () => {
    const address = fc
      .record({ family: fc.constantFrom(4 as const, 6 as const), value: fc.bigInt(1n, 2n ** 32n - 2n) })
      .map(({ family, value }) => textOf(family, family === 4 ? value : value + (0xfdn << 120n)));
    const network = fc.tuple(address, fc.nat(32)).map((parts) => parts.join('/'));
    const rule = fc.record({ opens: fc.boolean(), from: fc.oneof(address, network) });
    fc.assert(
      fc.property(
        fc.uniqueArray(address, { minLength: 1, maxLength: 6 }),
        fc.array(rule, { maxLength: 4 }),
        fc.constantFrom('firewalld' as const, 'ufw' as const),
        (addresses, some, name) => {
          const cluster = single({
            hosts: addresses.map((each, index) => host(`w-${index}`, each, ['worker'])),
          });
          const rules = some.filter(({ opens }) => opens || name === 'ufw');
          for (const each of cluster.hosts) {
            const list = told(each, cluster, { name, rules: [...rules, closed] });
            const added = open(...sources(list));
            expect(list.length).toBe(added.length === 0 ? 0 : 1);
            const first = list[0]?.remedy.includes('prepend') === true;
            const after = first ? [...added, ...rules, closed] : [...rules, ...added, closed];
            expect(told(each, cluster, { name, rules: after })).toEqual([]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
