import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseInventory } from '../../src/inventory/parse.ts';
import { vagrantBoxes } from '../../src/inventory/schema-vagrant.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';
import { has, needing } from '../programs.ts';
import { inventories, vagrantDir } from './tools.ts';

/*
 * machines/NAME.json: the settings for Vagrant from each example inventory.
 * After an intended change: `npx vitest run --project unit test/vagrant -u`, and read the diff.
 */

interface Machine {
  readonly name: string;
  readonly box: string;
  readonly libvirt_box: string;
  readonly image: string | null;
  readonly memory: number;
  readonly cpus: number;
  readonly address: string;
  readonly ipv6: string | null;
}

/** Runs machines.rb and returns its output, or its error. */
function ruby(
  file: string,
  env: Record<string, string> = {},
): { readonly out: string; readonly error: string } {
  const { stdout, stderr } = spawnSync('ruby', [join(vagrantDir, 'machines.rb'), file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
  return { out: stdout, error: stderr.trim() };
}

/** The same for an inventory with this text. */
function rubyOf(text: string, env: Record<string, string> = {}): { machines: Machine[]; error: string } {
  const dir = mkdtempSync(join(tmpdir(), 'kboot-machines-'));
  try {
    writeFileSync(join(dir, 'i.yaml'), text);
    const { out, error } = ruby(join(dir, 'i.yaml'), env);
    return {
      machines: out === '' ? [] : (JSON.parse(out) as Machine[]),
      error: error.replace(`the inventory ${dir}/`, ''),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function clusterOf(text: string, env: Record<string, string> = {}): Cluster {
  const { cluster, diagnostics } = parseInventory(text, optionsFor('/repo/inventories/i.yaml', env));
  if (cluster === undefined) throw new Error(JSON.stringify(diagnostics));
  return cluster;
}

describe.skipIf(!has('ruby'))(needing('ruby', 'vagrant/machines.rb'), () => {
  const examples = readdirSync(inventories).filter((name) => name.endsWith('.yaml'));

  it.each(examples)('%s', async (name) => {
    const { out, error } = ruby(join(inventories, name));
    expect(error).toBe('');
    await expect(out).toMatchFileSnapshot(`./machines/${name.replace(/\.yaml$/, '.json')}`);
    const { hosts } = clusterOf(readFileSync(join(inventories, name), 'utf8'));
    const machines = JSON.parse(out) as Machine[];
    expect(machines.map((each) => [each.name, [each.address, each.ipv6 ?? undefined]])).toEqual(
      hosts.map((host) => [host.name, [host.address, host.secondAddress]]),
    );
  });

  it('supports the same boxes as the schema', () => {
    for (const box of vagrantBoxes) {
      const [machine] = rubyOf(inventoryWith([`vagrant: {box: ${box}}`])).machines;
      expect(machine).toMatchObject({
        box: `bento/${box.replace('rocky-', 'rockylinux-')}`,
        libvirt_box: `cloud-image/${box}`,
      });
    }
    const { error } = rubyOf(inventoryWith(['vagrant: {box: arch}']));
    expect(error).toBe(
      `i.yaml: cp-1: box arch is not one of ${vagrantBoxes.join(', ')}, which kboot supports; give any other box by its full name (OWNER/BOX)`,
    );
  });

  it('takes sizes from the role, then from the spec, then from the host', () => {
    const roles = (spec: string[], host: string[]): unknown => {
      const { machines, error } = rubyOf(inventoryWith(spec, host));
      expect(error).toBe('');
      return machines.map(({ memory, cpus }) => [memory, cpus]);
    };
    expect(roles([], [])).toEqual([
      [2048, 2],
      [2048, 2],
    ]);
    expect(roles(['vagrant: {memory: 3000}'], ['vagrant: {memory: 4096, cpus: 8}'])).toEqual([
      [3000, 2],
      [4096, 8],
    ]);
    const own = rubyOf(inventoryWith(['vagrant: {image: local/host}'], ['vagrant: {box: me/mine}']))
      .machines[1];
    expect(own).toMatchObject({ box: 'me/mine', libvirt_box: 'me/mine', image: 'local/host' });
  });

  it('leaves out this machine', () => {
    expect(rubyOf(inventoryWith([], ['connection: local'])).machines.map(({ name }) => name)).toEqual([
      'cp-1',
    ]);
  });

  it('substitutes environment variables like kboot', () => {
    const text = inventoryWith(
      ['vagrant:', '  memory: ${MEM:-3000}', '  image: "${REGISTRY}/$${NAME}:1"'],
      ['address: 10.0.0.${LAST}'],
    );
    const env = { REGISTRY: 'r', LAST: '99', MEM: '' };
    expect(rubyOf(text, env).machines[1]).toMatchObject({
      memory: 3000,
      image: 'r/${NAME}:1',
      address: '10.0.0.99',
    });
    expect(clusterOf(text.replace(/ {4}image: .*\n/, ''), env).hosts[1]?.address).toBe('10.0.0.99');
    expect(rubyOf(text, { ...env, MEM: '5000' }).machines[0]?.memory).toBe(5000);
    expect(rubyOf(text, { REGISTRY: 'r' }).error).toBe('i.yaml: environment variable LAST is not set');
  });

  it('refuses a reference that kboot does not support', () => {
    expect(rubyOf(inventoryWith(['vagrant:', '  image: a${B-c}'])).error).toContain('"${B-c}"');
    expect(rubyOf(inventoryWith(['vagrant:', '  image: a${B'])).error).toContain('"${B"');
  });

  it('reads anchors, merge keys, and words that are booleans in older YAML', () => {
    const text = `
spec:
  hosts:
    - &base {name: "no", roles: [control-plane], address: 10.0.0.11, vagrant: &small {cpus: 1, memory: 1024}}
    - {<<: *base, name: on, address: 10.0.0.12, roles: [etcd], labels: {since: 2024-01-01, b: 0x10}}
    - name: w-1
      roles: [worker, load-balancer]
      address: 10.0.0.13
      vagrant:
        <<: [*small, {cpus: 9}]
        memory: 999
`;
    const { machines, error } = rubyOf(text);
    expect(error).toBe('');
    expect(machines.map(({ name, memory, cpus }) => [name, memory, cpus])).toEqual([
      ['no', 1024, 1],
      ['on', 1024, 1],
      ['w-1', 999, 1],
    ]);
  });

  it.each([
    [
      'an unknown key',
      inventoryWith(['vagrant: {disk: 40}']),
      'spec.vagrant does not support the key disk, only box, image, memory, cpus',
    ],
    [
      'no IPv4 address',
      inventoryWith([], ['address: fd00::1']),
      'w-1: has no IPv4 address, which a Vagrant machine needs',
    ],
    [
      "VirtualBox's NAT",
      inventoryWith([], ['address: 10.0.2.15']),
      "w-1: 10.0.2.15 is in VirtualBox's NAT network",
    ],
    [
      'a name for an address',
      inventoryWith([], ['address: w-1.example']),
      'w-1: address w-1.example: invalid address',
    ],
    ['no hosts', 'spec: {}\n', 'i.yaml has no spec.hosts'],
    ['another text', '- a\n', 'i.yaml: is not an inventory'],
    ['nothing', '', 'i.yaml: is not an inventory'],
    ['broken YAML', 'spec: [\n', 'i.yaml'],
    ['a tag for a Ruby object', 'spec: {hosts: [!ruby/object:Gem::Requirement {}]}\n', 'has no known role'],
  ])('refuses %s in words', (_what, text, words) => {
    const { machines, error } = rubyOf(text);
    expect(machines).toEqual([]);
    expect(error).toContain(words);
    expect(error).not.toMatch(/NoMethodError|\.rb:\d+/);
  });

  it('reports the file that it could not read', () => {
    expect(ruby('/no/such.yaml').error).toBe(
      'the inventory /no/such.yaml cannot be read; set KBOOT_INVENTORY to use another one',
    );
  });
});
