import { describe, expect, it } from 'vitest';
import { KbootError } from '../../../src/model/error.ts';
import type { RestoreObservation } from '../../../src/model/restore-observation.ts';
import { restorePhases } from '../../../src/plan/phases/restore.ts';
import { decideRestore, type Restoration, type RestoreInput } from '../../../src/plan/restore/decide.ts';
import { gatesOf, stepsOf } from '../../../src/plan/steps.ts';
import { conditionText } from '../../../src/plan/target.ts';
import { host, sampleCluster } from '../../samples/pki.ts';

const image = 'registry.k8s.io/etcd:3.6.8-0';
const stacked = sampleCluster({
  hosts: [
    ...['cp-1', 'cp-2', 'cp-3'].map((name, index) => host(name, `10.0.0.1${index + 1}`, 'control-plane')),
    host('w-1', '10.0.0.21', 'worker'),
  ],
});
const dedicated = sampleCluster({
  hosts: [
    host('cp-1', '10.0.0.11', 'control-plane'),
    ...['etcd-1', 'etcd-2', 'etcd-3'].map((name, index) => host(name, `10.0.0.3${index + 1}`, 'etcd')),
  ],
});

const running: RestoreObservation = {
  ...{ clusterId: 'sha256:ours', architecture: 'amd64', installed: true, apiServer: true },
  ...{ etcdImage: image, images: [image], etcdutl: false, data: 'present' },
  ...{ databaseMiB: 20, freeMiB: 5000, record: undefined },
};
/** After `up --until runtime`. */
const fresh: RestoreObservation = {
  ...running,
  ...{ installed: false, apiServer: false, etcdImage: '', data: 'absent', databaseMiB: 0 },
};
/** A machine without anything. */
const bare: RestoreObservation = { ...fresh, clusterId: '', images: [] };
const service: RestoreObservation = {
  ...running,
  ...{ apiServer: false, etcdImage: '', images: [], etcdutl: true },
};

const snapshot = { kind: 'snapshot', file: '/s/a.db', digest: 'abc', size: 5e6, revision: 100 } as const;
const survivor = { kind: 'survivor', newest: undefined } as const;
const alive = (name: string, revision = 200): RestoreInput['survivors'][number] => ({
  ...{ name, raftTerm: 3, raftIndex: 900, revision },
});

function input(
  seen: Readonly<Record<string, RestoreObservation>>,
  more: Partial<RestoreInput> = {},
): RestoreInput {
  return {
    ...{ cluster: stacked, clusterId: 'sha256:ours', source: snapshot, image },
    ...{ seen: new Map(Object.entries(seen)), failed: new Map(), lost: [] },
    ...{ survivors: [], quorum: false, former: [], now: 1_764_000_000_000 },
    ...more,
  };
}

const three = (one: RestoreObservation): Record<string, RestoreObservation> => ({
  ...{ 'cp-1': one, 'cp-2': one, 'cp-3': one },
});

const stateOf = ({ hosts }: Restoration): string[] =>
  hosts.map(({ host: { name }, state }) => `${name} ${state}`);

/** What the plan does, phase by phase. */
function told(decision: Restoration): string[] {
  return restorePhases({ ...decision, recordFile: '/r', tools: new Map() }).map((phase) => {
    const steps = stepsOf({ phases: [phase] }).map(({ id }) => id);
    const gates = gatesOf({ phases: [phase] }).map(({ condition }) => conditionText(condition));
    return `${phase.id}: ${[...steps, ...gates.map((text) => `waits for ${text}`)].join('; ')}`;
  });
}

