import { expect, it } from 'vitest';
import type { Hook } from '../../../src/model/cluster.ts';
import { targetText } from '../../../src/plan/target.ts';
import { operatorHooks, operatorSteps } from '../../../src/plan/diff/operator-hooks.ts';

const hook = (name: string, more: Partial<Hook> = {}): Hook => ({
  name,
  when: 'after',
  stage: 'addon',
  on: 'operator',
  run: `echo ${name}\n`,
  timeoutSeconds: 300,
  ...more,
});
const names = (hooks: readonly Hook[], met: readonly string[], changes: boolean): string[] =>
  operatorSteps(hooks, new Set(met), changes).map(({ step }) => targetText(step.target));

it('a hook runs if its `unless` fails; hooks without `unless` run with any change', () => {
  const hooks = [hook('state', { unless: 'test -e /x' }), hook('follows')];
  expect(names(hooks, [], false)).toEqual(['hook state', 'hook follows']);
  expect(names(hooks, ['state'], true)).toEqual(['hook follows']);
  expect(names(hooks, ['state'], false)).toEqual([]);
});

it('have the commands as in the inventory', () => {
  expect(operatorSteps([hook('tell', { unless: 'test -e told\n' })], new Set(), true)).toEqual([
    {
      when: 'after',
      stage: 'addon',
      step: {
        type: 'hook',
        id: 'operator: hook tell',
        verb: 'run',
        target: { kind: 'hook', name: 'tell' },
        reason: 'after addon',
        effects: [],
        command: 'echo tell',
        unless: 'test -e told',
        timeoutSeconds: 300,
      },
    },
  ]);
});

it('include only hooks on this machine, in the stages of the plan', () => {
  const hooks = [
    hook('late'),
    hook('there', { on: ['w-1'] }),
    hook('early', { when: 'before', stage: 'host' }),
  ];
  expect(operatorHooks(hooks, 'runtime').map(({ name }) => name)).toEqual(['early']);
  expect(operatorHooks(hooks, 'addon').map(({ name }) => name)).toEqual(['late', 'early']);
});
