import '../view/no-color.ts';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readInventory } from '../../src/app/read-inventory.ts';
import type { KbootError } from '../../src/model/error.ts';
import type { Host } from '../../src/model/cluster.ts';
import { freshFolder } from './folder.ts';
import { kboot, type Ended } from './run.ts';

const at = freshFolder();
const init = (...words: string[]): Promise<Ended> => kboot('init', ...words, at('cluster.yaml'), '--yes');
const text = (): string => readFileSync(at('cluster.yaml'), 'utf8');
const hosts = async (): Promise<readonly Host[]> => (await readInventory(at('cluster.yaml'))).cluster.hosts;
/** Without the folder of the test, and in one line: where lines break depends on its name. */
const flat = (lines: string): string => lines.replaceAll(at(), '').replaceAll(/\n(# )?\s*/g, ' ');
const told = ({ error }: Ended): [code: string, message: string, detail: string | undefined] => {
  const { code, context, message } = error as KbootError;
  return [code, message, context.detail];
};

describe('kboot init --from-hosts', () => {
  it('writes an inventory for addresses, and says what it guessed', async () => {
    const { out, error } = await init(
      '--from-hosts',
      'ops@10.0.0.11-12,w=10.0.0.21:2222',
      '--name',
      'p',
      '--kubernetes-version',
      'v1.36.2',
    );
    expect(error).toBeUndefined();
    expect(out.replaceAll(at(), '')).toMatchInlineSnapshot(`
      "Guessed; correct what is wrong in the file:
        nothing says which role a host has: the first is the control plane
        (10.0.0.11), the others are workers; --control-plane names others
        2 hosts have no name, and got one by role
      /cluster.yaml written: p, Kubernetes v1.36.2
        1 control plane, 2 workers
      Review it, then run
        kboot validate /cluster.yaml   contacts nothing
        kboot plan /cluster.yaml       reads the hosts, changes nothing
        kboot up /cluster.yaml         shows the same plan, asks, applies it
      "
    `);
    expect(text()).toMatchInlineSnapshot(`
      "# yaml-language-server: $schema=./inventory.schema.json

      # A Kubernetes cluster for kboot, written by \`kboot init\` from --from-hosts ops@10.0.0.11-12,w=10.0.0.21:2222.
      # Fields that are not set have kboot's defaults. \`kboot schema > inventory.schema.json\` lets an editor complete and
      # check it.
      #
      # Guessed; correct what is wrong:
      #   nothing says which role a host has: the first is the control plane (10.0.0.11), the others are workers;
      #   --control-plane names others
      #   2 hosts have no name, and got one by role

      apiVersion: kboot.dev/v1
      kind: Cluster
      metadata:
        name: p
      spec:
        kubernetesVersion: v1.36.2
        hosts:
          - name: cp-1
            roles: [control-plane]
            address: 10.0.0.11
            ssh:
              user: ops
          - name: w-1
            roles: [worker]
            address: 10.0.0.12
            ssh:
              user: ops
          - name: w
            roles: [worker]
            address: 10.0.0.21
            ssh:
              port: 2222
      "
    `);
    expect((await readInventory(at('cluster.yaml'))).warnings).toEqual([]);
  });

  it('has three control planes behind an address, and those that flags name', async () => {
    expect((await init('--from-hosts', '10.0.0.11-15', '--virtual-ip', '10.0.0.100')).error).toBeUndefined();
    expect((await hosts()).map(({ name, roles }) => `${name} ${roles.join('+')}`)).toEqual([
      ...['cp-1 control-plane', 'cp-2 control-plane', 'cp-3 control-plane', 'w-1 worker', 'w-2 worker'],
    ]);
    const named = await kboot(
      ...[
        'init',
        '--from-hosts',
        '10.0.0.11-13',
        '--control-plane',
        'cp=10.0.0.12',
        '--worker',
        'extra=10.0.0.99',
      ],
      ...['--pool', '10.0.0.200-10.0.0.209', at('b.yaml'), '--yes'],
    );
    expect(named.error).toBeUndefined();
    const { cluster } = await readInventory(at('b.yaml'));
    expect(cluster.hosts.map(({ name, roles, address }) => `${name} ${roles.join('+')} ${address}`)).toEqual([
      ...[
        'w-1 worker 10.0.0.11',
        'cp control-plane 10.0.0.12',
        'w-2 worker 10.0.0.13',
        'extra worker 10.0.0.99',
      ],
    ]);
    expect(cluster.metallb?.pools[0]?.addresses).toEqual(['10.0.0.200-10.0.0.209']);
  });

  it('needs addresses of nodes, or a look', async () => {
    expect(told(await init('--from-hosts', 'node[1:2].example.com'))[2]).toBe(
      [
        'an IP address of node1, which a node requires (node1.example.com is not one that other hosts can reach), or --look to find it',
        'an IP address of node2, which a node requires (node2.example.com is not one that other hosts can reach), or --look to find it',
      ].join('\n'),
    );
    expect(told(await init('--from-hosts', '10.0.0.300'))).toEqual([
      'E-USAGE',
      '--from-hosts 10.0.0.300: must be an IP address such as 10.0.0.11 or fd00::11, not "10.0.0.300"; nothing was written.',
      undefined,
    ]);
    expect(told(await init('--from-hosts', '10.0.0.1', '--from-ansible', 'x'))[1]).toContain(
      'cannot be combined',
    );
    expect(readdirSync(at())).toEqual([]);
  });
});

describe('kboot init --from-ansible', () => {
  const inventory = (content: string, name = 'hosts.ini'): string => {
    writeFileSync(at(name), content);
    return at(name);
  };

  it('writes an inventory with everything that has a counterpart, and names the rest', async () => {
    mkdirSync(at('group_vars'));
    writeFileSync(
      at('group_vars/all.yml'),
      'kube_network_plugin: calico\nvault_password: hunter2\nkubelet_max_pods: 200\n',
    );
    const file = inventory(
      `[kube_control_plane]
cp1 ansible_host=203.0.113.1 ip=10.0.0.1
[kube_node]
w_1 ansible_host=203.0.113.2 ip=10.0.0.2 node_labels="{'zone': 'a'}"
[all:vars]
ansible_user=ops
ansible_python_interpreter=/usr/bin/python3
kubelet_config_extra_args={'maxOpenFiles': 100000, 'noSuchField': 1}
`,
    );
    const { out, error } = await init('--from-ansible', file, '--kubernetes-version', 'v1.36.2');
    expect(error).toBeUndefined();
    for (const part of [
      'Guessed; correct what is wrong in the file: the cluster is called cluster; --name calls it otherwise names of nodes differ: w_1 is w-1 Taken over from /hosts.ini, an Ansible inventory: spec.hosts[].roles /hosts.ini: group kube_control_plane (1), group kube_node (3) spec.hosts[].ssh.address /hosts.ini: ansible_host (2 and 1 more)',
      'spec.kubelet.config: not all of it: the inventory would not be valid: unknown field "noSuchField" in spec.kubelet.config',
      'Not taken over from /hosts.ini, an Ansible inventory: kboot needs no interpreter on hosts but sh /hosts.ini: ansible_python_interpreter (7)',
      'For calico, set spec.networking.cni to none, and state it in spec.addons (docs/networks.md) /group_vars/all.yml: kube_network_plugin (1)',
      'a secret, and an inventory has none /group_vars/all.yml: vault_password (2)',
    ])
      expect(flat(out)).toContain(part);
    expect(/^apiVersion[^]*?\n\n/m.exec(text())?.[0].trimEnd()).toMatchInlineSnapshot(`
      "apiVersion: kboot.dev/v1
      kind: Cluster
      metadata:
        name: cluster
      spec:
        kubernetesVersion: v1.36.2
        kubelet:
          config:
            # kubelet_max_pods
            maxPods: 200
            # kubelet_config_extra_args
            maxOpenFiles: 100000
        ssh:
          user: ops
        hosts:
          - name: cp1
            roles: [control-plane]
            address: 10.0.0.1
            ssh:
              address: 203.0.113.1
          - name: w-1
            roles: [worker]
            address: 10.0.0.2
            ssh:
              address: 203.0.113.2
            labels:
              zone: a"
    `);
    expect(flat(text())).toContain(
      'Not taken over from /hosts.ini, an Ansible inventory: kboot needs no interpreter on hosts but sh: /hosts.ini: ansible_python_interpreter (7)',
    );
    const { cluster, warnings } = await readInventory(at('cluster.yaml'));
    expect(warnings).toEqual([]);
    expect(cluster.kubelet.config).toEqual({ maxPods: 200, maxOpenFiles: 100000 });
    expect(out + text()).not.toContain('hunter2');
  });

  it('tells programs every key', async () => {
    const file = inventory('[kube_control_plane]\na ansible_host=10.0.0.1 x=1\n');
    const { out, error } = await init('--from-ansible', file, '-o', 'json');
    expect(error).toBeUndefined();
    const [written] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; keys?: unknown[] });
    expect(written).toMatchObject({
      type: 'written',
      from: `${file}, an Ansible inventory`,
      keys: [
        { key: 'group kube_control_plane', line: 1, column: 1, became: 'spec.hosts[].roles' },
        { key: 'ansible_host', line: 2, column: 3, became: 'spec.hosts[].ssh.address' },
        { key: 'x', line: 2, column: 25, why: 'no field of an inventory says this' },
      ],
    });
  });

  it('wants to know how clients reach several API servers, and flags win', async () => {
    const file = inventory(
      '[kube_control_plane]\na ansible_host=10.0.0.1\nb ansible_host=10.0.0.2\nc ansible_host=10.0.0.3\n[all:vars]\nansible_user=x\nkube_version=1.35.0\n',
    );
    expect(told(await init('--from-ansible', file))[2]).toContain('there are several control planes');
    const flags = ['--endpoint', 'api.example.com:6443', '--user', 'ops', '--kubernetes-version', 'v1.36.2'];
    const { out, error } = await init('--from-ansible', file, ...flags);
    expect([error, out]).toEqual([undefined, expect.stringContaining('a flag says it otherwise')]);
    expect((await readInventory(at('cluster.yaml'))).cluster).toMatchObject({
      ...{ kubernetesVersion: 'v1.36.2', controlPlaneEndpoint: { host: 'api.example.com', port: 6443 } },
      hosts: [{ roles: ['control-plane', 'worker'], connection: { user: 'ops' } }, {}, {}],
    });
  });

  it('refuses what is none, and hosts that cannot be in one inventory', async () => {
    expect(told(await init('--from-ansible', at('none')))[1]).toContain('it does not exist');
    const broken = inventory('[a]\nn x\n');
    expect(told(await init('--from-ansible', broken))[1]).toBe(
      `${broken}:2:3: must be NAME=VALUE after the name of a host; nothing was written.`,
    );
    const twice = inventory('a ansible_host=10.0.0.1\nb ansible_host=10.0.0.1\n');
    expect(told(await init('--from-ansible', twice))[2]).toBe(
      "spec.hosts[1].address 10.0.0.1 is already a's",
    );
    expect(readdirSync(at())).toEqual(['hosts.ini']);
  });
});
