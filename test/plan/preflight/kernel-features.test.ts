import { expect, it } from 'vitest';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { Inspection } from '../../../src/model/inspection.ts';
import { preflight } from '../../../src/plan/preflight/preflight.ts';
import { good } from '../../samples/inspection.ts';
import { host, single } from '../../samples/text.ts';

const plane = host('cp-1', '10.0.0.11', ['control-plane']);
const base = single({ hosts: [plane] });

function found(change: Partial<Cluster>, kernelHas: NonNullable<Inspection['kernelHas']>): readonly string[] {
  const seen = { ...good(plane), kernelHas };
  return preflight({ ...base, ...change }, new Map([['cp-1', seen]]), undefined, [])
    .filter(({ check }) => check === 'KernelModules')
    .map(({ level, message, remedy }) => `${level}: ${message}. ${remedy}`);
}
const flannel = (backend: 'vxlan' | 'host-gw' | 'wireguard'): Partial<Cluster> => ({
  networking: { ...base.networking, flannel: { ...base.networking.flannel, backend } },
});
const ipvs = { kubeProxy: { config: { mode: 'ipvs' } } };
const nothing = { vxlan: false, wireguard: false, ip_vs: false, dummy: false, nft_queue: false };

it('refuses what flannel and kube-proxy need and the kernel is known to lack, and only that', () => {
  const none = { vxlan: false, wireguard: false, ip_vs: false, dummy: false };
  expect(found(flannel('wireguard'), none)).toEqual([
    expect.stringMatching(
      /^error: its kernel \S+ has no wireguard \(CONFIG_WIREGUARD\), which flannel's backend wireguard needs\. .*another spec\.networking\.flannel\.backend\.$/,
    ),
  ]);
  expect(found(flannel('vxlan'), none).join()).toMatch(/has no vxlan \(CONFIG_VXLAN\)/);
  expect(
    found({ ...flannel('host-gw'), ...ipvs }, none).map((each) => /has no (\w+)/.exec(each)?.[1]),
  ).toEqual(['ip_vs', 'dummy']);
  expect(found(flannel('host-gw'), nothing)).toEqual([]);
});

it('does not refuse what is there, or not known', () => {
  for (const seen of [{}, { wireguard: true, ip_vs: true, dummy: true }])
    expect(found({ ...flannel('wireguard'), ...ipvs }, seen)).toEqual([]);
});
