import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KbootError } from '../../../src/model/error.ts';
import { planMembership, type MembershipPlan } from '../../../src/plan/etcd/membership.ts';
import type { EtcdHost } from '../../../src/observe/etcd.ts';
import type { EtcdObservation } from '../../../src/observe/etcd.ts';
import { announced, etcdHost, etcdMember, flags, present } from '../../samples/etcd.ts';

const three = ['etcd-1', 'etcd-2', 'etcd-3'] as const;
const hosts = (...names: readonly string[]): EtcdHost[] => names.map((name) => etcdHost(name));
const members = (...names: readonly string[]): ReturnType<typeof etcdMember>[] =>
  names.map((name) => etcdMember(name));
const empty = (name: string, more: Partial<EtcdHost> = {}): EtcdHost =>
  etcdHost(name, { data: 'absent', ...more });

/** `etcd-3: add-learner` */
const joins = (plan: MembershipPlan): string[] =>
  plan.hosts.filter(({ join }) => join !== 'none').map(({ host, join }) => `${host}: ${join}`);
const removals = (plan: MembershipPlan): string[] =>
  plan.remove.map(({ member, why }) => `${member.name || member.id}: ${why}`);
const flagsOf = (plan: MembershipPlan, name: string): unknown =>
  plan.hosts.find(({ host }) => host === name)?.membership;

function refusal(of: readonly EtcdHost[], seen: EtcdObservation): KbootError {
  try {
    planMembership(of, seen);
  } catch (error) {
    if (error instanceof KbootError) return error;
    throw error;
  }
  throw new Error('planned');
}

describe('founding', () => {
  it('starts all members at once, each with the full list', () => {
    const plan = planMembership(
      three.map((name) => empty(name)),
      { state: 'absent' },
    );
    expect(plan.remove).toEqual([]);
    expect(plan.hosts).toEqual(
      three.map((host) => ({ host, membership: flags('new', ...three), join: 'none' })),
    );
  });

  it('ignores the flags of a host without data: they are left over from an earlier cluster', () => {
    const stale = empty('etcd-1', { startedWith: flags('existing', 'etcd-1', 'etcd-9') });
    expect(flagsOf(planMembership([stale], { state: 'absent' }), 'etcd-1')).toEqual(flags('new', 'etcd-1'));
  });

  it('continues if it was never completed', () => {
    const begun = etcdHost('etcd-1', { startedWith: flags('new', ...three) });
    const plan = planMembership([begun, empty('etcd-2'), empty('etcd-3')], {
      state: 'unavailable',
      bootstrapped: false,
    });
    for (const name of three) expect(flagsOf(plan, name)).toEqual(flags('new', ...three));
  });

  it('never overwrites a cluster that lost its quorum', () => {
    const error = refusal([etcdHost('etcd-1'), empty('etcd-2'), empty('etcd-3')], {
      state: 'unavailable',
      bootstrapped: true,
    });
    expect(error).toMatchObject({
      code: 'E-QUORUM',
      exit: 5,
      message: 'etcd has no quorum: there is data on etcd-1, and none on etcd-2, etcd-3',
    });
    expect(error.context.remedy).toContain('Nothing was changed.');
  });

  it('whose certificates have expired is not lost: what to do first is said', () => {
    const expired = ['etcd-1', 'etcd-2'];
    const error = refusal([etcdHost('etcd-1'), etcdHost('etcd-2'), empty('etcd-3')], {
      ...{ state: 'unavailable', bootstrapped: true, expired },
    });
    expect(error.message).toBe(
      'etcd has no quorum: the certificates of etcd-1, etcd-2 have expired, and there is no data on etcd-3',
    );
    expect(error.context.remedy).toMatch(/^Remove etcd-3 from the inventory and run `kboot up`/);
    const of = three.map((name) => etcdHost(name));
    const plan = planMembership(of, { state: 'unavailable', bootstrapped: true, expired: three });
    expect(plan.remove).toEqual([]);
  });

  it("does not continue while a host could not be read: it may have the cluster's data", () => {
    const of = [etcdHost('etcd-1'), empty('etcd-2'), etcdHost('etcd-3', { data: 'unknown' })];
    expect(refusal(of, { state: 'unavailable', bootstrapped: false }).code).toBe('E-QUORUM');
  });

  it('hosts that all have data keep their flags without a quorum', () => {
    const of = three.map((name) => etcdHost(name, { startedWith: flags('new', 'etcd-1', 'etcd-2') }));
    const plan = planMembership(of, { state: 'unavailable', bootstrapped: true });
    expect(joins(plan)).toEqual([]);
    for (const name of three) expect(flagsOf(plan, name)).toEqual(flags('new', 'etcd-1', 'etcd-2'));
  });
});

