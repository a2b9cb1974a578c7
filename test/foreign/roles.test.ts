import { describe, expect, it } from 'vitest';
import { settleNames } from '../../src/foreign/names.ts';
import { isBastion, roleIn, settleRoles } from '../../src/foreign/roles.ts';
import type { ForeignHost } from '../../src/foreign/types.ts';

const host = (name: string, more: Partial<ForeignHost> = {}): ForeignHost => ({
  ...{ at: { file: 'f', line: 1, column: 1 }, name, hints: [name], ssh: {}, isLocal: false, fields: [] },
  ...more,
});
const roles = (hosts: readonly ForeignHost[], entry = false): unknown =>
  settleRoles(hosts, entry).hosts.map((each) => each.roles.join('+'));

describe('roles', () => {
  it('are in the words of names', () => {
    const said = ['prod-controlPlane-1', 'k8s_master01', 'cp1.example.com', 'kube-ctrl-1', 'etcd2', 'lb-1'];
    expect(said.map(roleIn)).toEqual([
      'control-plane',
      'control-plane',
      'control-plane',
      undefined,
      'etcd',
      'load-balancer',
    ]);
    expect(['web-worker-2', 'node3', 'mastermind', 'scp-1', 'server-1'].map(roleIn)).toEqual([
      ...['worker', 'worker', undefined, undefined, undefined],
    ]);
    expect(['bastion', 'Jump-Host1', 'jumper'].map(isBastion)).toEqual([true, true, false]);
  });

  it('are taken as stated, then from names, then by order', () => {
    expect(roles([host('a', { roles: ['control-plane', 'worker'] }), host('master')])).toEqual([
      ...['control-plane+worker', 'worker'],
    ]);
    expect(roles([host('w'), host('master-1'), host('node-1')])).toEqual([
      'worker',
      'control-plane',
      'worker',
    ]);
    expect(roles([host('node1'), host('node2'), host('node3'), host('node4')])).toEqual([
      ...['control-plane', 'worker', 'worker', 'worker'],
    ]);
    expect(roles([host('a'), host('b'), host('c'), host('d')], true)).toEqual([
      ...['control-plane', 'control-plane', 'control-plane', 'worker'],
    ]);
    expect(roles([host('a'), host('b')], true)).toEqual(['control-plane', 'worker']);
  });

  it('says what was guessed', () => {
    expect(settleRoles([host('a', { roles: ['control-plane'] })], false).guesses).toEqual([]);
    expect(settleRoles([host('master'), host('x')], false).guesses).toEqual([
      'roles are guessed from names: master is a control plane',
      'x: worker, since the name says nothing',
    ]);
    expect(settleRoles([host('a'), host('b')], false).guesses).toEqual([
      'nothing says which role a host has: the first is the control plane (a), the others are workers; --control-plane names others',
    ]);
  });
});

describe('names', () => {
  const named = (...hosts: readonly (ForeignHost & { roles: ['worker'] | ['control-plane'] })[]): unknown =>
    settleNames(hosts).hosts.map(({ name }) => name);
  const worker = (name: string | undefined, ssh = {}): ForeignHost & { roles: ['worker'] } => {
    const { at, hints, isLocal, fields } = host('x');
    return { ...{ at, hints, isLocal, fields, ssh }, ...(name !== undefined && { name }), roles: ['worker'] };
  };

  it('are those of hosts as nodes can have them, or by role', () => {
    expect(
      named(
        worker('Node_1'),
        worker('node-1'),
        worker('10.0.0.1'),
        worker(undefined, { address: 'db.example.com' }),
      ),
    ).toEqual(['node-1', 'node-1-2', 'w-1', 'db']);
    expect(named(worker('w-1'), worker(undefined), worker('___'))).toEqual(['w-1', 'w-2', 'w-3']);
    expect(named(worker('x'.repeat(80)), worker('-a-.b'))).toEqual(['x'.repeat(63), 'a.b']);
  });

  it('says which differ', () => {
    expect(settleNames([worker('A_b'), worker(undefined)]).guesses).toEqual([
      'names of nodes differ: A_b is a-b',
      'a host has no name, and got one by role',
    ]);
  });
});
