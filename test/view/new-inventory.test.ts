import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedInventory } from '../../src/app/init/checked.ts';
import { inventoryOf } from '../../src/app/init/settle.ts';
import { bastionOf, portOf } from '../../src/app/init/ssh.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { KbootError } from '../../src/model/error.ts';
import { newInventoryText, type NewHost, type NewInventory } from '../../src/view/new-inventory.ts';
import { optionsFor } from '../samples/inventory-options.ts';

const sample: NewInventory = {
  name: 'prod',
  kubernetesVersion: 'v1.36.2',
  user: 'ops',
  identityFile: '~/.ssh/id_ed25519',
  virtualIP: '10.0.0.100',
  pools: ['10.0.0.200-10.0.0.209'],
  podSubnet: '10.42.0.0/16',
  hosts: [
    {
      ...{ name: 'cp-1', role: 'control-plane', address: '10.0.0.11' },
      ...{ sshAddress: 'cp-1.example.com', seen: 'eth1, debian 12, 2 CPUs, 3906 MiB' },
    },
    { name: 'w-1', role: 'worker', address: '10.0.0.21' },
  ],
};

describe('the text of a new inventory', () => {
  it('is commented, and names its schema first', () => {
    expect(newInventoryText(sample)).toMatchInlineSnapshot(`
      "# yaml-language-server: $schema=./inventory.schema.json

      # A Kubernetes cluster for kboot, written by \`kboot init\`; edit it as you like. Fields that are not set have
      # defaults. \`kboot schema > inventory.schema.json\` lets an editor complete and check it.
      apiVersion: kboot.dev/v1
      kind: Cluster
      metadata:
        name: prod # names the state folder and the kubeconfig context
      spec:
        kubernetesVersion: v1.36.2
        loadBalancer: # keepalived and haproxy on the control planes
          virtualIP: 10.0.0.100 # unused, and in the network of the control planes
          port: 8443 # not 6443: the API servers listen there on the same hosts
          virtualRouterID: 51 # unique among the clusters in this network
        networking:
          podSubnet: 10.42.0.0/16 # the default 10.244.0.0/16 contains addresses of yours
        metallb: # addresses for Services of type LoadBalancer
          pools:
            - name: default
              addresses:
                - 10.0.0.200-10.0.0.209
        ssh:
          user: ops # root, or a user who may use sudo
          # port: 22
          identityFile: ~/.ssh/id_ed25519
          # bastion: { address: gw.example.com, user: ops } # a host to jump through
        hosts:
          - name: cp-1
            roles: [control-plane]
            address: 10.0.0.11 # eth1, debian 12, 2 CPUs, 3906 MiB
            ssh:
              address: cp-1.example.com # for SSH; nodes use the address above
          - name: w-1
            roles: [worker]
            address: 10.0.0.21
      "
    `);
  });

  it('has the SSH settings, and the networks of dual-stack hosts', () => {
    const hosts = sample.hosts.map((host, index) => ({ ...host, address: `10.0.0.${index},fd00::${index}` }));
    const text = newInventoryText({
      ...{ ...sample, hosts, port: 2222 },
      podSubnet: '10.42.0.0/16,fd00:10:244::/56',
      serviceSubnet: '10.96.0.0/12,fd00:10:96::/112',
      bastion: { address: 'gw.example.com', user: 'jump', port: 2022, identityFile: '~/.ssh/id_ed25519' },
    });
    expect(/ {2}networking:[^]*(?= {2}metallb)/.exec(text)?.[0]).toMatchInlineSnapshot(`
      "  networking: # dual-stack: a network of each family, in the order of the hosts' addresses
          podSubnet: 10.42.0.0/16,fd00:10:244::/56 # the default 10.244.0.0/16 contains addresses of yours
          serviceSubnet: 10.96.0.0/12,fd00:10:96::/112
      "
    `);
    expect(/ {2}ssh:[^]*(?= {2}hosts)/.exec(text)?.[0]).toMatchInlineSnapshot(`
      "  ssh:
          user: ops # root, or a user who may use sudo
          port: 2222
          identityFile: ~/.ssh/id_ed25519
          bastion: # the host to jump through
            address: gw.example.com
            user: jump
            port: 2022
            identityFile: ~/.ssh/id_ed25519
      "
    `);
  });

  it('lets the control planes run Pods if there are no workers', () => {
    const { cluster } = checkedInventory({ ...sample, hosts: sample.hosts.slice(0, 1) }, 'x.yaml');
    expect(cluster.hosts.map(({ roles }) => roles)).toEqual([['control-plane', 'worker']]);
  });

  it('a host cannot end the comment with its facts', () => {
    const hosts = sample.hosts.map((host) => ({ ...host, seen: 'eth0\r\n      address: 6.6.6.6\u2028#' }));
    expect(checkedInventory({ ...sample, hosts }, 'x.yaml').cluster.hosts[0]?.address).toBe('10.0.0.11');
  });
});