describe('a cluster that serves', () => {
  it('keeps everything as it is', () => {
    const of = three.map((name) => etcdHost(name, { startedWith: flags('existing', 'etcd-9') }));
    const plan = planMembership(of, present(members(...three)));
    expect([joins(plan), removals(plan)]).toEqual([[], []]);
    expect(flagsOf(plan, 'etcd-2')).toEqual(flags('existing', 'etcd-9'));
  });

  it('keeps a member whose host cannot be reached', () => {
    const of = [...hosts('etcd-1', 'etcd-2'), etcdHost('etcd-3', { data: 'unknown' })];
    const plan = planMembership(of, present(members(...three), ['etcd-3']));
    expect([joins(plan), removals(plan)]).toEqual([[], []]);
  });

  it('identifies a member by its peer URL too: it has no name before it starts', () => {
    const plan = planMembership(
      [...hosts('etcd-1'), empty('etcd-2')],
      present([etcdMember('etcd-1'), announced('etcd-2')]),
    );
    expect([joins(plan), removals(plan)]).toEqual([['etcd-2: promote'], []]);
  });

  it('lets an initial member start that never did', () => {
    const late = etcdMember('etcd-3', { clientURLs: [] });
    const plan = planMembership(
      [...hosts('etcd-1', 'etcd-2'), empty('etcd-3')],
      present([...members('etcd-1', 'etcd-2'), late], ['etcd-3']),
    );
    expect([joins(plan), removals(plan)]).toEqual([[], []]);
    expect(flagsOf(plan, 'etcd-3')).toEqual(flags('new', ...three));
  });
});

describe('joining', () => {
  it('is as a learner, with flags that name the existing members and itself', () => {
    const plan = planMembership([...hosts('etcd-1'), empty('etcd-2')], present(members('etcd-1')));
    expect(joins(plan)).toEqual(['etcd-2: add-learner']);
    expect(flagsOf(plan, 'etcd-2')).toEqual(flags('existing', 'etcd-1', 'etcd-2'));
  });

  it('two join in order: the flags of the second name the first', () => {
    const of = [empty('etcd-1'), ...hosts('etcd-2'), empty('etcd-3')];
    const plan = planMembership(of, present(members('etcd-2')));
    expect(flagsOf(plan, 'etcd-1')).toEqual(flags('existing', 'etcd-2', 'etcd-1'));
    expect(flagsOf(plan, 'etcd-3')).toEqual(flags('existing', 'etcd-2', 'etcd-1', 'etcd-3'));
  });

  it('is not for a host that could not be read, and no other flags name it', () => {
    const of = [...hosts('etcd-1'), etcdHost('etcd-2', { data: 'unknown' }), empty('etcd-3')];
    const plan = planMembership(of, present(members('etcd-1')));
    expect(joins(plan)).toEqual(['etcd-3: add-learner']);
    expect(flagsOf(plan, 'etcd-3')).toEqual(flags('existing', 'etcd-1', 'etcd-3'));
  });

  it('continues after a learner was added, without leftover flags', () => {
    const of = [...hosts('etcd-1'), empty('etcd-2', { startedWith: flags('new', 'etcd-1', 'etcd-2') })];
    const plan = planMembership(of, present([etcdMember('etcd-1'), announced('etcd-2')]));
    expect(joins(plan)).toEqual(['etcd-2: promote']);
    expect(flagsOf(plan, 'etcd-2')).toEqual(flags('existing', 'etcd-1', 'etcd-2'));
  });

  it('continues after a learner started, with the flags that it started with', () => {
    const begun = etcdHost('etcd-2', { startedWith: flags('existing', 'etcd-1', 'etcd-2') });
    const learner = etcdMember('etcd-2', { isLearner: true });
    const plan = planMembership([...hosts('etcd-1'), begun], present([etcdMember('etcd-1'), learner]));
    expect([joins(plan), removals(plan)]).toEqual([['etcd-2: promote'], []]);
    expect(flagsOf(plan, 'etcd-2')).toBe(begun.startedWith);
  });

  it('is refused for hosts with the data of a removed member, by name and with a remedy', () => {
    const error = refusal(hosts(...three), present(members('etcd-1')));
    expect(error).toMatchObject({ code: 'E-PREFLIGHT', exit: 5, context: { host: 'etcd-2, etcd-3' } });
    expect(error.context.remedy).toContain('--limit etcd-2 etcd-3');
  });
});

