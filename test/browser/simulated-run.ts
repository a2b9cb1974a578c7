import type { ApplyEvent } from '../../src/apply/events.ts';
import { KbootError } from '../../src/model/error.ts';
import { stages } from '../../src/model/stage.ts';
import type { OnHostStep, Plan } from '../../src/plan/types.ts';
import { foldBy } from '../../src/view/fold.ts';
import type { PageRun } from '../../src/view/html/input.ts';

/** Seconds that steps of a kind took in the lab, roughly. */
const seconds: Readonly<Record<string, number>> = { archive: 2.2, image: 0.9, package: 0.7, unit: 0.6 };
const kindOf = (step: OnHostStep): string => step.resource.split(' ')[0] ?? '';

/** A run of a plan as it could have been, always the same; the hosts in `failing` fail at their second archive. */
export function simulatedRun(plan: Plan, failing: readonly string[] = []): PageRun {
  let seed = 7;
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const events: ApplyEvent[] = [{ at: 1700, type: 'issued', count: plan.issue.length }];
  const failures: PageRun['failures'][number][] = [];
  let controlPlaneAt = 0;
  const perHost = new Map(
    foldBy(plan.hostSteps, ({ host }) => host).map(({ step, steps }) => [step.host, steps]),
  );
  for (const { name: host, roles } of plan.hosts) {
    const speed = 0.7 + random() * 0.8;
    let at = 1700;
    const broken = (): boolean => failures.at(-1)?.host === host;
    for (const stage of stages) {
      const steps = (perHost.get(host) ?? []).filter((step) => step.stage === stage);
      if (broken() || steps.length === 0) continue;
      const begun = at;
      events.push({ at, type: 'stage', host, stage, steps: steps.length });
      let archives = 0;
      for (const step of steps) {
        if (broken()) {
          events.push({ at, type: 'skipped', step, why: 'an earlier step of this host failed' });
          continue;
        }
        events.push({ at, type: 'start', step });
        const took = (seconds[kindOf(step)] ?? 0.03) * speed * (0.6 + random() * 0.8);
        at += took * 1000;
        if (kindOf(step) === 'archive') archives++;
        if (failing.includes(host) && archives === 2) failures.push(fail(step, at));
        else events.push({ at, type: 'done', step, seconds: took });
      }
      if (!broken()) events.push({ at, type: 'stage-done', host, stage, seconds: (at - begun) / 1000 });
    }
    if (roles.includes('control-plane')) controlPlaneAt = Math.max(controlPlaneAt, at);
  }
  let at = controlPlaneAt;
  for (const step of plan.clusterSteps) {
    if (failing.some((host) => step.resource.split(/[ /]/).includes(host))) {
      events.push({ at, type: 'skipped', step, why: 'its host did not come that far' });
      continue;
    }
    events.push({ at, type: 'start', step });
    at += step.type === 'wait' ? 40 : 15;
    events.push({ at, type: 'done', step, seconds: step.type === 'wait' ? 0.04 : 0.015 });
  }
  events.sort((a, b) => a.at - b.at);
  return { events, failures, held: [], interrupted: false, seconds: (events.at(-1)?.at ?? 0) / 1000 };

  function fail(step: OnHostStep, when: number): PageRun['failures'][number] {
    const detail = 'tar: /opt/cni/bin/bridge: Cannot write: No space left on device\ntar: exiting\n';
    const message = 'no space is left on the disk';
    events.push({ at: when, type: 'failed', step, message, detail });
    const remedy = 'Free space on this host and run the same command again: it goes on there.';
    const context = { host: step.host, step: step.resource, detail, remedy };
    return { host: step.host, stepId: step.id, error: new KbootError('E-STEP', message, context) };
  }
}
