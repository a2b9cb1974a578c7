import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTerraform } from '../../../src/foreign/terraform/read.ts';
import type { Foreign } from '../../../src/foreign/types.ts';
import { KbootError } from '../../../src/model/error.ts';

const hosts = [
  {
    name: 'cp-1',
    roles: ['control-plane'],
    address: '10.0.0.11',
    ssh: { address: '203.0.113.11', user: 'ubuntu', port: null, bastion: { address: 'gw.example.com' } },
    labels: { zone: 'a', rack: null },
    taints: null,
  },
  { name: 'w-1', roles: ['worker'], address: '10.0.0.21', ssh: null },
];
const output = { sensitive: false, type: ['list', 'dynamic'], value: hosts };
const read = (data: unknown): Foreign =>
  readTerraform({ file: 't.json', text: JSON.stringify(data, null, 1) });
const problem = (data: unknown): KbootError => {
  try {
    read(data);
  } catch (error) {
    if (error instanceof KbootError) return error;
    throw error;
  }
  throw new Error('it was read');
};

describe('outputs of Terraform', () => {
  it.each([
    ['output -json', { kboot_hosts: output, vpc: { value: 'vpc-1' } }],
    ['output -json kboot_hosts', hosts],
    ['show -json', { format_version: '1.0', values: { outputs: { kboot_hosts: output }, root_module: {} } }],
    ['a state', { version: 4, terraform_version: '1.9.0', lineage: 'x', outputs: { kboot_hosts: output } }],
  ])('have the hosts in %s', (_form, data) => {
    expect(
      read(data).hosts.map(({ name, roles, address, ssh, fields }) => [
        ...[name, roles, address, ssh],
        Object.fromEntries(fields.map(({ path, value }) => [path.join('.'), value])),
      ]),
    ).toEqual([
      [
        ...['cp-1', ['control-plane'], '10.0.0.11'],
        { address: '203.0.113.11', user: 'ubuntu', bastion: { address: 'gw.example.com' } },
        { labels: { zone: 'a' } },
      ],
      ['w-1', ['worker'], '10.0.0.21', { address: '10.0.0.21' }, {}],
    ]);
  });

  it('say what became of each attribute', () => {
    const { keys } = read([
      { name: 'a', address: '10.0.0.1', ssh: { user: 'u', password: 'hunter2', x: 1 } },
    ]);
    expect(keys.map(({ key, became, why }) => [key, became ?? why])).toEqual([
      ['kboot_hosts[].name', 'spec.hosts[].name'],
      ['kboot_hosts[].address', 'spec.hosts[].address'],
      ['kboot_hosts[].ssh.user', 'spec.hosts[].ssh.user'],
      ['kboot_hosts[].ssh.password', 'a secret, and an inventory has none'],
      ['kboot_hosts[].ssh.x', 'a host has no such field'],
    ]);
  });

  it('without kboot_hosts: the error has the text for outputs.tf', () => {
    const { message, context } = problem({ vpc: { value: 'vpc-1' } });
    expect(message).toBe('t.json has no output kboot_hosts (it has the outputs vpc); nothing was written.');
    expect(context.detail).toMatch(/^output "kboot_hosts" \{/);
  });

  it.each([
    [{ format_version: '1.2', planned_values: {} }, 'this is a plan of Terraform'],
    [[], 'must be a list with at least one host'],
    [{ kboot_hosts: { value: {} } }, 'must be a list with at least one host'],
    [['a'], 'must be a host, an object'],
    [[{ roles: 'worker' }], 'must be a list of control-plane, worker'],
    [[{ roles: ['master'] }], 'must be a list of control-plane, worker'],
    [[{ name: ['a'] }], 'must be a text'],
    [[{ address: '10.0.0.1', ssh: 'ubuntu' }], 'must be an object with address'],
    [[{ address: '10.0.0.1', ssh: { bastion: {} } }], 'must have an address'],
    [[{ address: '10.0.0.1', ssh: { port: 'x' } }], 'must be a port'],
    ['x', 'must be what `terraform output -json` prints'],
  ])('%j is refused with its place', (data, words) => {
    const { message } = problem(data);
    expect(message).toMatch(/^t\.json:\d+:\d+: /);
    expect(message).toContain(words);
  });

  it('any JSON: hosts, or one clear error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.json().map((text) => `[${text}]`),
          fc.json().map((text) => `[{"ssh":${text},"roles":${text}}]`),
        ),
        (text) => {
          try {
            readTerraform({ file: 't.json', text });
          } catch (error) {
            expect(error).toBeInstanceOf(KbootError);
          }
        },
      ),
    );
  });
});
