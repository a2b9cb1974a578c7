import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesIn, readAnsibleInventory, type VariableFile } from '../../../src/foreign/ansible/inventory.ts';
import { KbootError } from '../../../src/model/error.ts';

const samples = new URL('../../samples/foreign/', import.meta.url);
const sample = (name: string): { file: string; text: string } => ({
  file: name,
  text: readFileSync(new URL(name, samples), 'utf8'),
});

interface Listed {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Record<string, unknown>>> };
  readonly [group: string]: { readonly hosts?: string[]; readonly children?: string[] } | Listed['_meta'];
}

/** Hosts of a group of `ansible-inventory --list`, with those of its children. */
function hostsOf(list: Listed, group: string): Set<string> {
  const { hosts = [], children = [] } = (list[group] ?? {}) as { hosts?: string[]; children?: string[] };
  return new Set([...hosts, ...children.flatMap((child) => [...hostsOf(list, child)])]);
}

const varsOf = (vars: ReadonlyMap<string, { readonly value: unknown }>): Record<string, unknown> =>
  Object.fromEntries([...vars].map(([name, { value }]) => [name, value]));

describe('an inventory of Ansible', () => {
  // The .list.json beside each sample is what ansible-inventory (ansible-core 2.14) prints for it.
  it.each([
    ['kubespray.ini', 'kubespray.list.json'],
    ['hosts.yaml', 'hosts.list.json'],
  ])('%s has the hosts, groups and variables that Ansible finds', (name, expected) => {
    const list = JSON.parse(sample(expected).text) as Listed;
    const { hosts } = readAnsibleInventory(sample(name), []);
    expect(hosts.map((host) => host.name).sort()).toEqual([...hostsOf(list, 'all')].sort());
    for (const host of hosts) {
      const groups = Object.keys(list).filter((group) => hostsOf(list, group).has(host.name));
      expect([host.name, ...host.groups].sort()).toEqual([host.name, ...groups].sort());
      const vars = Object.fromEntries(
        Object.entries(varsOf(host.vars)).filter(([name]) => name !== 'ansible_group_priority'),
      );
      expect([host.name, vars]).toEqual([host.name, list._meta.hostvars[host.name]]);
    }
  });

  it.each(['kubespray.list.json', 'hosts.list.json'])('%s, as --list prints it, is read too', (name) => {
    const list = JSON.parse(sample(name).text) as Listed;
    const { hosts } = readAnsibleInventory(sample(name), []);
    for (const host of hosts) expect(varsOf(host.vars)).toEqual(list._meta.hostvars[host.name] ?? {});
    expect(hosts.map((host) => host.name).sort()).toEqual([...hostsOf(list, 'all')].sort());
  });

  it('has the variables of files beside it, in the order of precedence', () => {
    const text = '[web]\na v=inline\nb\n[web:vars]\nv=group\n[all:vars]\nv=all\nw=all\n';
    const file = (kind: 'group' | 'host', of: string, content: string): VariableFile => ({
      ...{ kind, of, text: content },
      file: `${kind}_vars/${of}.yml`,
    });
    const read = (...files: VariableFile[]): unknown[] =>
      readAnsibleInventory({ file: 'h.ini', text }, files).hosts.map(({ vars }) => vars.get('v')?.value);
    expect(read()).toEqual(['inline', 'group']);
    expect(read(file('group', 'all', 'v: file'))).toEqual(['inline', 'file']);
    expect(read(file('group', 'all', 'v: file'), file('group', 'web', 'v: web'))).toEqual(['inline', 'web']);
    expect(read(file('host', 'a', '{"v": 1}'), file('group', 'web', '---\n'))).toEqual([1, 'group']);
    const { vaults, hosts } = readAnsibleInventory({ file: 'h.ini', text }, [
      file('group', 'all', '$ANSIBLE_VAULT;1.1;AES256\n3132'),
      file('group', 'web', 'p: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n'),
    ]);
    expect([vaults, hosts[0]?.vars.get('p')?.at]).toEqual([
      ['group_vars/all.yml'],
      { file: 'group_vars/web.yml', line: 1, column: 1 },
    ]);
  });

  it('keeps the place of each variable', () => {
    const { hosts } = readAnsibleInventory(
      { file: 'h.ini', text: '\n[a]\n  n x=1 y=2\n[a:vars]\n z=3\n' },
      [],
    );
    const places = [...(hosts[0]?.vars ?? [])].map(([name, { at }]) => `${name}:${at.line}:${at.column}`);
    expect(places).toEqual(['z:5:2', 'x:3:5', 'y:3:9']);
    expect(namesIn({ file: 'h.ini', text: '[a]\nn' })).toEqual({
      groups: ['all', 'ungrouped', 'a'],
      hosts: ['n'],
    });
  });

  const refusal = (text: string, file = 'h.ini'): string => {
    try {
      readAnsibleInventory({ file, text }, []);
      return 'read';
    } catch (error) {
      expect(error).toBeInstanceOf(KbootError);
      const { message, context } = error as KbootError;
      expect(context.remedy).not.toBe('');
      return message.replace('; nothing was written.', '');
    }
  };

  it('says what is wrong, and where', () => {
    expect(refusal('[a]\nn x')).toBe('h.ini:2:3: must be NAME=VALUE after the name of a host');
    expect(refusal("[a]\n n x='1")).toBe('h.ini:2:2: this line has a quote that is never closed');
    expect(refusal('[a]\nn[3:1]')).toContain('h.ini:2:1: the host has "[3:1]"');
    expect(refusal('n\n[a:children]\nb')).toBe('h.ini:3:1: group b is not in the file');
    expect(refusal('n\n[a:vars]\nb=1')).toBe('h.ini:2:1: [a:vars] is of a group that is not in the file');
    expect(refusal('n\n[a]\n[a:vars]\nb')).toBe('h.ini:4:1: must be NAME=VALUE, since it is in [a:vars]');
    expect(refusal('n\n[a:host]')).toContain('section [a:host] must be [a], [a:vars] or [a:children]');
    expect(refusal('[a]\nn\n[a:children]\nb\n[b:children]\na')).toContain(
      'group a contains itself: a > b > a',
    );
    expect(refusal('[a]\n')).toContain('this inventory has no host');
    expect(refusal('$ANSIBLE_VAULT;1.1;AES256')).toContain('is encrypted with Ansible Vault');
    expect(refusal('#!/usr/bin/env python3\nprint()')).toContain('a program that prints an inventory');
    expect(refusal('plugin: aws_ec2\nregions: [x]', 'h.yml')).toBe(
      'h.yml:1:1: this is the configuration of the inventory plugin aws_ec2, which finds hosts elsewhere',
    );
    expect(refusal('- hosts: all', 'h.yml')).toContain('is a list, such as a playbook');
    expect(refusal('all:\n  host: {a: }', 'h.yml')).toBe(
      'h.yml:2:9: all.host must be hosts, vars or children of a group',
    );
    expect(refusal('all:\n  hosts: {a: {b: "x}', 'h.yml')).toContain('h.yml:2:');
    expect(refusal('{"all": {"hosts": {"a": 1}}}')).toBe(
      'h.ini:1:25: all.hosts.a must be a mapping of variables',
    );
    expect(refusal('{"all": {"hosts": ["a", 1]}}')).toBe('h.ini:1:25: all.hosts[1] must be a name');
    expect(refusal('{"all": ')).toContain('is cut off');
    expect(refusal('a: &a [*a]', 'h.yml')).toContain('h.yml:1:');
  });

  it('refuses bombs and depth', () => {
    const levels = Array.from({ length: 12 }, (_, n) =>
      n === 0
        ? 'a0: &a0 {x: 1}'
        : `a${n}: &a${n} {${'abcdefghij'
            .split('')
            .map((k) => `${k}: *a${n - 1}`)
            .join(', ')}}`,
    );
    expect(refusal(`all:\n  vars:\n    ${levels.join('\n    ')}`, 'h.yml')).toContain('too many values');
    expect(refusal(`{"all": ${'['.repeat(5000)}`)).toContain('nested more than');
    expect(
      refusal(
        `n\n${Array.from({ length: 300 }, (_, n) => `[g${n}:children]\ng${n + 1}`).join('\n')}\n[g300]\n`,
      ),
    ).toContain('nested more than 100 levels');
    expect(refusal(`n[1:2000]\nm[1:2000]\nk[1:2000]\nj[1:2000]\ni[1:2000]\nh[1:2000]`)).toContain(
      'more than 10000 hosts',
    );
  });

  it('any text: hosts, or one error with a place in a file', () => {
    const pieces = fc.constantFrom(
      ...[
        '[a]\n',
        '[a:vars]\n',
        '[a:children]\n',
        'n',
        ' x=1',
        "'",
        '"',
        '\n',
        '[1:2]',
        ':',
        '#',
        '{',
        '}',
        'all:\n',
        '  hosts:\n',
        '    b:\n',
        '---\n',
        '&a ',
        '*a',
        '!vault ',
      ],
    );
    const text = fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join(''));
    const any = fc.oneof(text, fc.string({ unit: 'binary', maxLength: 60 }), fc.json());
    fc.assert(
      fc.property(any, fc.constantFrom('h.ini', 'h.yml', 'h'), (content, file) => {
        try {
          expect(readAnsibleInventory({ file, text: content }, []).hosts.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(KbootError);
          expect((error as KbootError).message).toMatch(/^h(\.\w+)?:\d+:\d+: .*; nothing was written\.$/s);
        }
      }),
      { numRuns: 500 },
    );
  });
});
