import type { ApplyEvent } from '../../../src/apply/events.ts';
import type { Plan } from '../../../src/plan/types.ts';
import { applyStep, configMap, gate, phaseOf, plan, planHost, shellStep } from '../../samples/plan.ts';

const slow = shellStep('cp-1', 'archive');
const quick = shellStep('cp-1', 'config');
const other = shellStep('w-1', 'archive');
const server = gate({ kind: 'api' });
const objects = [applyStep(configMap('a')), applyStep(configMap('b'))];
const ready = gate({ kind: 'node-ready', node: 'w-1' });

/** Two hosts, then the API: cp-1 is slower than w-1, and Node w-1 is the last to be ready. */
export function timedPlan(): Plan {
  const api = { ...phaseOf('api', []), title: 'API objects', stage: 'control-plane' as const };
  return plan({
    hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker')],
    phases: [
      phaseOf('runtime', [
        [{ host: 'cp-1' }, [quick, slow]],
        [{ host: 'w-1' }, [other]],
      ]),
      {
        ...api,
        after: [{ phase: 'runtime', need: 'any' }],
        batches: [
          { tasks: [], gates: [server] },
          { tasks: objects.map((step) => ({ on: 'cluster', steps: [step] })), gates: [] },
          { tasks: [], gates: [ready] },
        ],
      },
    ],
  });
}

const span = (
  at: number,
  id: string,
  seconds: number,
  more: Partial<Extract<ApplyEvent, { type: 'span' }>>,
): ApplyEvent => {
  const [phase = '', batch = '1'] = id.split('/');
  return { at, type: 'span', id, phase, batch: Number(batch), seconds, ending: 'done', ...more };
};

/** 20 s: cp-1 4 s, its API server 10 s, objects 1 s, Node w-1 5 s. */
export function timedEvents(): ApplyEvent[] {
  return [
    { at: 10, type: 'start', step: quick },
    { at: 500, type: 'done', step: quick, seconds: 0.49 },
    { at: 500, type: 'start', step: slow },
    { at: 0, type: 'start', step: other },
    { at: 2000, type: 'done', step: other, seconds: 2 },
    span(2000, 'runtime/1/task-2', 2, { task: 1 + 1, host: 'w-1' }),
    { at: 3900, type: 'done', step: slow, seconds: 3.4 },
    span(4000, 'runtime/1/task-1', 4, { task: 1, host: 'cp-1' }),
    { at: 4100, type: 'waiting', step: server, seen: 'connection refused' },
    { at: 10_000, type: 'waiting', step: server, seen: '/readyz returned status 500' },
    { at: 14_000, type: 'done', step: server, seconds: 10 },
    span(14_000, 'api/1/gate-1', 10, { gate: server.id, after: 'runtime/1/task-1', rule: 'phase' }),
    span(14_200, 'api/2/task-2', 0.2, { task: 2, after: 'api/1/gate-1', rule: 'batch' }),
    span(15_000, 'api/2/task-1', 1, { task: 1, after: 'api/1/gate-1', rule: 'batch' }),
    span(20_000, 'api/3/gate-1', 5, { gate: ready.id, after: 'api/2/task-1', rule: 'batch' }),
  ];
}

export const before = [
  { what: 'start', from: -3000, to: -2400 },
  { what: 'reading hosts, planning', from: -2400, to: 0 },
];
