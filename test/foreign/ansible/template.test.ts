import { expect, it } from 'vitest';
import { valueOf } from '../../../src/foreign/ansible/template.ts';

const at = { file: 'h', line: 1, column: 1 };
const host = (vars: Record<string, unknown>): Parameters<typeof valueOf>[1] => ({
  name: 'a.example.com',
  vars: new Map(Object.entries(vars).map(([name, value]) => [name, { value, at }])),
});

it('replaces names of other variables, and evaluates nothing else', () => {
  const vars = { ip: '{{ ansible_host }}', ansible_host: '10.0.0.{{last}}', last: 7, list: ['{{ last }}'] };
  expect(valueOf('ip', host(vars))).toEqual({ value: '10.0.0.7' });
  expect(valueOf('n', host({ n: '{{last}}', last: 7 }))).toEqual({ value: 7 });
  expect(valueOf('n', host({ n: 'x-{{ inventory_hostname_short }}-{{- inventory_hostname -}}' }))).toEqual({
    value: 'x-a-a.example.com',
  });
  expect(valueOf('nothing', host({}))).toBeUndefined();
  const why = (value: unknown): unknown => valueOf('n', host({ n: value }));
  const template = { why: 'it is a template, which only Ansible evaluates' };
  expect(why("{{ lookup('env', 'HOME') }}")).toEqual(template);
  expect(why('{% if a %}b{% endif %}')).toEqual(template);
  expect(why(['{{ a }}'])).toEqual(template);
  expect(why('{{ other }}')).toEqual({ why: 'it is a template, and nothing here defines other' });
  expect(why('{{ n }}')).toEqual({ why: 'it is a template that refers to itself' });
  expect(why('$ANSIBLE_VAULT;1.1;AES256\n33')).toEqual({ why: 'it is encrypted with Ansible Vault' });
});

it('does not grow without end', () => {
  const vars = Object.fromEntries(
    Array.from({ length: 15 }, (_, n) => [
      `v${n}`,
      n === 0 ? 'x'.repeat(100) : `{{ v${n - 1} }}{{ v${n - 1} }}`,
    ]),
  );
  expect(valueOf('v14', host(vars))).toEqual({ why: 'it is a template, which only Ansible evaluates' });
});
