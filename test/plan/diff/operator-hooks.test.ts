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

it('a state runs where it does not hold; what follows runs with any change', () => {
  const hooks = [hook('state', { unless: 'test -e /x' }), hook('follows')];
  expect(names(hooks, [], false)).toEqual(['hook state', 'hook follows']);
  expect(names(hooks, ['state'], true)).toEqual(['hook follows']);
  expect(names(hooks, ['state'], false)).toEqual([]);
});

it('carries what will run, as it was written', () => {
  expect(operatorSteps([hook('tell')], new Set(), true)).toEqual([
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
        timeoutSeconds: 300,
      },
    },
  ]);
});

it('is about this machine, and about the stages that are reached', () => {
  const hooks = [
    hook('late'),
    hook('there', { on: ['w-1'] }),
    hook('early', { when: 'before', stage: 'host' }),
  ];
  expect(operatorHooks(hooks, 'runtime').map(({ name }) => name)).toEqual(['early']);
  expect(operatorHooks(hooks, 'addon').map(({ name }) => name)).toEqual(['late', 'early']);
});
