import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/kube/types.ts';
import { podNetworkState, podNetworkText, type PodNetworkFacts } from '../../../src/plan/diff/pod-network.ts';

const flannel = { 'flannel.alpha.coreos.com/kube-subnet-manager': 'true' };

function node(
  podCIDRs: readonly string[],
  annotations: Readonly<Record<string, string>> = flannel,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'w-1', annotations },
    spec: { podCIDR: podCIDRs[0], podCIDRs },
  };
}

function host(flannelSubnets: readonly string[], bridge: readonly string[] = []): PodNetworkFacts {
  return {
    kubeletActive: true,
    flannelRuns: true,
    flannelSubnets,
    addresses: [
      { address: '10.0.0.21', prefix: 24, interface: 'eth0' },
      { address: 'fe80::1', prefix: 64, interface: 'cni0' },
      ...bridge.map((text) => {
        const [address = '', prefix] = text.split('/');
        return { address, prefix: Number(prefix), interface: 'cni0' };
      }),
    ],
  };
}

const nothing = { unregistered: undefined, flannel: undefined, bridge: undefined };

describe('the Pod network of a node', () => {
  it('is in order when Node, flannel and bridge agree, in both families, however an address is written', () => {
    expect(podNetworkState(host(['10.244.1.1/24'], ['10.244.1.1/24']), node(['10.244.1.0/24']))).toEqual(
      nothing,
    );
    const dual = host(
      ['10.244.1.1/24', 'fd00:10:244:1::1/64'],
      ['10.244.1.1/24', 'fd00:10:244:1:0:0:0:1/64'],
    );
    expect(podNetworkState(dual, node(['10.244.1.0/24', 'fd00:10:244:1::/64']))).toEqual(nothing);
  });

  it('is in order before the first Pod, before flannel starts, and before the Node has a podCIDR', () => {
    expect(podNetworkState(host(['10.244.1.1/24']), node(['10.244.1.0/24']))).toEqual(nothing);
    expect(podNetworkState({ ...host([]), flannelRuns: false }, node(['10.244.1.0/24'], {}))).toEqual(
      nothing,
    );
    expect(podNetworkState(host(['10.244.1.1/24'], ['10.244.1.1/24']), node([]))).toEqual(nothing);
  });

  it('needs a kubelet that restarts if the API has no Node', () => {
    const state = podNetworkState(host(['10.244.1.1/24'], ['10.244.1.1/24']), undefined);
    expect(state.unregistered).toMatch(/no Node/);
    for (const why of [state.flannel, state.bridge]) expect(why).toMatch(/another podCIDR/);
    expect(podNetworkState({ ...host([]), kubeletActive: false, flannelRuns: false }, undefined)).toEqual(
      nothing,
    );
  });

  it('names flannel and the bridge with both sides of the difference', () => {
    expect(
      podNetworkText(podNetworkState(host(['10.244.1.1/24'], ['10.244.1.1/24']), node(['10.244.3.0/24']))),
    ).toBe("/run/flannel/subnet.env has 10.244.1.1/24; the Node's podCIDR is 10.244.3.0/24");
    expect(podNetworkState(host(['10.244.3.1/24'], ['10.244.1.1/24']), node(['10.244.3.0/24']))).toEqual({
      ...nothing,
      bridge: "cni0 has 10.244.1.1/24; the Node's podCIDR is 10.244.3.0/24",
    });
    // One family of two.
    expect(
      podNetworkState(host(['10.244.1.1/24']), node(['10.244.1.0/24', 'fd00:10:244:1::/64'])).flannel,
    ).toBeDefined();
  });

  it('needs flannel if its file is gone, or the Node registered again after flannel had started', () => {
    expect(podNetworkState(host([]), node(['10.244.1.0/24'])).flannel).toMatch(/missing/);
    expect(podNetworkState(host(['10.244.1.1/24']), node(['10.244.1.0/24'], {})).flannel).toMatch(/no route/);
  });

  it('is in order exactly if every network is the same', () => {
    const third = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(third, third, third, (cidr, subnet, link) => {
        const state = podNetworkState(
          host([`10.244.${subnet}.1/24`], [`10.244.${link}.1/24`]),
          node([`10.244.${cidr}.0/24`]),
        );
        expect(state.flannel === undefined).toBe(subnet === cidr);
        expect(state.bridge === undefined).toBe(link === cidr);
      }),
    );
  });
});
