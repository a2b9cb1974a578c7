import { describe, expect, it } from 'vitest';
import type { ApplyEvent } from '../../../src/apply/events.ts';
import { gatesOf, stepsOf } from '../../../src/plan/steps.ts';
import { hostViews } from '../../../src/view/html/hosts.ts';
import { countEndings, recordRun } from '../../../src/view/html/record.ts';
import { gate, phaseOf, plan, planHost, shellStep } from '../../samples/plan.ts';
import { hostFiles, samplePlan, sampleRun } from '../../samples/page.ts';

describe('recordRun', () => {
  const of = samplePlan();
  const record = recordRun(of, sampleRun(of).events);

  it('knows how every step and gate of the plan ended', () => {
    const items = [...stepsOf(of), ...gatesOf(of)];
    const endings = [...record.outcomes.values()].map(({ ending }) => ending);
    expect(endings).toHaveLength(items.length);
    expect(Object.fromEntries(countEndings(record, items))).toEqual({
      done: 2,
      failed: 1,
      'cut-off': 1,
      'not-reached': items.length - 4,
    });
    expect(record.outcomes.get(hostFiles(of)[2].id)).toMatchObject({
      ending: 'failed',
      message: 'ended with status 2',
      detail: 'tar: No space left\ntar: exiting',
    });
  });

  it("knows the times and results of each host's phases, and of work elsewhere", () => {
    const host = { phase: 'host', stage: 'host', from: 100 };
    expect(record.hosts.get('cp-1')).toEqual([{ ...host, to: 300, ending: 'done' }]);
    expect(record.hosts.get('w-1')).toEqual([{ ...host, to: 500, ending: 'cut-off' }]);
    expect(record.hosts.get('w-2')).toEqual([{ ...host, to: 400, ending: 'failed' }]);
    expect(record.operator).toEqual([
      { phase: 'certificates', stage: 'host', from: 80, to: 90, ending: 'done' },
    ]);
    expect(record.cluster).toEqual([]);
    expect(record.end).toBe(500);
  });

  it('combines the steps of one phase through the API, and its gates', () => {
    const nodes = of.phases.filter(({ id }) => id === 'nodes');
    const [first, , third] = stepsOf({ phases: nodes });
    const [ready] = gatesOf({ phases: nodes });
    if (first === undefined || third === undefined || ready === undefined) throw new Error('no steps');
    const events: ApplyEvent[] = [
      { at: 10, type: 'start', step: first },
      { at: 40, type: 'done', step: first, seconds: 0.03 },
      { at: 50, type: 'start', step: third },
      { at: 90, type: 'failed', step: third, message: 'no', detail: '' },
      { at: 95, type: 'start', step: ready },
      { at: 99, type: 'done', step: ready, seconds: 0.004 },
    ];
    expect(recordRun(of, events).cluster).toEqual([
      { phase: 'nodes', stage: 'node', from: 10, to: 90, ending: 'failed' },
      { phase: 'nodes', stage: 'healthy', from: 95, to: 99, ending: 'done' },
    ]);
  });

  it('a host of a rollout has a time in which its gates wait', () => {
    const wait = gate({ kind: 'etcd-member', host: 'w-1' });
    const tasks = [[{ host: 'w-1' }, [shellStep('w-1', '/a')]]] as const;
    const rolled = plan({ phases: [phaseOf('rollout', tasks, { stage: 'etcd', gates: [wait] })] });
    const events: ApplyEvent[] = [
      { at: 0, type: 'task', phase: 'rollout', host: 'w-1', steps: 1 },
      { at: 4, type: 'task-done', phase: 'rollout', host: 'w-1', seconds: 0.004 },
      { at: 5, type: 'start', step: wait },
      { at: 9, type: 'failed', step: wait, message: 'not after 20 s', detail: '' },
    ];
    const seen = recordRun(rolled, events);
    expect(seen.hosts.get('w-1')).toEqual([
      { phase: 'rollout', stage: 'etcd', from: 0, to: 4, ending: 'done' },
      { phase: 'rollout', stage: 'healthy', from: 5, to: 9, ending: 'failed' },
    ]);
    expect(seen.cluster).toEqual([]);
    expect(hostViews(rolled, seen).find(({ name }) => name === 'w-1')?.state).toBe('failed');
  });

  it('a lost host’s phase failed, and its running step is cut off', () => {
    const step = shellStep('w-1', '/a');
    const lost = plan({ phases: [phaseOf('host', [[{ host: 'w-1' }, [step]]])] });
    const events: ApplyEvent[] = [
      { at: 0, type: 'task', phase: 'host', host: 'w-1', steps: 1 },
      { at: 1, type: 'start', step },
      { at: 7, type: 'host-lost', host: 'w-1', message: 'gone' },
    ];
    const seen = recordRun(lost, events);
    expect(seen.hosts.get('w-1')).toEqual([
      { phase: 'host', stage: 'host', from: 0, to: 7, ending: 'failed' },
    ]);
    expect(seen.outcomes.get(step.id)).toEqual({ ending: 'cut-off' });
  });
});

describe('hostViews', () => {
  it('knows the states of hosts before and after a run', () => {
    const of = samplePlan();
    expect(hostViews(of).map(({ says }) => says)).toEqual(['2 steps', '3 steps', '3 steps']);
    expect(
      hostViews(of, recordRun(of, sampleRun(of).events)).map(({ state, says }) => [state, says]),
    ).toEqual([
      ['cut-off', '1 of 2 steps done'],
      ['cut-off', '0 of 3 steps done'],
      ['failed', 'failed after 0 of 3 steps'],
    ]);
    const step = shellStep('cp-1', '/a');
    const short = plan({ phases: [phaseOf('host', [[{ host: 'cp-1' }, [step]]])] });
    const done = recordRun(short, [{ at: 1, type: 'done', step, seconds: 1 }]);
    expect(hostViews(short, done).map(({ state, says }) => [state, says])).toEqual([
      ['done', '1 step done'],
      ['same', 'nothing to do'],
    ]);
    const idle = [planHost('a', 'worker'), planHost('b', 'worker', { state: 'unreachable' })];
    expect(hostViews(plan({ hosts: idle })).map(({ state }) => state)).toEqual(['same', 'unread']);
  });
});
