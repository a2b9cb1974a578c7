import type { Plan, Step } from '../plan/types.ts';

/** `3 control planes`, `2 workers`: what kinds of hosts a plan is about. */
export function roleCounts(plan: Plan): readonly string[] {
  const count = (role: string, noun: string): string[] => {
    const n = plan.hosts.filter((host) => host.roles.includes(role)).length;
    return n === 0 ? [] : [`${n} ${noun}${n === 1 ? '' : 's'}`];
  };
  return [
    ...count('control-plane', 'control plane'),
    ...count('worker', 'worker'),
    ...count('etcd', 'etcd host'),
    ...count('load-balancer', 'load balancer'),
  ];
}

/** The verbs that steps have, each with how many, in the order in which a reader expects them. */
export function verbCounts(steps: readonly Step[]): readonly (readonly [Step['verb'], number])[] {
  const counts = new Map<Step['verb'], number>();
  for (const { verb } of steps) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  return (['create', 'update', 'restart', 'delete', 'wait'] as const)
    .map((verb) => [verb, counts.get(verb) ?? 0] as const)
    .filter(([, count]) => count > 0);
}

/** What running workloads would notice, as a sentence. */
export function disruption(plan: Plan): string {
  if (plan.hostSteps.some((step) => step.verb === 'delete' && step.resource === 'pods'))
    return 'All that runs there in the cluster ends.';
  const restarts = plan.hostSteps.filter(
    (step) => step.verb === 'restart' || (step.verb === 'update' && step.resource.startsWith('static-pod ')),
  );
  if (restarts.length === 0) return 'No running workload is touched.';
  const names = [...new Set(restarts.map((step) => `${step.resource.split(' ')[1] ?? ''} on ${step.host}`))];
  return `Restarts ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}.`;
}

/** What a plan cannot know that was made without asking a host. */
export const offlineNote =
  'Made without asking a host: taken for fresh. Which packages, modules and swap are there is not known.';
