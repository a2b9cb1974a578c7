import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Desire } from '../../src/desire/context.ts';
import { desireHost } from '../../src/desire/host.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { KbootError } from '../../src/model/error.ts';
import { factsOf } from '../../src/model/inspection.ts';
import { stages } from '../../src/model/stage.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { decide, type Decision, type Known } from '../../src/plan/decide.ts';
import type { HostChange } from '../../src/plan/diff/host.ts';
import type { Observed } from '../../src/plan/observed.ts';
import { gatesOf, stepsOf } from '../../src/plan/steps.ts';
import { conditionText, targetText } from '../../src/plan/target.ts';
import type { Observation, Resource } from '../../src/resource/types.ts';
import { sha256 } from '../../src/model/digest.ts';
import { unissued } from '../samples/desire.ts';
import { host } from '../samples/pki.ts';
import { fresh, haCluster, issuedNow, knownOf, members, running, unreachable } from './world.ts';

vi.mock(import('../../src/desire/host.ts'), async (original) => {
  const real = await original();
  return { ...real, desireHost: vi.fn(real.desireHost) };
});

let issued: Desire;
beforeAll(async () => {
  issued = await issuedNow(haCluster);
}, 60_000);
beforeEach(() => {
  vi.mocked(desireHost).mockClear();
});

const cps = ['cp-1', 'cp-2', 'cp-3'];
const hostsOf = (changes: readonly HostChange[]): string[] => [...new Set(changes.map((each) => each.host))];
const targetsOf = (changes: readonly HostChange[], name: string): string[] =>
  changes.filter((each) => each.host === name).map(({ step }) => targetText(step.target));
const errorOf = (known: Known, seen: Observed): KbootError => {
  try {
    decide(known, seen);
  } catch (error) {
    if (error instanceof KbootError) return error;
    throw error;
  }
  throw new Error('it decided');
};
/** Steps and gates of a decision, through `assemble`. */
const planned = (known: Known, decision: Decision): { steps: number; gates: number } => {
  const plan = assemble(known, decision, 'live', []);
  return { steps: stepsOf(plan).length, gates: gatesOf(plan).length };
};

it('issues only certificates that some step of the plan needs', async () => {
  const toIssue = ['hosts/w-1/kubelet'];
  const idle = knownOf(await issuedNow(haCluster), {}, { toIssue });
  expect(decide(idle, running(idle)).issue).toEqual([]);
  const fromScratch = knownOf(unissued(haCluster), {}, { toIssue });
  expect(decide(fromScratch, fresh(fromScratch)).issue).toEqual(toIssue);
});

