import '../view/no-color.ts';
import { readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askAddresses, askFirst } from '../../src/cli/init-ask.ts';
import type { Ask } from '../../src/cli/ask.ts';
import type { InitArgs } from '../../src/cli/args.ts';
import { readInventory } from '../../src/app/read-inventory.ts';
import type { KbootError } from '../../src/model/error.ts';
import { freshFolder } from './folder.ts';
import { kboot, type Ended } from './run.ts';

const at = freshFolder();
const init = (...words: string[]): Promise<Ended> => kboot('init', ...words, at('cluster.yaml'));
const told = ({ error }: Ended): [code: string, detail: string | undefined] => {
  const { code, context } = error as KbootError;
  return [code, context.detail];
};

describe('kboot init with flags', () => {
  it('writes an inventory with the values of the flags, and shows the next steps', async () => {
    const { out, err, exit, error } = await init(
      ...[
        '--name',
        'prod',
        '--user',
        'ops',
        '--identity-file',
        join(homedir(), '.ssh/k'),
        '--virtual-ip',
        '10.0.0.100',
      ],
      ...['--control-plane', 'a=10.0.0.11', '--control-plane', '10.0.0.12', '--control-plane', 'c=10.0.0.13'],
      ...['--kubernetes-version', 'v1.36.2', '--worker', '10.0.0.21', '--pool', '10.0.0.200-10.0.0.209'],
    );
    expect([error, err, exit]).toEqual([undefined, '', 0]);
    expect(out.replaceAll(at(), '')).toMatchInlineSnapshot(`
      "/cluster.yaml written: prod, Kubernetes v1.36.2
        3 control planes, 1 worker, virtual IP 10.0.0.100, MetalLB 10.0.0.200-10.0.0.209
      Review it, then run
        kboot validate /cluster.yaml   contacts nothing
        kboot plan /cluster.yaml       reads the hosts, changes nothing
        kboot up /cluster.yaml         shows the same plan, asks, applies it
      "
    `);
    // The tests' umask may remove more bits.
    expect(statSync(at('cluster.yaml')).mode & 0o700).toBe(0o600);
    expect(statSync(at('cluster.yaml')).mode & 0o133).toBe(0);
    const { cluster, warnings } = await readInventory(at('cluster.yaml'));
    expect(warnings).toEqual([]);
    expect(cluster).toMatchObject({
      ...{ name: 'prod', controlPlaneEndpoint: { host: '10.0.0.100', port: 8443 } },
      metallb: { pools: [{ addresses: ['10.0.0.200-10.0.0.209'] }] },
    });
    expect(cluster.hosts.map(({ name, address, roles }) => [name, address, ...roles])).toEqual([
      ['a', '10.0.0.11', 'control-plane'],
      ['cp-2', '10.0.0.12', 'control-plane'],
      ['c', '10.0.0.13', 'control-plane'],
      ['w-1', '10.0.0.21', 'worker'],
    ]);
    expect(cluster.hosts[0]?.connection).toMatchObject({
      user: 'ops',
      identityFile: join(homedir(), '.ssh/k'),
    });
    expect(readFileSync(at('cluster.yaml'), 'utf8')).toContain('identityFile: ~/.ssh/k\n');
  });

  it('a cluster of one control plane needs a name and an address', async () => {
    expect((await init('--name', 'one', '--control-plane', '10.0.0.11')).error).toBeUndefined();
    expect((await readInventory(at('cluster.yaml'))).cluster).toMatchObject({
      controlPlaneEndpoint: { host: '10.0.0.11', port: 6443 },
      hosts: [{ name: 'cp-1', roles: ['control-plane', 'worker'] }],
    });
  });

  it('reports everything that is missing at once if there are no prompts', async () => {
    expect(told(await init())).toMatchInlineSnapshot(`
      [
        "E-USAGE",
        "--name NAME, the name of the cluster
      --control-plane NAME=ADDRESS, for each control plane",
      ]
    `);
    const several = await init(
      ...['--name', 'p', '--control-plane', 'a.example', '--control-plane', '10.0.2.15', '--pool', 'auto'],
    );
    expect(told(several)).toMatchInlineSnapshot(`
      [
        "E-USAGE",
        "--virtual-ip ADDRESS, unused and in their network (auto: found by --look), or --endpoint HOST:PORT of your own load balancer: there are several control planes
      an IP address of cp-1, which a node requires (a.example is not one that other hosts can reach), or --look to find it
      another address of cp-2: every Vagrant machine has 10.0.2.15; use the address of its private network
      --look, for --pool auto",
      ]
    `);
    expect(readdirSync(at())).toEqual([]);
  });

  it('refuses answers that do not make a valid inventory, with the messages of validate, and writes nothing', async () => {
    const planes = ['--control-plane', 'a=10.0.0.11', '--control-plane', 'b=10.0.0.11'];
    expect(told(await init('--name', 'P', '--virtual-ip', '10.0.0.11', ...planes))).toMatchInlineSnapshot(`
      [
        "E-USAGE",
        "metadata.name must be a DNS label (lowercase letters, digits, "-" inside it), not "P"; did you mean "p"?
      spec.loadBalancer.virtualIP 10.0.0.11 is the address of host a; the virtual IP must be free
      spec.hosts[1].address 10.0.0.11 is already a's",
      ]
    `);
    expect(told(await init('--name', 'p', '--control-plane', '=10.0.0.11'))[0]).toBe('E-USAGE');
    expect(readdirSync(at())).toEqual([]);
  });

  it('chooses networks for Pods and Services apart from the hosts', async () => {
    expect(
      (await init('--name', 'p', '--control-plane', '10.96.3.11', '--worker', '10.244.0.7')).error,
    ).toBeUndefined();
    const { podSubnets, serviceSubnets } = (await readInventory(at('cluster.yaml'))).cluster.networking;
    expect([podSubnets, serviceSubnets]).toEqual([['10.42.0.0/16'], ['10.43.0.0/16']]);
  });

  it('two addresses of every host make a dual-stack cluster', async () => {
    const planes = ['--name', 'p', '--control-plane', 'cp-1=fd00::11,10.0.0.11'];
    expect((await init(...planes, '--worker', 'fd00::21, 10.0.0.21')).error).toBeUndefined();
    const { networking, hosts } = (await readInventory(at('cluster.yaml'))).cluster;
    expect(networking).toMatchObject({
      podSubnets: ['fd00:10:244::/56', '10.244.0.0/16'],
      serviceSubnets: ['fd00:10:96::/112', '10.96.0.0/12'],
    });
    expect(hosts.map(({ address, secondAddress }) => [address, secondAddress])).toEqual([
      ['fd00::11', '10.0.0.11'],
      ['fd00::21', '10.0.0.21'],
    ]);
    rmSync(at('cluster.yaml'));
    const [, alone] = told(await init(...planes, '--worker', 'fd00::21', '--worker', 'fd00::22'));
    expect(alone).toMatch(
      /^spec.hosts\[1\].address \(and 1 more host\) has one address, but .*; give both as "v6,v4"$/,
    );
    const { error } = await init('--name', 'p', '--control-plane', '10.0.0.11,10.0.0.12');
    expect(error).toMatchObject({
      code: 'E-USAGE',
      message: expect.stringContaining('not two IPv4 items; a comma separates') as unknown,
    });
    expect(readdirSync(at())).toEqual([]);
  });

  it('writes how SSH reaches the hosts', async () => {
    const words = ['--name', 'p', '--user', 'ops', '--port', '2222', '--control-plane', '10.0.0.11'];
    expect((await init(...words, '--bastion', 'jump@gw.example.com:2022')).error).toBeUndefined();
    expect((await readInventory(at('cluster.yaml'))).cluster.hosts[0]?.connection).toMatchObject({
      ...{ address: '10.0.0.11', port: 2222, user: 'ops' },
      bastion: { address: 'gw.example.com', port: 2022, user: 'jump' },
    });
  });

  it('reads the hosts through the bastion, at their port', async () => {
    const words = ['--look', '--name', 'p', '--control-plane', '127.9.9.8', '-o', 'json'];
    const detail = async (...more: string[]): Promise<string> => {
      const { error } = await init(...words, ...more);
      expect(error).toMatchObject({ code: 'E-CONNECT' });
      return (error as KbootError).context.detail ?? '';
    };
    // Nothing listens there.
    expect(await detail('--bastion', '127.9.9.9:2022')).toContain('bastion 127.9.9.9:2022');
    expect(await detail('--port', '2222')).toContain('127.9.9.8:2222');
  });

  it('overwrites nothing, not even the target of a link', async () => {
    const words = ['--name', 'p', '--control-plane', '10.0.0.11'];
    writeFileSync(at('cluster.yaml'), 'mine');
    expect((await init(...words)).error).toMatchObject({
      ...{
        code: 'E-USAGE',
        exit: 3,
        message: `${at('cluster.yaml')} already exists; kboot init overwrites nothing.`,
      },
    });
    expect(readFileSync(at('cluster.yaml'), 'utf8')).toBe('mine');
    const link = at('link.yaml');
    symlinkSync(at('nowhere'), link);
    expect((await kboot('init', ...words, link)).error).toMatchObject({ code: 'E-USAGE' });
    expect(told(await kboot('init', ...words, at('none/x.yaml')))[0]).toBe('E-USAGE');
    expect(readdirSync(at()).sort()).toEqual(['cluster.yaml', 'link.yaml']);
  });

  it('writes nothing if a host cannot be read, and mentions --no-look', async () => {
    // Nothing listens on port 22 of this address of the loopback network.
    const ended = await init('--look', '--name', 'p', '--control-plane', '127.9.9.9', '-o', 'json');
    expect(ended.error).toMatchObject({ code: 'E-CONNECT', exit: 4 });
    expect((ended.error as KbootError).context.remedy).toContain('--no-look');
    expect(readdirSync(at())).toEqual([]);
  });
});

