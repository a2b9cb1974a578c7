import { expect, it } from 'vitest';
import { renewedPods } from '../../../src/plan/rollout/ready.ts';
import { hostStep } from '../sample.ts';

it('knows which static Pods get another container', () => {
  const step = (verb: 'create' | 'update' | 'restart', reason: string): ReturnType<typeof hostStep> =>
    hostStep('cp-1', 'static-pod etcd', { verb, reason });
  const renewed = (...steps: ReturnType<typeof hostStep>[]): string[] => [...renewedPods(steps)];
  expect(renewed(step('restart', 'a file that it reads changes'))).toEqual(['etcd-cp-1']);
  expect(renewed(step('update', 'the kubelet restarts it'))).toEqual(['etcd-cp-1']);
  expect(renewed(step('create', ''), step('update', 'mode 644 becomes 600'))).toEqual([]);
  expect(renewed(hostStep('cp-1', 'unit kubelet', { verb: 'restart' }))).toEqual([]);
});
