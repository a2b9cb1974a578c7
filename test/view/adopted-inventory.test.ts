import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { adoptedInventoryText } from '../../src/view/adopted-inventory.ts';

it('says where a field is from, and keeps every value as it is', () => {
  const text = adoptedInventoryText(
    [
      { path: ['metadata', 'name'], value: 'prod' },
      { path: ['spec', 'hosts', 0], value: { name: 'cp-1', labels: { a: 'true', b: '010' } } },
      { path: ['spec', 'hosts', 1], value: { name: 'w-1' } },
      { path: ['spec', 'hosts', 1, 'kubelet', 'config'], value: { maxPods: 90 }, why: 'from\nconfig.yaml' },
      { path: ['spec', 'scheduler', 'extraArgs'], value: [{ name: 'v', value: '${HOME}' }], why: 'from it' },
    ],
    { user: 'ops', port: 2222 },
  );
  expect(text).toContain(
    '        kubelet:\n          # from?config.yaml\n          config:\n'.replaceAll('        ', '      '),
  );
  expect(text).toContain('  scheduler:\n    # from it\n    extraArgs:');
  expect(parse(text)).toEqual({
    ...{ apiVersion: 'kboot.dev/v1', kind: 'Cluster', metadata: { name: 'prod' } },
    spec: {
      scheduler: { extraArgs: [{ name: 'v', value: '$${HOME}' }] },
      ssh: { user: 'ops', port: 2222 },
      hosts: [
        { name: 'cp-1', labels: { a: 'true', b: '010' } },
        { name: 'w-1', kubelet: { config: { maxPods: 90 } } },
      ],
    },
  });
});
