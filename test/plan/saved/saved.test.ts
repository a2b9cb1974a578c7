import { describe, expect, it } from 'vitest';
import { digestOf, planChanges, seal } from '../../../src/plan/saved/saved.ts';
import type { Plan } from '../../../src/plan/types.ts';
import { hostStep, plan, savedContent, waitStep } from '../sample.ts';

const saved = (of: Plan): Plan => JSON.parse(JSON.stringify(of)) as Plan;
const one = hostStep('w-1', 'file /a', { reason: '1 line' });
const two = hostStep('w-1', 'unit b', { verb: 'restart' });
const was = plan({ hostSteps: [one, two] });

describe('seal', () => {
  it('is over everything, and the same for the same', () => {
    const document = seal(savedContent());
    expect(document.digest).toBe(digestOf(document));
    expect(seal(savedContent())).toEqual(document);
    expect(digestOf(JSON.parse(JSON.stringify(document, null, 7)) as object)).toBe(document.digest);
    for (const change of [
      { made: 'x' },
      { scope: {} },
      { basis: {} },
      { plan: {} },
      { kind: 'x' },
      { more: 1 },
    ])
      expect(digestOf({ ...document, ...change })).not.toBe(document.digest);
  });
});

describe('planChanges', () => {
  it('none in what went through a file', () => {
    const diffless = hostStep('w-1', 'file /c', { diff: undefined } as never);
    const of = plan({ hostSteps: [diffless] });
    expect(planChanges(saved(of), of)).toEqual([]);
  });

  it('waits are none', () => {
    const wait = waitStep({ kind: 'node-ready', node: 'w-1' });
    expect(planChanges(was, plan({ ...was, clusterSteps: [wait] }))).toEqual([]);
  });

  it.each<[string, Partial<Plan>, string[]]>([
    ['another script', { hostSteps: [{ ...one, script: 'rm -rf /' }, two] }, ['w-1: file /a']],
    ['a step more', { hostSteps: [one, two, hostStep('w-2', 'swap')] }, ['w-2: swap']],
    ['a step less', { hostSteps: [one] }, ['w-1: unit b']],
    ['another order', { hostSteps: [two, one] }, ['hosts, certificates to issue or the order of steps']],
    // The second of one id would hide the first.
    [
      'an id twice',
      { hostSteps: [{ ...one, script: 'evil' }, one, two] },
      ['hosts, certificates to issue or the order of steps'],
    ],
    ['certificates', { issue: ['ca'] }, ['hosts, certificates to issue or the order of steps']],
    ['roles', { hosts: [] }, ['hosts, certificates to issue or the order of steps']],
  ])('%s', (_title, change, whats) => {
    expect(planChanges(plan({ ...was, ...change }), was).map(({ what }) => what)).toEqual(whats);
  });
});