/** Gives the answers in order; fails if an answer is refused or left over. */
function scripted(answers: readonly (string | boolean)[]): { ask: Ask; asked: string[]; left: () => number } {
  const queue = [...answers];
  const asked: string[] = [];
  const next = (message: string): never => {
    asked.push(message);
    return queue.shift() as never;
  };
  return {
    asked,
    left: () => queue.length,
    ask: {
      text({ message, check }) {
        const answer = next(message) as string;
        const problem = check(answer);
        if (problem !== undefined) asked.push(problem);
        return problem === undefined ? Promise.resolve(answer) : this.text({ message, check });
      },
      choose: (message) => Promise.resolve(next(message)),
      confirm: (message) => Promise.resolve(next(message)),
    },
  };
}

describe('kboot init in a terminal', () => {
  const none = { hosts: [], user: 'me', pools: [], kubernetesVersion: 'v1.36.2', look: false };
  const args = (): InitArgs => ({
    ...{ file: at('cluster.yaml'), output: 'text', concurrency: 5, verbose: false, color: false, yes: false },
    ...{ 'control-plane': [], worker: [], pool: [], 'from-hosts': [], 'from-kubeadm': [] },
  });

  it('asks for everything that flags do not give, and again after an invalid answer', async () => {
    const { ask, asked, left } = scripted([
      ...[
        'Prod',
        'prod',
        '',
        'a=10.0.0.11 B=10.0.0.12',
        '10.0.0.11 10.0.0.12 10.0.0.13',
        'w=w.example',
        'ops',
      ],
      ...[at('none'), '', true],
    ]);
    const first = await askFirst(ask, args(), none);
    expect(left()).toBe(0);
    expect(first).toMatchObject({
      ...{ name: 'prod', user: 'ops', identityFile: undefined, look: true },
      hosts: [
        { name: 'cp-1', role: 'control-plane', stated: '10.0.0.11' },
        ...[{ name: 'cp-2' }, { name: 'cp-3' }, { name: 'w', role: 'worker', stated: 'w.example' }],
      ],
    });
    expect(asked.filter((line) => /[a-z"?]\.$/.test(line) && !line.startsWith('Log in'))).toEqual([
      expect.stringContaining('did you mean "prod"?'),
      'At least one is required.',
      expect.stringContaining('The name B must be a DNS name'),
      `${at('none')} does not exist.`,
    ]);
    expect(
      await askFirst(
        scripted([]).ask,
        { ...args(), user: 'ops', look: false },
        { ...first, identityFile: 'k' },
      ),
    ).toEqual({ ...first, identityFile: 'k', look: false });
  });

  it('asks what is in front of several control planes, and for a pool', async () => {
    const planes = ['a', 'b'].map((name) => ({ name, role: 'control-plane' as const, stated: '10.0.0.1' }));
    const { ask, asked } = scripted([
      'virtualIP',
      '10.0.0',
      '10.0.0.100',
      'range',
      '10.0.0.9-10.0.0.1',
      '10.0.0.1-10.0.0.9',
    ]);
    const answers = await askAddresses(ask, { ...none, hosts: planes }, [], undefined);
    expect(answers).toMatchObject({ virtualIP: '10.0.0.100', pools: ['10.0.0.1-10.0.0.9'] });
    expect(asked).toContain('The range must be in ascending order: 10.0.0.9 is after 10.0.0.1.');
    const own = scripted(['endpoint', 'api.example:6443', 'none']);
    expect(await askAddresses(own.ask, { ...none, hosts: planes }, [], undefined)).toMatchObject({
      ...{ endpoint: 'api.example:6443', pools: [] },
    });
  });
});
