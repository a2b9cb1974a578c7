import { expect, it } from 'vitest';
import { peersFirst } from '../../../src/plan/rollout/peers-first.ts';
import type { HostStep } from '../../../src/plan/types.ts';
import { hostStep } from '../sample.ts';

const told = (host: string): HostStep[] => [
  hostStep(host, 'file /etc/keepalived/keepalived.conf', {
    stage: 'load-balancer',
    verb: 'update',
    disturbs: ['keepalived'],
  }),
  hostStep(host, 'unit keepalived', { stage: 'load-balancer', verb: 'update' }),
];
const haproxy = (host: string): HostStep =>
  hostStep(host, 'unit haproxy', { stage: 'load-balancer', verb: 'update' });
const joining = (host: string): HostStep[] => [
  hostStep(host, 'file /etc/keepalived/keepalived.conf', {
    stage: 'load-balancer',
    verb: 'create',
    disturbs: ['keepalived'],
  }),
  hostStep(host, 'unit keepalived', { stage: 'load-balancer', verb: 'create' }),
];

it('those that hold a virtual IP know a new peer before it comes', () => {
  const steps = [haproxy('cp-1'), ...told('cp-1'), ...joining('cp-2'), haproxy('cp-3'), ...told('cp-3')];
  expect(peersFirst(steps)).toEqual({
    first: [...told('cp-1'), ...told('cp-3')],
    rest: [haproxy('cp-1'), ...joining('cp-2'), haproxy('cp-3')],
  });
});

it('where none joins, or none is there yet, all keep their place', () => {
  const changed = [...told('cp-1'), ...told('cp-2')];
  expect(peersFirst(changed)).toEqual({ first: [], rest: changed });
  const founded = [...joining('cp-1'), ...joining('cp-2')];
  expect(peersFirst(founded)).toEqual({ first: [], rest: founded });
});