describe('replacing', () => {
  it('removes the member of a host that came back without data, and lets it join again', () => {
    const of = [...hosts('etcd-1'), empty('etcd-2'), ...hosts('etcd-3')];
    const plan = planMembership(of, present(members(...three), ['etcd-2']));
    expect(removals(plan)).toEqual(['etcd-2: came-back-empty']);
    expect(joins(plan)).toEqual(['etcd-2: add-learner']);
    expect(flagsOf(plan, 'etcd-2')).toEqual(flags('existing', 'etcd-1', 'etcd-3', 'etcd-2'));
  });

  it('a learner that started and lost its disk is replaced too', () => {
    const learner = etcdMember('etcd-2', { isLearner: true });
    const plan = planMembership(
      [...hosts('etcd-1'), empty('etcd-2')],
      present([etcdMember('etcd-1'), learner]),
    );
    expect([removals(plan), joins(plan)]).toEqual([['etcd-2: came-back-empty'], ['etcd-2: add-learner']]);
  });

  it('of two of five removes both before either joins: the flags of each name exactly the current members', () => {
    const all = ['etcd-1', 'etcd-2', 'etcd-3', 'etcd-4', 'etcd-5'];
    const of = all.map((name) => (['etcd-2', 'etcd-4'].includes(name) ? empty(name) : etcdHost(name)));
    const plan = planMembership(of, present(members(...all), ['etcd-2', 'etcd-4']));
    expect(removals(plan)).toEqual(['etcd-2: came-back-empty', 'etcd-4: came-back-empty']);
    expect(flagsOf(plan, 'etcd-2')).toEqual(flags('existing', 'etcd-1', 'etcd-3', 'etcd-5', 'etcd-2'));
    expect(flagsOf(plan, 'etcd-4')).toEqual(
      flags('existing', 'etcd-1', 'etcd-3', 'etcd-5', 'etcd-2', 'etcd-4'),
    );
  });
});

describe('removals', () => {
  const all = ['etcd-1', 'etcd-2', 'etcd-3', 'etcd-4', 'etcd-5'];
  it.each([
    { of: 3, stay: ['etcd-1', 'etcd-2'], down: ['etcd-3'], well: undefined },
    { of: 3, stay: ['etcd-1', 'etcd-2'], down: [], well: undefined },
    { of: 3, stay: ['etcd-1', 'etcd-2'], down: ['etcd-2'], well: 1 },
    { of: 3, stay: ['etcd-1'], down: [], well: 1 },
    { of: 2, stay: ['etcd-1'], down: [], well: undefined },
    { of: 4, stay: ['etcd-1', 'etcd-2', 'etcd-3'], down: ['etcd-4'], well: undefined },
    { of: 4, stay: ['etcd-1', 'etcd-2', 'etcd-3'], down: ['etcd-3'], well: 2 },
    { of: 5, stay: ['etcd-1', 'etcd-2', 'etcd-3'], down: ['etcd-4', 'etcd-5'], well: undefined },
    { of: 5, stay: ['etcd-1', 'etcd-2', 'etcd-3'], down: ['etcd-3'], well: 2 },
    { of: 5, stay: ['etcd-1', 'etcd-2'], down: [], well: 2 },
  ])('$of members, $stay stay, $down down: $well healthy are too few', ({ of, stay, down, well }) => {
    const seen = present(members(...all.slice(0, of)), down);
    if (well === undefined) {
      const gone = all.slice(0, of).filter((name) => !stay.includes(name));
      expect(removals(planMembership(hosts(...stay), seen))).toEqual(
        gone.map((name) => `${name}: left-inventory`),
      );
      return;
    }
    const error = refusal(hosts(...stay), seen);
    expect(error).toMatchObject({ code: 'E-QUORUM', exit: 5 });
    expect(error.message).toContain(`would leave ${well} healthy of the current ${of} members`);
  });

  it('are sorted by name, not as etcd lists its members', () => {
    const seen = present(members('etcd-5', 'etcd-1', 'etcd-4', 'etcd-3', 'etcd-2'));
    const plan = planMembership(hosts('etcd-1', 'etcd-2', 'etcd-3'), seen);
    expect(removals(plan)).toEqual(['etcd-4: left-inventory', 'etcd-5: left-inventory']);
  });

  it('of a learner do not affect the quorum', () => {
    const seen = present([...members('etcd-1', 'etcd-2'), announced('etcd-3')]);
    expect(removals(planMembership(hosts('etcd-1', 'etcd-2'), seen))).toEqual(['3: left-inventory']);
  });

  it('count a replaced host and one that left together', () => {
    const of = [...hosts('etcd-1', 'etcd-2', 'etcd-3'), empty('etcd-4')];
    const seen = present(members(...all), ['etcd-4', 'etcd-5']);
    expect(removals(planMembership(of, seen))).toEqual(['etcd-4: came-back-empty', 'etcd-5: left-inventory']);
    expect(refusal(of.slice(1), seen).code).toBe('E-QUORUM');
  });
});

