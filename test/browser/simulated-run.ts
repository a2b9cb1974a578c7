import type { ApplyEvent } from '../../src/apply/events.ts';
import { KbootError } from '../../src/model/error.ts';
import { hostOf, subjectOfGate } from '../../src/plan/steps.ts';
import { targetText } from '../../src/plan/target.ts';
import type { Phase, Plan, Step, Task } from '../../src/plan/types.ts';
import type { PageRun } from '../../src/view/html/input.ts';
import { remedies } from '../../src/apply/remedies.ts';

/** Approximate seconds of steps of a kind in the lab. */
const seconds: Readonly<Record<string, number>> = {
  archive: 2.2,
  image: 0.9,
  package: 0.7,
  unit: 0.6,
  certificates: 1.7,
};

/** A simulated run of a plan, always the same; the hosts in `failing` fail at their second archive. */
export function simulatedRun(plan: Plan, failing: readonly string[] = []): PageRun {
  let seed = 7;
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const events: ApplyEvent[] = [];
  const failures: PageRun['failures'][number][] = [];
  const speeds = new Map(plan.hosts.map(({ name }) => [name, 0.7 + random() * 0.8]));
  const broken = (host: string | undefined): boolean => failures.some((each) => each.host === host);
  const phaseEnds = new Map<string, number>();
  const hostEnds = new Map<string, number>();
  /** Ids of spans, with when they ended. */
  const spans = new Map<string, number>();
  const span = (
    id: string,
    from: number,
    to: number,
    of: { gate?: string; task?: number; host?: string },
  ): void => {
    const [phase = '', batch = ''] = id.split('/');
    const [after] = [...spans].findLast(([, ended]) => ended === from) ?? [];
    spans.set(id, to);
    events.push({
      ...{
        at: to,
        type: 'span',
        id,
        phase,
        batch: Number(batch),
        seconds: (to - from) / 1000,
        ending: 'done',
      },
      ...{ ...of, ...(after !== undefined && { after, rule: 'phase' as const }) },
    });
  };
  for (const phase of plan.phases) {
    let at = Math.max(0, ...phase.after.map((each) => phaseEnds.get(each.phase) ?? 0));
    for (const [index, { tasks, gates }] of phase.batches.entries()) {
      const start = at;
      for (const [number, task] of tasks.entries()) {
        const host = hostOf(task.on) ?? '';
        const before = hostEnds.get(host) ?? 0;
        const ended = host === '' ? runElsewhere(task, start) : runOnHost(phase, task, host, start);
        at = Math.max(at, ended);
        const from = host === '' ? start : Math.max(start, before);
        const id = `${phase.id}/${index + 1}/task-${number + 1}`;
        if (ended > from) span(id, from, ended, { task: number + 1, ...(host !== '' && { host }) });
      }
      const began = at;
      for (const step of gates) {
        if (failing.includes(subjectOfGate(step) ?? '')) {
          events.push({ at: began, type: 'skipped', step, why: 'its host did not reach this stage' });
          continue;
        }
        const took = 1 + random() * 2;
        events.push({ at: began, type: 'start', step });
        events.push({ at: began + took * 1000, type: 'done', step, seconds: took });
        at = Math.max(at, began + took * 1000);
        span(`${phase.id}/${index + 1}/${step.id}`, began, began + took * 1000, { gate: step.id });
      }
    }
    phaseEnds.set(phase.id, at);
  }
  events.sort((a, b) => a.at - b.at);
  return { events, failures, held: [], interrupted: false, seconds: (events.at(-1)?.at ?? 0) / 1000 };

  function runElsewhere({ steps }: Task, start: number): number {
    let at = start;
    for (const step of steps) {
      if (step.type === 'node' && failing.includes(step.node)) {
        events.push({ at, type: 'skipped', step, why: 'its host did not reach this stage' });
        continue;
      }
      const took = seconds[step.target.kind] ?? 0.015;
      events.push({ at, type: 'start', step });
      at += took * 1000;
      events.push({ at, type: 'done', step, seconds: took });
    }
    return at;
  }

  function runOnHost(phase: Phase, { steps }: Task, host: string, start: number): number {
    let at = Math.max(start, hostEnds.get(host) ?? 0);
    const begun = at;
    const why = `${host} did not reach this stage`;
    if (broken(host)) {
      for (const step of steps) events.push({ at, type: 'skipped', step, why });
      return start;
    }
    events.push({ at, type: 'task', phase: phase.id, host, steps: steps.length });
    let archives = 0;
    for (const step of steps) {
      if (broken(host)) {
        events.push({ at, type: 'skipped', step, why });
        continue;
      }
      events.push({ at, type: 'start', step });
      const took = (seconds[step.target.kind] ?? 0.03) * (speeds.get(host) ?? 1) * (0.6 + random() * 0.8);
      at += took * 1000;
      if (step.target.kind === 'archive') archives++;
      if (failing.includes(host) && archives === 2) failures.push(fail(step, host, at));
      else events.push({ at, type: 'done', step, seconds: took });
    }
    if (!broken(host))
      events.push({ at, type: 'task-done', phase: phase.id, host, seconds: (at - begun) / 1000 });
    hostEnds.set(host, at);
    return at;
  }

  function fail(step: Step, host: string, at: number): PageRun['failures'][number] {
    const detail = 'tar: /opt/cni/bin/bridge: Cannot write: No space left on device\ntar: exiting\n';
    const message = 'the disk is full';
    events.push({ at, type: 'failed', step, message, detail });
    const remedy = remedies.freeSpace;
    const context = { host, step: targetText(step.target), stepId: step.id, detail, remedy };
    return { host, stepId: step.id, error: new KbootError('E-STEP', message, context) };
  }
}
