import { describe, expect, it } from 'vitest';
import { profileSettings } from '../../../src/inventory/security-profiles.ts';
import type { Inspection } from '../../../src/model/inspection.ts';
import { preflight } from '../../../src/plan/preflight/preflight.ts';
import { good } from '../../samples/inspection.ts';
import { host, single } from '../../samples/text.ts';

const plane = host('cp-1', '10.0.0.11', ['control-plane']);

function found(profile: 'kubeadm' | 'restricted', more: Partial<Inspection>): readonly string[] {
  const cluster = single({ hosts: [plane], security: { profile, ...profileSettings[profile] } });
  return preflight(cluster, new Map([['cp-1', { ...good(plane), ...more }]]), undefined, [])
    .filter(({ check }) => check === 'NetworkPolicy' || check === 'EtcdUser')
    .map(({ check, level }) => `${check} ${level}`);
}

describe('preflight of a hardened host', () => {
  it('refuses a kernel that cannot queue packets, and warns if that is not known', () => {
    expect(found('restricted', { kernelHas: { nft_queue: false } })).toEqual(['NetworkPolicy error']);
    expect(found('restricted', { kernelHas: {} })).toEqual(['NetworkPolicy warning']);
    expect(found('restricted', { kernelHas: { nft_queue: true } })).toEqual([]);
    expect(found('kubeadm', { kernelHas: { nft_queue: false } })).toEqual([]);
  });

  it("refuses an ID of etcd's user that is another's, unless there is such a user", () => {
    const kernelHas = { nft_queue: true };
    expect(found('restricted', { kernelHas, etcdIdTaken: true })).toEqual(['EtcdUser error']);
    const facts = { ...good(plane).facts, etcdUser: { uid: 106, gid: 114 } };
    expect(found('restricted', { kernelHas, etcdIdTaken: true, facts })).toEqual([]);
  });
});