describe('a bootstrap', () => {
  it('of three control planes and a worker: everything on each, in parallel, and through the API', () => {
    const known = knownOf(unissued(haCluster), {}, { toIssue: ['ca'] });
    const seen = fresh(known);
    vi.mocked(desireHost).mockClear();
    const decision = decide(known, seen);
    expect(decision.failed.size).toBe(0);
    expect(hostsOf(decision.changes)).toEqual([...cps, 'w-1']);
    for (const name of cps)
      expect(targetsOf(decision.changes, name)).toEqual(
        expect.arrayContaining(['static-pod etcd', 'static-pod kube-apiserver', 'unit kubelet']),
      );
    expect(targetsOf(decision.changes, 'w-1')).toContain('unit kubelet');
    expect(targetsOf(decision.changes, 'w-1')).not.toContain('static-pod etcd');
    expect(decision.rollout).toEqual([]);
    expect(decision.etcdGates).toEqual([]);
    expect(decision.membership).toEqual({
      ...{ removedNodes: [], peers: [], snapshot: undefined, nodes: [], removals: [] },
    });
    expect(decision.api).toEqual({ state: 'absent' });
    expect(decision.cluster?.objects['control-plane'].every(({ verb }) => verb === 'create')).toBe(true);
    expect(decision.cluster?.marks.map(({ node }) => node)).toEqual([...cps, 'w-1']);
    expect(decision.findings).toEqual([]);
    expect(decision.warnings).toEqual([]);
  });

  it('passes all three members to each etcd', () => {
    const known = knownOf(unissued(haCluster));
    decide(known, fresh(known));
    for (const [desire] of vi.mocked(desireHost).mock.calls.slice(-4))
      expect(desire.membership?.hosts.map((each) => each.membership)).toEqual(
        cps.map(() => ({
          state: 'new',
          initialCluster: haCluster.hosts.slice(0, 3).map(({ name, address }) => ({ name, address })),
        })),
      );
  });

  it.each(cps)("is refused if %s could not be read: it may have the cluster's data", (name) => {
    const known = knownOf(unissued(haCluster));
    const error = errorOf(known, fresh(known, [name]));
    expect(error).toMatchObject({ code: 'E-CONNECT', context: { host: name } });
    expect(error.message).toBe(`${name} could not be read: connection refused`);
    expect(error.context.remedy).toMatch(/^Start sshd\.\nkboot bootstraps a cluster only if every etcd host/);
  });

  it('continues without a worker that could not be read', () => {
    const known = knownOf(unissued(haCluster));
    const decision = decide(known, fresh(known, ['w-1']));
    expect([...decision.failed.keys()]).toEqual(['w-1']);
    expect(hostsOf(decision.changes)).toEqual(cps);
    expect(decision.warnings).toEqual([]);
  });

  it('is refused if it is unknown whether a host has etcd data', () => {
    const known = knownOf(unissued(haCluster));
    const seen = fresh(known);
    const cp2 = seen.hosts.get('cp-2');
    if (cp2 === undefined) throw new Error('no cp-2');
    const hosts = new Map(seen.hosts).set('cp-2', {
      ...cp2,
      inspection: { ...cp2.inspection, etcdData: 'unknown' },
    });
    expect(errorOf(known, { ...seen, hosts })).toMatchObject({
      code: 'E-PROBE',
      message: 'cp-2 could not be read',
    });
  });

  it('is refused if a resource of an etcd host is unknown', () => {
    const known = knownOf(unissued(haCluster));
    const seen = fresh(known);
    const cp3 = seen.hosts.get('cp-3');
    if (cp3 === undefined) throw new Error('no cp-3');
    const observations = new Map(cp3.observations).set('swap swap', { state: 'unknown', reason: 'EIO' });
    expect(
      errorOf(known, { ...seen, hosts: new Map(seen.hosts).set('cp-3', { ...cp3, observations }) }),
    ).toMatchObject({ code: 'E-PROBE', message: 'cp-3 could not be read: EIO' });
  });

  it('continues without etcd hosts if the plan ends before etcd', () => {
    const known = knownOf(unissued(haCluster), { until: 'runtime' });
    const decision = decide(known, { ...fresh(known, ['cp-1']), api: undefined });
    expect([...decision.failed.keys()]).toEqual(['cp-1']);
    expect(hostsOf(decision.changes)).toEqual(['cp-2', 'cp-3', 'w-1']);
    expect(new Set(decision.changes.map(({ stage }) => stage))).toEqual(new Set(['host', 'runtime']));
    expect(decision.cluster).toBeUndefined();
  });
});

