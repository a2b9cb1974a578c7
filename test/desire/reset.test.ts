import { describe, expect, it } from 'vitest';
import { resetSteps } from '../../src/desire/reset.ts';

const seen = {
  present: true,
  clusterId: 'x',
  owned: 3,
  kept: 0,
  containers: 2,
  swap: false,
  selinux: false,
  dockerContainers: null,
};
const text = (foreignEtcd: boolean): string => JSON.stringify(resetSteps('cp-1', seen, foreignEtcd));

describe('reset', () => {
  it("removes kboot's etcd and its data", () => {
    expect(text(false)).toContain('rm -rf -- /var/lib/etcd;');
    expect(text(false)).toContain('etcd.service');
  });

  it('never touches an etcd that someone else runs, even on the same host', () => {
    expect(text(true)).not.toMatch(/\/var\/lib\/etcd|etcd\.service/);
    expect(resetSteps('cp-1', seen, true)).toHaveLength(resetSteps('cp-1', seen).length);
  });

  it('finds nothing to do on a host where kboot was never installed', () => {
    expect(resetSteps('cp-1', { ...seen, present: false })).toEqual([]);
  });
});
