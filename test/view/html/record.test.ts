import { describe, expect, it } from 'vitest';
import type { ApplyEvent } from '../../../src/apply/events.ts';
import { stepsOf } from '../../../src/plan/types.ts';
import { hostViews } from '../../../src/view/html/hosts.ts';
import { countEndings, recordRun } from '../../../src/view/html/record.ts';
import { hostStep, plan, planHost, waitStep } from '../../plan/sample.ts';
import { samplePlan, sampleRun } from './sample.ts';

describe('recordRun', () => {
  const of = samplePlan();
  const record = recordRun(of, sampleRun(of).events);

  it('knows how every step of the plan ended', () => {
    const endings = [...record.outcomes.values()].map(({ ending }) => ending);
    expect(endings).toHaveLength(stepsOf(of).length);
    expect(Object.fromEntries(countEndings(record, stepsOf(of)))).toEqual({
      done: 1,
      failed: 1,
      'cut-off': 1,
      'not-reached': stepsOf(of).length - 3,
    });
    expect(record.outcomes.get('w-2: file /etc/crictl.yaml')).toMatchObject({
      ending: 'failed',
      message: 'ended with status 2',
      detail: 'tar: No space left\ntar: exiting',
    });
  });

  it('knows when each host was at which stage, and how that ended', () => {
    expect(record.hosts.get('cp-1')).toEqual([{ stage: 'host', from: 100, to: 300, ending: 'done' }]);
    expect(record.hosts.get('w-1')).toEqual([{ stage: 'host', from: 100, to: 500, ending: 'cut-off' }]);
    expect(record.hosts.get('w-2')).toEqual([{ stage: 'host', from: 100, to: 400, ending: 'failed' }]);
    expect(record).toMatchObject({ firstStageAt: 100, end: 500 });
  });

  it('takes the cluster’s steps of a stage together', () => {
    const [first, , third] = of.clusterSteps.filter((step) => step.stage === 'node');
    if (first === undefined || third === undefined) throw new Error('no steps');
    const events: ApplyEvent[] = [
      { at: 10, type: 'start', step: first },
      { at: 40, type: 'done', step: first, seconds: 0.03 },
      { at: 50, type: 'start', step: third },
      { at: 90, type: 'failed', step: third, message: 'no', detail: '' },
    ];
    expect(recordRun(of, events).cluster).toEqual([{ stage: 'node', from: 10, to: 90, ending: 'failed' }]);
  });

  it('a host of a roll has a time in which it is waited for', () => {
    const wait = waitStep({ kind: 'etcd-member', host: 'w-1' });
    const rolled = plan({ roll: [{ host: 'w-1', from: 'etcd', waits: [wait] }] });
    const events: ApplyEvent[] = [
      { at: 5, type: 'start', step: wait },
      { at: 9, type: 'failed', step: wait, message: 'not after 20 s', detail: '' },
    ];
    const seen = recordRun(rolled, events);
    expect(seen.hosts.get('w-1')).toEqual([{ stage: 'healthy', from: 5, to: 9, ending: 'failed' }]);
    expect(seen.cluster).toEqual([]);
  });

  it('a lost host’s stage failed, and its begun step is cut off', () => {
    const step = hostStep('w-1', 'file /a');
    const lost = plan({ hostSteps: [step] });
    const events: ApplyEvent[] = [
      { at: 0, type: 'stage', host: 'w-1', stage: 'host', steps: 1 },
      { at: 1, type: 'start', step },
      { at: 7, type: 'host-lost', host: 'w-1', message: 'gone' },
    ];
    const seen = recordRun(lost, events);
    expect(seen.hosts.get('w-1')).toEqual([{ stage: 'host', from: 0, to: 7, ending: 'failed' }]);
    expect(seen.outcomes.get(step.id)).toEqual({ ending: 'cut-off' });
  });
});

describe('hostViews', () => {
  it('tells how hosts stand before and after a run', () => {
    const of = samplePlan();
    expect(hostViews(of).map(({ says }) => says)).toEqual(['1 step', '3 steps', '3 steps']);
    expect(
      hostViews(of, recordRun(of, sampleRun(of).events)).map(({ state, says }) => [state, says]),
    ).toEqual([
      ['done', '1 step done'],
      ['cut-off', '0 of 3 steps done'],
      ['failed', 'failed after 0 of 3 steps'],
    ]);
    const idle = [planHost('a', 'worker'), planHost('b', 'worker', { state: 'unreachable' })];
    expect(hostViews(plan({ hosts: idle })).map(({ state }) => state)).toEqual(['same', 'unread']);
  });
});