const refused = (given: RestoreInput): unknown => {
  try {
    decideRestore(given);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('the order', () => {
  it('prepares everywhere, stops everywhere, restores everywhere, starts everywhere', () => {
    const one = sampleCluster({ hosts: [host('cp-1', '10.0.0.11', 'control-plane')] });
    expect(told(decideRestore(input({ 'cp-1': running }, { cluster: one })))).toEqual([
      'prepare: cp-1: prepare etcd',
      'stop: cp-1: stop etcd',
      'restore: cp-1: restore etcd',
      'start: cp-1: start etcd; waits for etcd member cp-1; waits for API server of cp-1; waits for leader of kube-controller-manager; waits for leader of kube-scheduler',
      'record: cp-1: done etcd',
    ]);
  });

  it('starts members that are services before API servers', () => {
    const seen = { 'cp-1': running, 'etcd-1': service, 'etcd-2': service, 'etcd-3': service };
    const phases = told(decideRestore(input(seen, { cluster: dedicated })));
    expect(phases[1]).toBe('stop: cp-1: stop etcd; etcd-1: stop etcd; etcd-2: stop etcd; etcd-3: stop etcd');
    expect(phases[3]).toMatch(
      /^start: etcd-1: start etcd; .*; cp-1: start etcd; waits for etcd member etcd-1/,
    );
    const [, , , start] = restorePhases({
      ...decideRestore(input(seen, { cluster: dedicated })),
      ...{ recordFile: '/r', tools: new Map() },
    });
    expect(start?.batches.map(({ tasks }) => tasks.length)).toEqual([3, 1]);
  });

  it('never runs a step before every earlier phase succeeded everywhere', () => {
    const phases = restorePhases({
      ...decideRestore(input(three(running))),
      ...{ recordFile: '/r', tools: new Map() },
    });
    phases.forEach((phase, index) => {
      expect(phase.after).toEqual(phases.slice(0, index).map(({ id }) => ({ phase: id, need: 'all' })));
    });
  });
});

describe('members', () => {
  it('are the hosts where etcd can start; others join afterwards', () => {
    const decision = decideRestore(input({ ...three(running), 'cp-3': bare }));
    expect(stateOf(decision)).toEqual(['cp-1 new', 'cp-2 new']);
    expect(decision.warnings).toContainEqual(expect.stringMatching(/^cp-3: not installed; `kboot up` has/));
  });

  it('are all hosts if none is installed; then nothing stops or starts', () => {
    const decision = decideRestore(input(three(fresh)));
    expect(told(decision)).toEqual([
      'prepare: cp-1: prepare etcd; cp-2: prepare etcd; cp-3: prepare etcd',
      'restore: cp-1: restore etcd; cp-2: restore etcd; cp-3: restore etcd',
      'record: cp-1: done etcd; cp-2: done etcd; cp-3: done etcd',
    ]);
  });

  it('need the image of etcd', () => {
    expect(refused(input(three(bare)))).toMatchObject({
      code: 'E-PREFLIGHT',
      context: { host: 'cp-1, cp-2, cp-3', remedy: expect.stringMatching(/--until runtime/) as unknown },
    });
  });

  it('need space for the snapshot and what is made of it', () => {
    expect(refused(input({ ...three(running), 'cp-2': { ...running, freeMiB: 150 } }))).toMatchObject({
      code: 'E-PREFLIGHT',
      context: { host: 'cp-2' },
    });
  });

  it('of the snapshot that are not restored are named', () => {
    const former = [
      { name: 'cp-1', peerURLs: ['https://10.0.0.11:2380'] },
      { name: 'old', peerURLs: ['https://10.0.0.99:2380'] },
    ];
    const { warnings } = decideRestore(input(three(running), { former }));
    expect(warnings.filter((text) => text.includes('old (https://10.0.0.99:2380)'))).toHaveLength(1);
    expect(warnings.join()).not.toContain('cp-1 (');
  });
});

describe('is refused', () => {
  const failed = new Map([['cp-2', new KbootError('E-CONNECT', 'no route')]]);
  const two = { 'cp-1': running, 'cp-3': running };

  it('if a host does not answer, unless it is lost for good', () => {
    expect(refused(input(two, { failed }))).toMatchObject({
      code: 'E-CONNECT',
      context: { remedy: expect.stringMatching(/--lost cp-2/) as unknown },
    });
    expect(stateOf(decideRestore(input(two, { failed: new Map(), lost: ['cp-2'] })))).toEqual([
      'cp-1 new',
      'cp-3 new',
    ]);
  });

  it('on a host of another cluster', () => {
    const seen = { ...three(running), 'cp-3': { ...running, clusterId: 'sha256:other' } };
    expect(refused(input(seen))).toMatchObject({ code: 'E-FOREIGN-CLUSTER', context: { host: 'cp-3' } });
  });

  it.each([
    ['a quorum', { survivors: [alive('cp-1')], quorum: true }, 'E-QUORUM'],
    ['no member that answers', {}, 'E-QUORUM'],
    [
      'a snapshot that is newer',
      { survivors: [alive('cp-1')], source: { ...survivor, newest: { file: '/s/b.db', revision: 201 } } },
      'E-SNAPSHOT',
    ],
  ] as const)('from a survivor with %s', (_title, more, code) => {
    expect(refused(input(three(running), { source: survivor, ...more }))).toMatchObject({ code });
  });
});

describe('from a survivor', () => {
  it('takes the first, and a snapshot that is not newer does not matter', () => {
    const decision = decideRestore(
      input(
        { ...three(bare), 'cp-2': running },
        {
          source: { ...survivor, newest: { file: '/s/b.db', revision: 200 } },
          survivors: [alive('cp-2'), alive('cp-1', 100)],
        },
      ),
    );
    expect(decision.survivor?.name).toBe('cp-2');
    expect(told(decision).slice(0, 2)).toEqual([
      'snapshot: etcd: snapshot of the survivor',
      'prepare: cp-2: prepare etcd',
    ]);
  });

  it('a snapshot that loses what a survivor has is said', () => {
    const { warnings } = decideRestore(input(three(running), { survivors: [alive('cp-2')] }));
    expect(warnings[0]).toMatch(/cp-2 has revision 200, the snapshot 100: .* --from-survivor keeps it/);
  });
});

describe('a run that ended early', () => {
  const first = decideRestore(input(three(running)));
  const at = (
    state: 'prepared' | 'restored' | 'done',
    { id, bump, sourceName: source }: Pick<Restoration, 'id' | 'bump' | 'sourceName'> = first,
  ): RestoreObservation => ({ ...running, record: { id, source, bump, state } });
  const rescue = decideRestore(input(three(running), { source: survivor, survivors: [alive('cp-1')] }));
  /** A later run. */
  const later = { now: 1_764_000_500_000 };

  it('goes on where it stopped, with the same revision', () => {
    const decision = decideRestore(
      input({ 'cp-1': at('restored'), 'cp-2': at('prepared'), 'cp-3': running }, later),
    );
    expect([decision.id, decision.bump]).toEqual([first.id, first.bump]);
    expect(stateOf(decision)).toEqual(['cp-1 restored', 'cp-2 prepared', 'cp-3 new']);
    const phases = told(decision);
    expect(phases[0]).toBe('prepare: cp-3: prepare etcd');
    expect(phases[2]).toBe('restore: cp-2: restore etcd; cp-3: restore etcd');
  });

  it('only starts what was restored everywhere', () => {
    const decision = decideRestore(input(three(at('restored')), later));
    expect(told(decision).map((line) => line.split(':')[0])).toEqual(['start', 'record']);
  });

  it('another snapshot, other members, and the same one later, are other restores', () => {
    const fresh3 = ['cp-1 new', 'cp-2 new', 'cp-3 new'];
    const again = decideRestore(input(three(at('done')), later));
    expect([again.id === first.id, stateOf(again)]).toEqual([false, fresh3]);
    const other = input(three(at('restored')), { ...later, source: { ...snapshot, digest: 'def' } });
    expect(stateOf(decideRestore(other))).toEqual(fresh3);
    const fewer = input({ ...three(at('restored')), 'cp-3': bare }, later);
    expect(stateOf(decideRestore(fewer))).toEqual(['cp-1 new', 'cp-2 new']);
  });

  it('goes on from a survivor that was stopped', () => {
    const seen = { ...three(at('prepared', rescue)), 'cp-1': at('restored', rescue) };
    const decision = decideRestore(input(seen, { ...later, source: survivor }));
    expect([decision.id, decision.bump, decision.survivor]).toEqual([rescue.id, rescue.bump, undefined]);
    expect(told(decision).map((line) => line.split(':')[0])).toEqual(['stop', 'restore', 'start', 'record']);
  });

  it('takes what the survivor has now, if it was not stopped yet', () => {
    const survivors = [alive('cp-1', 300)];
    const decision = decideRestore(
      input(three(at('prepared', rescue)), { ...later, source: survivor, survivors }),
    );
    expect(decision.survivor?.revision).toBe(300);
    expect(decision.id).not.toBe(rescue.id);
  });
});

describe('the first revision after a restore', () => {
  const now = 1_764_000_000_000;
  const revision = (more: Partial<RestoreInput>): number => {
    const { bump, survivor: from } = decideRestore(input(three(running), more));
    return (from?.revision ?? snapshot.revision) + bump;
  };

  it('is the time, so that a second restore of the same snapshot begins above the first', () => {
    expect(revision({})).toBe(now);
    expect(revision({ source: survivor, survivors: [alive('cp-1')] })).toBe(now);
    expect(revision({ now: now + 60_000 })).toBe(now + 60_000);
  });

  it('is above every revision that is known, also if the clock is wrong', () => {
    expect(revision({ now: 0 })).toBe(1_000_000_100);
    expect(revision({ survivors: [alive('cp-1', now + 5)] })).toBe(now + 5 + 1_000_000_000);
  });
});