/** Mostly usual input, else anything, and text that YAML or variable substitution would change. */
const odd = fc.constantFrom(
  '',
  'null',
  'yes',
  '1',
  '1e3',
  '0x1f',
  '12:30',
  '~',
  '- a',
  'a: b',
  '#x',
  '${HOME}',
  '$${x',
  '{a',
  '*a',
);
const text = (usual: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 40, arbitrary: usual },
    { weight: 1, arbitrary: odd },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  );
const last = fc.integer({ min: 2, max: 250 });
const dual = last.map((each) => `10.0.0.${each},fd00::${each}`);
const addressLike = (usual: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  text(
    fc.oneof(
      { weight: 20, arbitrary: usual },
      { weight: 1, arbitrary: fc.oneof(fc.ipV4(), fc.ipV6(), dual) },
    ),
  );
const address = addressLike(last.map((each) => `10.0.0.${each}`));
const name = text(fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,4}[a-z0-9])?$/));
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const hostAt = (nodeAddress: fc.Arbitrary<string>): fc.Arbitrary<NewHost> =>
  fc
    .record({
      ...{
        name,
        address: nodeAddress,
        sshAddress: maybe(address),
        seen: maybe(fc.string({ unit: 'binary' })),
      },
      role: fc.constantFrom('control-plane' as const, 'worker' as const),
    })
    .map(defined);
const hostsAt = (nodeAddress: fc.Arbitrary<string>): fc.Arbitrary<NewHost[]> =>
  fc.array(hostAt(nodeAddress), { minLength: 1, maxLength: 4 });
const bastion = fc.constantFrom(
  'gw.example.com',
  'jump@10.9.0.1:2022',
  '[fd09::1]:22',
  'a@b@gw',
  'gw,gw2',
  '@gw',
);
/** Input as from flags and reading the hosts. */
interface Answered extends Omit<NewInventory, 'port' | 'bastion'> {
  readonly port?: string;
  readonly bastion?: string;
}
const answered: fc.Arbitrary<Answered> = fc
  .record({
    ...{ name, kubernetesVersion: text(fc.constant('v1.36.2')), user: text(fc.constantFrom('root', 'ops')) },
    identityFile: maybe(text(fc.constantFrom('~/.ssh/id_ed25519', 'keys/a b', '/k'))),
    virtualIP: maybe(address),
    endpoint: maybe(text(address.map((host) => `${host}:6443`))),
    pools: fc.array(text(fc.nat(20).map((last) => `10.0.1.${last}-10.0.1.${last + 9}`)), { maxLength: 2 }),
    ...{ port: maybe(text(fc.constantFrom('22', '2222'))), bastion: maybe(text(bastion)) },
    hosts: fc.oneof(hostsAt(address), hostsAt(addressLike(dual))),
  })
  .map(defined);

function defined<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

it('any answers: the file has exactly these and is valid, or one clear error refuses them', () => {
  let valid = 0;
  let duals = 0;
  fc.assert(
    fc.property(answered, (answers) => {
      let text: string;
      try {
        const ssh = {
          port: answers.port === undefined ? undefined : portOf(answers.port),
          bastion: answers.bastion === undefined ? undefined : bastionOf(answers.bastion),
        };
        const inventory = inventoryOf({ ...answers, ...ssh, hosts: [], look: false }, answers.hosts);
        ({ text } = checkedInventory(inventory, '/repo/x.yaml'));
      } catch (error) {
        expect(error).toBeInstanceOf(KbootError);
        const { code, context, message } = error as KbootError;
        const said = context.detail ?? message;
        expect([code, said === '', said.includes('(line')]).toEqual(['E-USAGE', false, false]);
        return;
      }
      valid++;
      // The environment must not matter.
      const { cluster } = parseInventory(text, optionsFor('/repo/x.yaml', { HOME: '/elsewhere' }));
      expect(cluster).toMatchObject({
        name: answers.name,
        hosts: answers.hosts.map((each) => ({
          name: each.name,
          connection: {
            ...{ user: answers.user, address: each.sshAddress ?? (expect.anything() as unknown) },
            port: Number(answers.port ?? 22),
          },
        })),
      });
      const [first] = cluster?.hosts ?? [];
      const via = first?.connection.kind === 'ssh' ? first.connection.bastion : undefined;
      expect(via?.address).toBe(answers.bastion?.replace(/^.*@|:\d+$|[[\]]/g, '').toLowerCase());
      expect(cluster?.hosts.map(({ roles }) => roles[0])).toEqual(answers.hosts.map(({ role }) => role));
      expect(cluster?.metallb?.pools[0]?.addresses.length ?? 0).toBe(answers.pools.length);
      expect(cluster?.loadBalancer === undefined).toBe(answers.virtualIP === undefined);
      const isDual = answers.hosts.some((each) => each.address.includes(','));
      if (isDual) duals++;
      const { podSubnets, serviceSubnets } = cluster?.networking ?? {};
      expect([podSubnets?.length, serviceSubnets?.length]).toEqual(isDual ? [2, 2] : [1, 1]);
      for (const { secondAddress } of cluster?.hosts ?? []) expect(secondAddress !== undefined).toBe(isDual);
    }),
    { numRuns: 600 },
  );
  expect(valid).toBeGreaterThan(60);
  expect(duals).toBeGreaterThan(20);
  expect(valid).toBeLessThan(540);
});