describe('a running cluster', () => {
  it('needs no changes if everything is as desired', () => {
    const known = knownOf(issued);
    const decision = decide(known, running(known));
    expect(decision.changes).toEqual([]);
    expect(planned(known, decision)).toEqual({ steps: 0, gates: 0 });
    expect(decision.findings).toEqual([]);
    expect([...decision.perHost.values()].every(({ resources }) => resources.length > 20)).toBe(true);
  });

  it('a worker that could not be read is in `failed`; the others are planned', () => {
    const known = knownOf(issued);
    const decision = decide(
      known,
      running(known, {
        without: ['w-1'],
        changed: (_host, { kind }) => (kind === 'swap' ? { state: 'absent' } : undefined),
      }),
    );
    expect([...decision.failed]).toEqual([['w-1', unreachable('w-1')]]);
    expect(decision.hosts.map(({ name }) => name)).toEqual([...cps, 'w-1']);
    expect([...decision.perHost.keys()]).toEqual(cps);
    const states = assemble(known, decision, 'live', []).hosts.map(({ name, state }) => `${name} ${state}`);
    expect(states).toEqual(['cp-1 probed', 'cp-2 probed', 'cp-3 probed', 'w-1 unreachable']);
  });

  it('plans a changed file on every host except failed ones', () => {
    const known = knownOf(issued);
    const path = '/etc/crictl.yaml';
    const changed: Parameters<typeof running>[1] = {
      without: ['w-1'],
      changed: (name, resource) =>
        resource.kind === 'file' && resource.path === path
          ? { state: 'present', found: { mode: '644', digest: sha256(name) } }
          : undefined,
    };
    const decision = decide(known, running(known, changed));
    expect(decision.changes.map((each) => [each.host, each.step.target])).toEqual(
      cps.map((name) => [name, { kind: 'file', name: path }]),
    );
    expect(decision.rollout).toEqual([]);
  });

  it('a host with an unknown resource becomes failed, and nothing is planned on it', () => {
    const known = knownOf(issued);
    const decision = decide(
      known,
      running(known, {
        changed: (name, { kind }) => {
          if (name === 'cp-2' && kind === 'swap') return { state: 'unknown', reason: 'EIO' };
          return kind === 'static-pod' ? { state: 'present', found: { mode: '644' } } : undefined;
        },
      }),
    );
    expect(decision.failed.get('cp-2')).toMatchObject({
      code: 'E-PROBE',
      message: 'EIO',
      context: { host: 'cp-2', step: 'swap swap' },
    });
    expect(decision.perHost.has('cp-2')).toBe(false);
    expect(hostsOf(decision.changes)).toEqual(['cp-1', 'cp-3']);
    expect(decision.rollout.map((turn) => turn.host)).toEqual(['cp-1', 'cp-3']);
  });

  it('restarts API servers one after another, and waits for the Pod that replaces each', () => {
    const known = knownOf(issued);
    const decision = decide(
      known,
      running(known, {
        changed: (_host, resource) =>
          resource.kind === 'static-pod' && resource.name === 'kube-apiserver'
            ? { state: 'present', found: { mode: '600', digest: sha256('old'), current: true } }
            : undefined,
      }),
    );
    expect(decision.rollout.map(({ host: name, from }) => [name, from])).toEqual(
      cps.map((name) => [name, 'control-plane']),
    );
    const [first] = decision.rollout;
    expect(first?.gates.map(({ condition }) => conditionText(condition))).toEqual([
      'etcd member cp-1',
      'API server of cp-1',
      'kubelet of cp-1',
      'Node cp-1 Ready',
      ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'].map(
        (name) => `Pod ${name}-cp-1`,
      ),
    ]);
    expect(
      first?.gates.flatMap(({ condition }) => ('replaces' in condition ? [condition.replaces] : [])),
    ).toEqual(['containerd://kube-apiserver-cp-1']);
  });

  it.each(['another mode', 'another text'])('with a member down, %s of etcd.yaml', (what) => {
    const known = knownOf(issued);
    const changedOn = (hosts: readonly string[]): Observed => ({
      ...running(known, {
        changed: (host, resource) => (hosts.includes(host) ? changed(resource) : undefined),
      }),
      etcd: { ...running(known).etcd, members: members(cps, ['cp-3']) },
    });
    const changed = (resource: Resource): Observation<unknown> | undefined =>
      resource.kind === 'static-pod' && resource.name === 'etcd'
        ? {
            state: 'present',
            found:
              what === 'another mode'
                ? { mode: '644', digest: sha256(resource.text), current: true }
                : { mode: '600', digest: sha256('old'), current: true },
          }
        : undefined;
    const isRestart = what === 'another text';
    // Its own change comes first, and the others wait until it is back.
    const decision = decide(known, changedOn(cps));
    expect(hostsOf(decision.changes)).toEqual(cps);
    expect(decision.findings).toEqual([]);
    expect(decision.rollout.map((turn) => turn.host)).toEqual(isRestart ? ['cp-3', 'cp-1', 'cp-2'] : []);
    // Nothing of this plan brings it back.
    const others = changedOn(['cp-1', 'cp-2']);
    expect(decide(known, others).findings.map(({ check }) => check)).toEqual(isRestart ? ['EtcdQuorum'] : []);
    expect(decide({ ...known, ignore: ['EtcdQuorum'] }, others).findings).toEqual([]);
  });

  it('without a readable control plane: nothing through the API, and a warning', () => {
    const separate: Cluster = {
      ...haCluster,
      hosts: [host('etcd-1', '10.0.0.31', 'etcd'), ...haCluster.hosts],
    };
    const known = knownOf(unissued(separate));
    const seen = fresh(known, cps);
    const etcd1 = seen.hosts.get('etcd-1');
    if (etcd1 === undefined) throw new Error('no etcd-1');
    const decision = decide(known, {
      ...seen,
      hosts: new Map(seen.hosts).set('etcd-1', {
        ...etcd1,
        inspection: { ...etcd1.inspection, etcdData: 'present' },
      }),
      etcd: {
        hosts: seen.etcd.hosts.map((each) => ({ ...each, data: 'present' })),
        members: {
          state: 'present',
          members: [
            {
              ...{ id: '1', name: 'etcd-1', isLearner: false, clientURLs: ['https://10.0.0.31:2379'] },
              peerURLs: ['https://10.0.0.31:2380'],
            },
          ],
          healthy: new Set(['1']),
        },
      },
    });
    expect([...decision.failed.keys()]).toEqual(cps);
    expect(decision.api).toMatchObject({ state: 'unavailable' });
    expect(decision.cluster).toBeUndefined();
    expect(decision.warnings).toEqual([
      'no control plane could be read, so no change through the API is planned',
    ]);
    expect(hostsOf(decision.changes)).toEqual(['etcd-1', 'w-1']);
    expect(assemble(known, decision, 'live', ['note']).warnings).toEqual(['note', ...decision.warnings]);
  });

  it('drains a Node before its etcd member is removed; a Node without one stays in its phase', () => {
    const known = knownOf(issued);
    const seen = running(known);
    if (seen.api?.state !== 'present') throw new Error('no API');
    const [node] = seen.api.nodes.values();
    if (node === undefined) throw new Error('no Node');
    const nodes = new Map(seen.api.nodes);
    for (const name of ['cp-9', 'w-9']) nodes.set(name, { ...node, metadata: { ...node.metadata, name } });
    const decision = decide(known, {
      ...seen,
      api: { ...seen.api, nodes },
      etcd: { ...seen.etcd, members: members([...cps, 'cp-9']) },
    });
    expect(decision.membership.snapshot?.operation.kind).toBe('snapshot');
    expect(decision.membership.nodes.map((each) => each.node)).toEqual(['cp-9']);
    expect(decision.membership.removals.map((step) => step.operation)).toEqual([
      { kind: 'remove', memberId: 'cp-9' },
    ]);
    expect(decision.cluster?.removals.map((each) => each.node)).toEqual(['w-9']);
    const [first, second] = assemble(known, decision, 'live', []).phases;
    expect([first?.id, second?.id]).toEqual(['membership', 'nodes']);
    expect(
      first?.batches.map(({ tasks }) =>
        tasks.map(({ steps }) =>
          steps.map((step) =>
            'operation' in step ? `${step.operation.kind} ${targetText(step.target)}` : step.verb,
          ),
        ),
      ),
    ).toEqual([
      // The list of removed nodes.
      [['create', 'create']],
      [['snapshot snapshot etcd']],
      [['drain Node cp-9', 'delete Node cp-9']],
      [['remove etcd-member cp-9']],
    ]);
  });

  it('fails with E-QUORUM if etcd does not answer and there are no other changes', () => {
    const known = knownOf(issued);
    const seen = running(known);
    const down = {
      ...seen,
      etcd: { ...seen.etcd, members: { state: 'unavailable', bootstrapped: true } as const },
    };
    expect(errorOf(known, down)).toMatchObject({
      code: 'E-QUORUM',
      message: `etcd does not answer on ${cps.join(', ')}`,
    });
  });
});

