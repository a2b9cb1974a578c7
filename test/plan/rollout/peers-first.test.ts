import { expect, it } from 'vitest';
import type { Effect } from '../../../src/model/component.ts';
import type { HostChange } from '../../../src/plan/diff/host.ts';
import { peersFirst } from '../../../src/plan/rollout/peers-first.ts';
import { shellStep } from '../../samples/plan.ts';

const stage = 'load-balancer';
const unit = (host: string, component: Effect['component'], kind: Effect['kind']): HostChange => ({
  host,
  stage,
  step: shellStep(host, `unit ${component}`, {
    verb: kind === 'start' ? 'create' : 'update',
    target: { kind: 'unit', name: component },
    effects: [{ component, kind }],
  }),
});
const config = (host: string, verb: 'create' | 'update'): HostChange => ({
  host,
  stage,
  step: shellStep(host, '/etc/keepalived/keepalived.conf', { verb, disturbs: ['keepalived'] }),
});
/** Its keepalived runs, and gets a new peer. */
const told = (host: string, kind: Effect['kind'] = 'reload'): HostChange[] => [
  config(host, 'update'),
  unit(host, 'keepalived', kind),
];
const haproxy = (host: string): HostChange => unit(host, 'haproxy', 'reload');
const joining = (host: string): HostChange[] => [config(host, 'create'), unit(host, 'keepalived', 'start')];

it.each(['reload', 'restart'] as const)('holders of a virtual IP get a new peer first: %s', (kind) => {
  const changes = [
    haproxy('cp-1'),
    ...told('cp-1', kind),
    ...joining('cp-2'),
    haproxy('cp-3'),
    ...told('cp-3', kind),
  ];
  expect(peersFirst(changes)).toEqual({
    first: [...told('cp-1', kind), ...told('cp-3', kind)],
    rest: [haproxy('cp-1'), ...joining('cp-2'), haproxy('cp-3')],
  });
});

it('if none joins, or none runs yet, the order does not change', () => {
  const changed = [...told('cp-1'), ...told('cp-2')];
  expect(peersFirst(changed)).toEqual({ first: [], rest: changed });
  const bootstrap = [...joining('cp-1'), ...joining('cp-2')];
  expect(peersFirst(bootstrap)).toEqual({ first: [], rest: bootstrap });
});

it('a keepalived that is only enabled at boot is not a running peer', () => {
  const enabled: HostChange = {
    host: 'cp-1',
    stage,
    step: shellStep('cp-1', 'unit keepalived', {
      verb: 'update',
      target: { kind: 'unit', name: 'keepalived' },
      reason: 'enabled at boot',
    }),
  };
  const changes = [enabled, ...joining('cp-2')];
  expect(peersFirst(changes)).toEqual({ first: [], rest: changes });
});
