import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/kube/types.ts';
import type { Cluster, Host, Role } from '../../../src/model/cluster.ts';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import type { EtcdObservation } from '../../../src/observe/etcd.ts';
import { membershipPhase } from '../../../src/plan/phases/membership.ts';
import { planLeave, type LeaveInput } from '../../../src/plan/rollout/leave.ts';
import { stepsOf } from '../../../src/plan/steps.ts';
import { targetText } from '../../../src/plan/target.ts';
import type { Step } from '../../../src/plan/types.ts';
import { host as sampleHost, sampleCluster } from '../../samples/pki.ts';

const host = (name: string, ...roles: Role[]): Host =>
  sampleHost(name, `10.0.0.${name.at(-1) ?? ''}`, ...roles);
const cps = ['cp-1', 'cp-2', 'cp-3'];
const cluster: Cluster = {
  ...sampleCluster(),
  hosts: [...cps.map((name) => host(name, 'control-plane')), host('w-4', 'worker')],
};
const peerURL = ({ address }: Host): string => `https://${address}:2380`;
const etcd = (healthy = cps): EtcdObservation => ({
  state: 'present',
  members: cps.map((name) => ({
    ...{ id: `id-${name}`, name, clientURLs: ['x'], isLearner: false },
    peerURLs: [peerURL(host(name))],
  })),
  healthy: new Set(healthy.map((name) => `id-${name}`)),
});
const node = (name: string, status: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status }] },
});
const api = (notReady: readonly string[] = []): ClusterObservation => ({
  state: 'present',
  objects: new Map(),
  nodes: new Map(
    cluster.hosts.map(({ name }) => [name, node(name, notReady.includes(name) ? 'Unknown' : 'True')]),
  ),
  pods: new Map(),
});
const leave = (names: readonly string[], more: Partial<LeaveInput> = {}): ReturnType<typeof planLeave> =>
  planLeave({
    ...{ cluster, api: api(), etcd: etcd(), peerURL },
    leaving: cluster.hosts.filter(({ name }) => names.includes(name)),
    ...more,
  });
/** Every step of leaving hosts, in plan order. */
const inOrder = (...given: Parameters<typeof leave>): readonly Step[] => {
  const phase = membershipPhase({ peers: [], ...leave(...given) }, []);
  return phase === undefined ? [] : stepsOf({ phases: [phase] });
};
const steps = (...given: Parameters<typeof leave>): string[] =>
  inOrder(...given).map((step) =>
    'operation' in step ? `${step.operation.kind} ${targetText(step.target)}` : `${step.type} list`,
  );

/** Its certificate stays valid: a copy of its disk may not register again. */
const list = ['apply list', 'apply list'];

describe('planLeave', () => {
  it('drains and removes the Node of a worker, and no member', () => {
    expect(steps(['w-4'])).toEqual([...list, 'drain Node w-4', 'delete Node w-4']);
    expect(steps(['w-4'], { api: api(['w-4']) })).toEqual([...list, 'delete Node w-4']);
    expect(inOrder(['w-4']).map(({ reason }) => reason)).toEqual([
      'refuses the kubelet of w-4',
      'refuses the kubelet of w-4',
      'cordoned, its Pods evicted (300 s at most)',
      'its host is reset',
    ]);
  });

  it("removes a control plane's member after its Node, with a snapshot before both", () => {
    expect(steps(['cp-3', 'w-4'])).toEqual([
      ...list,
      'snapshot snapshot etcd',
      'drain Node cp-3',
      'delete Node cp-3',
      'drain Node w-4',
      'delete Node w-4',
      'remove etcd-member cp-3',
    ]);
    expect(inOrder(['cp-3']).at(-1)?.reason).toBe('its host is reset');
  });

  it('keeps the quorum', () => {
    expect(() => leave(['cp-2', 'cp-3'])).toThrow(expect.objectContaining({ code: 'E-QUORUM' }));
    expect(() => leave(['cp-3'], { etcd: etcd(['cp-1', 'cp-3']) })).toThrow(/removing cp-3 from etcd/);
    expect(steps(['w-4'], { etcd: etcd(['cp-1', 'cp-3']) })).toEqual([
      ...list,
      'drain Node w-4',
      'delete Node w-4',
    ]);
  });

  it('does not remove members of other hosts', () => {
    const seen = etcd() as EtcdObservation & { state: 'present' };
    const stranger = { id: 's', name: 'old-9', peerURLs: [], clientURLs: [], isLearner: true };
    expect(steps(['cp-3'], { etcd: { ...seen, members: [...seen.members, stranger] } })).not.toContain(
      'remove etcd-member old-9',
    );
  });

  it('continues with a host that is not a member yet: its data was not read', () => {
    const seen = etcd() as EtcdObservation & { state: 'present' };
    const members = seen.members.filter(({ name }) => name !== 'cp-2');
    expect(steps(['cp-3'], { etcd: { ...seen, members } })).toContain('remove etcd-member cp-3');
  });

  it('reports what is left in the cluster if the API or etcd does not respond', () => {
    const silent = {
      api: { state: 'unavailable', why: '' },
      etcd: { state: 'unavailable', bootstrapped: true },
    } as const;
    expect(leave(['cp-3'], silent)).toEqual({
      ...{ snapshot: undefined, removals: [], nodes: [], removedNodes: [] },
      warnings: [
        expect.stringContaining('kubectl delete node cp-3') as string,
        expect.stringContaining('cp-3 stays in the member list') as string,
      ],
    });
    expect(leave(['w-4'], silent).warnings).toHaveLength(1);
  });

  it('is empty if the whole control plane is reset', () => {
    const nothing = { snapshot: undefined, removals: [], nodes: [], removedNodes: [], warnings: [] };
    expect(leave([...cps, 'w-4'])).toEqual(nothing);
    expect(leave([])).toEqual(nothing);
  });
});