describe('for any cluster', () => {
  /** The actual state of a member's machine, regardless of what kboot observes. */
  const machine = fc.record({
    up: fc.boolean(),
    inInventory: fc.boolean(),
    /** A machine that is down came back without data, or could not be read. */
    empty: fc.boolean(),
    learner: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  });
  const worlds = fc
    .array(machine, { minLength: 1, maxLength: 7 })
    .map((machines) => machines.map((each, index) => ({ ...each, name: `etcd-${index + 1}` })))
    .filter((machines) => {
      const voters = machines.filter(({ learner }) => !learner);
      return voters.filter(({ up }) => up).length >= quorumOf(voters.length) && machines.some(seenWell);
    });
  const seenWell = (each: { up: boolean; inInventory: boolean; learner: boolean }): boolean =>
    each.up && each.inInventory && !each.learner;
  const quorumOf = (voters: number): number => Math.floor(voters / 2) + 1;

  const planned = (machines: typeof worlds extends fc.Arbitrary<infer W> ? W : never): MembershipPlan =>
    planMembership(
      machines
        .filter(({ inInventory }) => inInventory)
        .map(({ name, up, empty }) =>
          etcdHost(name, { data: up ? 'present' : empty ? 'absent' : 'unknown' }),
        ),
      {
        state: 'present',
        members: machines.map(({ name, learner }) => etcdMember(name, { isLearner: learner })),
        healthy: new Set(machines.filter(seenWell).map(({ name }) => name.replace('etcd-', ''))),
      },
    );

  it('no removal is planned that etcd could not agree on, or after which the voters left have no quorum', () => {
    fc.assert(
      fc.property(worlds, (machines) => {
        let plan: MembershipPlan;
        try {
          plan = planned(machines);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E-QUORUM' });
          return;
        }
        const upById = new Map(machines.map(({ name, up }) => [name, up]));
        let voters = machines.filter(({ learner }) => !learner).map(({ name }) => name);
        const hasQuorum = (): boolean =>
          voters.filter((name) => upById.get(name)).length >= quorumOf(voters.length);
        for (const { member } of plan.remove) {
          expect(hasQuorum()).toBe(true);
          voters = voters.filter((name) => name !== member.name);
          expect(hasQuorum()).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a dead member can always leave while all others are healthy', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 7 }), fc.boolean(), (count, replaced) => {
        const machines = Array.from({ length: count }, (_, index) => {
          const dead = index === count - 1;
          return {
            name: `etcd-${index + 1}`,
            up: !dead,
            inInventory: !dead || replaced,
            empty: dead,
            learner: false,
          };
        });
        expect(planned(machines).remove).toHaveLength(1);
      }),
    );
  });
});