describe('--limit', () => {
  it('reads every control plane, and changes only the named hosts', () => {
    const known = knownOf(issued, { limit: ['w-1'] });
    const decision = decide(
      known,
      running(known, {
        changed: (_host, { kind }) => (kind === 'module' ? { state: 'absent' } : undefined),
      }),
    );
    expect(decision.hosts.map(({ name }) => name)).toEqual([...cps, 'w-1']);
    expect([...decision.perHost.keys()]).toEqual(['w-1']);
    expect(hostsOf(decision.changes)).toEqual(['w-1']);
    expect(decision.cluster?.objects).toEqual({ 'control-plane': [], addon: [] });
  });

  it('does not report problems of hosts that it does not change', () => {
    const known = knownOf(issued, { limit: ['w-1'] });
    const decision = decide(
      known,
      running(known, {
        changed: (name, { kind }) =>
          name === 'cp-1' && kind === 'swap' ? { state: 'unknown', reason: 'EIO' } : undefined,
      }),
    );
    expect(decision.failed.size).toBe(0);
  });
});

describe('desired resources', () => {
  it('are made once for each host, from its own facts', () => {
    const known = knownOf(issued);
    const seen = running(known);
    const arm = { architecture: 'arm64' } as const;
    const hosts = new Map(
      [...seen.hosts].map(([name, each]) => {
        const facts = name === 'w-1' ? { ...each.inspection.facts, ...arm } : each.inspection.facts;
        return [name, { ...each, inspection: { ...each.inspection, facts } }];
      }),
    );
    vi.mocked(desireHost).mockClear();
    const decision = decide(known, { ...seen, hosts });
    const { calls } = vi.mocked(desireHost).mock;
    expect(calls.map(([, of]) => of.name)).toEqual([...cps, 'w-1']);
    for (const [, of, facts] of calls) {
      const inspection = hosts.get(of.name)?.inspection;
      expect(facts).toEqual(inspection && factsOf(inspection, of.address));
    }
    expect(calls.map(([, , facts]) => facts.architecture)).toEqual(['amd64', 'amd64', 'amd64', 'arm64']);
    assemble(known, decision, 'live', []);
    expect(calls).toHaveLength(4);
  });

  it('are not made for hosts that are only read, nor for those that failed', () => {
    const known = knownOf(issued, { limit: ['cp-1', 'w-1'] });
    const seen = running(known, { without: ['w-1'] });
    vi.mocked(desireHost).mockClear();
    decide(known, seen);
    expect(vi.mocked(desireHost).mock.calls.map(([, of]) => of.name)).toEqual(['cp-1']);
  });
});

it('a decision is the same for the same observations, and changes none of them', () => {
  const known = knownOf(unissued(haCluster));
  const seen = fresh(known);
  const before = JSON.stringify([...seen.hosts.values()].map(({ inspection }) => inspection));
  const [one, other] = [decide(known, seen), decide(known, seen)];
  expect(JSON.stringify(assemble(known, one, 'live', []))).toBe(
    JSON.stringify(assemble(known, other, 'live', [])),
  );
  expect(JSON.stringify([...seen.hosts.values()].map(({ inspection }) => inspection))).toBe(before);
  const order = one.changes.map(({ host: name, stage }) => [name, stages.indexOf(stage)] as const);
  for (const name of hostsOf(one.changes)) {
    const own = order.filter(([of]) => of === name).map(([, index]) => index);
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
});
