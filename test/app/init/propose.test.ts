import { describe, expect, it } from 'vitest';
import { candidates, clusterNetworks, commonNetwork, nodeAddress } from '../../../src/app/init/propose.ts';
import { isProblem, parseCidr, type Range } from '../../../src/inventory/address.ts';
import { readNetworks, type HeldAddress } from '../../../src/observe/networks.ts';

/** The output of `ip -o addr show` for `eth0 10.0.0.11/24`, read as from a host. */
async function holds(...entries: readonly string[]): Promise<readonly HeldAddress[]> {
  const lines = entries.map((entry, index) => {
    const [name = '', address = ''] = entry.split(' ');
    return `${index}: ${name}    ${address.includes(':') ? 'inet6' : 'inet'} ${address} scope global ${name}`;
  });
  return readNetworks({
    host: 'h',
    stats: { connections: 0, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    read: () => Promise.resolve({ stdout: `${lines.join('\n')}\nwhole\n`, stderr: '', exitCode: 0 }),
    forward: () => Promise.reject(new Error('not asked')),
  });
}

function network(text: string): Range {
  const range = parseCidr(text);
  if (isProblem(range)) throw new Error(range.problem);
  return range;
}

describe('the address of a node', () => {
  const nat = 'eth0 10.0.2.15/24';

  it('is the given one if an interface has it', async () => {
    const held = await holds('lo 127.0.0.1/8', 'eth0 10.0.0.11/24', 'eth1 192.168.56.11/24');
    expect(nodeAddress('192.168.56.11', held, [])).toMatchObject({ interface: 'eth1' });
    expect(nodeAddress('10.0.0.11', held, [])).toMatchObject({ interface: 'eth0' });
  });

  it('is never a NAT address, that of a container bridge, or one that cannot be reached', async () => {
    const others = [await holds(nat, 'eth1 192.168.56.21/24')];
    const held = await holds('lo 127.0.0.1/8', nat, 'docker0 172.17.0.1/16', 'eth1 192.168.56.11/24');
    expect(nodeAddress('10.0.2.15', held, others)).toMatchObject({ address: '192.168.56.11' });
    expect(nodeAddress('127.0.0.1', held, [])).toMatchObject({ address: '192.168.56.11' });
    expect(nodeAddress('10.0.2.15', await holds(nat, 'eth1 fe80::1/64'), [])).toBeUndefined();
    const doubled = [await holds('eth0 10.9.0.5/24', 'eth1 10.1.0.22/24')];
    expect(
      nodeAddress('a.example', await holds('eth0 10.9.0.5/24', 'eth1 10.1.0.21/24'), doubled),
    ).toMatchObject({
      address: '10.1.0.21',
    });
  });

  it('is one in the network that the other hosts are in', async () => {
    const others = [
      await holds('eth0 203.0.113.8/24', 'eth1 10.1.0.22/24'),
      await holds('eth1 10.1.0.23/24'),
    ];
    const held = await holds('eth0 203.0.113.7/24', 'eth2 172.30.0.4/24', 'eth1 10.1.0.21/24');
    expect(nodeAddress('a.example', held, others)).toMatchObject({ address: '10.1.0.21', interface: 'eth1' });
  });
});

describe('candidates', () => {
  const taken = [network('10.0.0.100/32')];
  const texts = (...args: Parameters<typeof candidates>): string[] =>
    candidates(...args).map(({ text }) => text);

  it('are in the network, and none is taken', () => {
    expect(texts(network('10.0.0.0/24'), '10.0.0.11', 1, taken).slice(0, 2)).toEqual([
      '10.0.0.200',
      '10.0.0.250',
    ]);
    expect(texts(network('10.0.0.0/24'), '10.0.0.11', 10, taken)[0]).toBe('10.0.0.200-10.0.0.209');
    expect(texts(network('10.0.0.0/24'), '10.0.0.11', 10, taken)).not.toContain('10.0.0.100-10.0.0.109');
    expect(texts(network('10.0.0.0/16'), '10.0.7.11', 1, taken)[0]).toBe('10.0.7.100');
    expect(texts(network('10.0.0.8/29'), '10.0.0.9', 1, taken)).toEqual([
      ...['10.0.0.14', '10.0.0.13', '10.0.0.12', '10.0.0.11', '10.0.0.10', '10.0.0.9'],
    ]);
    expect(texts(network('fd00::/64'), 'fd00::11', 1, [])[0]).toBe('fd00::64');
  });

  it('come only from a network that all control planes are in', async () => {
    const [a, b, far] = await holds('eth0 10.0.0.11/24', 'eth0 10.0.0.12/24', 'eth0 10.0.1.13/24');
    const [lone] = await holds('eth0 203.0.113.7/32');
    if (!a || !b || !far || !lone) throw new Error('not read');
    expect(commonNetwork([a, b])?.first).toBe(network('10.0.0.0/24').first);
    expect(commonNetwork([a, b, far])).toBeUndefined();
    expect(commonNetwork([lone])).toBeUndefined();
  });
});

it('Pod and Service networks contain none of the addresses of the site, and do not overlap', () => {
  expect(clusterNetworks([network('192.168.1.0/24')], [4])).toEqual({});
  expect(clusterNetworks([network('10.244.3.0/24')], [4])).toEqual({ podSubnet: '10.42.0.0/16' });
  expect(clusterNetworks([network('10.0.0.0/8')], [4])).toEqual({
    podSubnet: '172.24.0.0/16',
    serviceSubnet: '172.25.0.0/16',
  });
  expect(clusterNetworks([network('10.0.0.0/8'), network('172.16.0.0/12')], [4])).toMatchObject({
    podSubnet: '192.168.0.0/16',
  });
});

it('Pod and Service networks have the families of the hosts, in their order', () => {
  const taken = [network('10.244.3.0/24'), network('fd00:10:96::/64')];
  expect(clusterNetworks([network('10.0.0.0/24'), network('fd00::/64')], [4, 6])).toEqual({
    podSubnet: '10.244.0.0/16,fd00:10:244::/56',
    serviceSubnet: '10.96.0.0/12,fd00:10:96::/112',
  });
  expect(clusterNetworks(taken, [6, 4])).toEqual({
    podSubnet: 'fd00:10:244::/56,10.42.0.0/16',
    serviceSubnet: 'fd00:10:43::/112,10.96.0.0/12',
  });
  expect(clusterNetworks([network('fd00::/16')], [6])).toEqual({
    podSubnet: 'fd10:244::/56',
    serviceSubnet: 'fd10:96::/112',
  });
});
