import { counted } from '../model/counted.ts';
import { renewsPod } from '../plan/rollout/ready.ts';
import { stepsOf, type OnHostStep, type Plan, type Step } from '../plan/types.ts';

/** `3 control planes`, `2 workers`: what kinds of hosts a plan is about. */
export function roleCounts(plan: Plan): readonly string[] {
  const count = (role: string, noun: string): string[] => {
    const n = plan.hosts.filter((host) => host.roles.includes(role)).length;
    return n === 0 ? [] : [counted(n, noun)];
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
  return (['create', 'update', 'restart', 'delete', 'run', 'wait'] as const)
    .map((verb) => [verb, counts.get(verb) ?? 0] as const)
    .filter(([, count]) => count > 0);
}

/** Where steps are carried out, ` on 2 hosts and through the API`; a host that is only looked at is no such place. */
export function placesOf(steps: readonly Step[]): string {
  const hosts = new Set(steps.flatMap((step) => ('host' in step ? step.host : [])));
  const some = (found: boolean, place: string): string[] => (found ? [place] : []);
  const places = [
    ...some(hosts.size > 0, `on ${counted(hosts.size, 'host')}`),
    ...some(
      steps.some((step) => !('host' in step) && step.type !== 'operator'),
      'through the API',
    ),
    ...some(
      steps.some(({ type }) => type === 'operator'),
      'on this machine',
    ),
  ];
  return places
    .map((place, index) => `${index === 0 ? ' ' : index < places.length - 1 ? ', ' : ' and '}${place}`)
    .join('');
}

/** What running workloads would notice, as a sentence. */
export function disruption(plan: Plan): string {
  if (plan.hostSteps.some((step) => step.verb === 'delete' && step.resource === 'pods'))
    return 'All that runs there in the cluster ends.';
  const restarts = plan.hostSteps.filter((step) => step.verb === 'restart' || renewsPod(step));
  const names = [...new Set(restarts.map((step) => `${step.resource.split(' ')[1] ?? ''} on ${step.host}`))];
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  const sentences = [
    ...(names.length === 0 ? [] : [`Restarts ${names.slice(0, 5).join(', ')}${more}.`]),
    ...drains(plan),
    ...apiGap(plan, restarts),
    ...hooks(plan),
  ];
  return sentences.length === 0 ? 'No running workload is touched.' : sentences.join(' ');
}

/** Restarts that the API of a cluster with one such host does not live through. */
const carriesApi = /^(static-pod (kube-apiserver|etcd)|unit etcd)$/;

/** Whether clients of the API will notice: they do where the only host that carries it restarts. */
function apiGap({ hosts, roll }: Plan, restarts: readonly OnHostStep[]): string[] {
  const touched = restarts.filter((step) => carriesApi.test(step.resource));
  const others = (step: OnHostStep): number => {
    const role = step.resource === 'unit etcd' ? 'etcd' : 'control-plane';
    return hosts.filter((host) => host.roles.includes(role) && host.name !== step.host).length;
  };
  const alone = touched.find((step) => others(step) === 0);
  if (alone !== undefined)
    return [`The API does not answer while ${alone.resource.split(' ')[1] ?? ''} restarts.`];
  const atOnce = new Set(touched.map((step) => step.host)).size > 1 && roll.length === 0;
  return touched.length === 0 || atOnce ? [] : ['The API goes on answering.'];
}

function hooks(plan: Plan): string[] {
  const names = [
    ...new Set(
      stepsOf(plan).flatMap(({ verb, resource }) => (verb === 'run' ? resource.replace(/^hook /, '') : [])),
    ),
  ];
  if (names.length === 0) return [];
  return [
    `What hook${names.length === 1 ? '' : 's'} ${names.join(', ')} touch${names.length === 1 ? 'es' : ''} is up to you.`,
  ];
}

function drains({ membership, clusterSteps }: Plan): string[] {
  const nodes = [...membership, ...clusterSteps].flatMap((step) =>
    step.type === 'remove-node' ? [step.node] : [],
  );
  return nodes.length === 0 ? [] : [`What runs on ${nodes.join(', ')} is started elsewhere.`];
}

/** What a plan cannot know that was made without asking a host. */
export const offlineNote =
  'Made without asking a host: taken for fresh. Which packages, modules and swap are there is not known.';
