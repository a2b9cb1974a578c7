import { plural } from '../model/plural.ts';
import type { Component } from '../model/component.ts';
import { few } from '../model/few.ts';
import { hostOf, isSerial } from '../plan/steps.ts';
import type { Plan, Step } from '../plan/types.ts';
import { size } from './amounts.ts';
import { allPlaced, type PlacedStep } from './placed.ts';

/** `Kubernetes v1.36.2`, or `Kubernetes v1.35.6 → v1.36.2` */
export function versionText({ kubernetesVersion, upgrade }: Plan): string {
  return `Kubernetes ${upgrade === undefined ? kubernetesVersion : `${upgrade.from} → ${upgrade.to}`}`;
}

/** ` from hosts.json`; nothing if the inventory lists the hosts. */
export const fromText = ({ hostsFrom }: Plan): string =>
  hostsFrom === undefined ? '' : ` from ${hostsFrom}`;

/** `3 control planes`, `2 workers`: the numbers of hosts of a plan, by role. */
export function roleCounts(plan: Plan): readonly string[] {
  const count = (role: string, noun: string): string[] => {
    const n = plan.hosts.filter((host) => host.roles.includes(role)).length;
    return n === 0 ? [] : [plural(n, noun)];
  };
  return [
    ...count('control-plane', 'control plane'),
    ...count('worker', 'worker'),
    ...count('etcd', 'etcd host'),
    ...count('load-balancer', 'load balancer'),
  ];
}

/** The number of steps of each verb, in a fixed order. */
export function verbCounts(steps: readonly Step[]): readonly (readonly [Step['verb'], number])[] {
  const counts = new Map<Step['verb'], number>();
  for (const { verb } of steps) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  return (['create', 'update', 'restart', 'delete', 'run'] as const)
    .map((verb) => [verb, counts.get(verb) ?? 0] as const)
    .filter(([, count]) => count > 0);
}

/** Where a plan's steps run, ` on 2 hosts and through the API`; a host that is only read does not count. */
export function placesOf(plan: Plan): string {
  const all = allPlaced(plan);
  const hosts = new Set(all.flatMap(({ on }) => hostOf(on) ?? []));
  const some = (found: boolean, place: string): string[] => (found ? [place] : []);
  const places = [
    ...some(hosts.size > 0, `on ${plural(hosts.size, 'host')}`),
    ...some(
      all.some(({ on }) => on === 'cluster'),
      'through the API',
    ),
    ...some(
      all.some(({ on }) => on === 'operator'),
      'on this machine',
    ),
  ];
  return places
    .map((place, index) => `${index === 0 ? ' ' : index < places.length - 1 ? ', ' : ' and '}${place}`)
    .join('');
}

/** How files reach hosts if they go from host to host, in sentences. */
export function spreadText({ spread }: Plan): string | undefined {
  if (spread === undefined) return undefined;
  const { files, hosts, port, operatorBytes, hostBytes, heldBytes } = spread;
  const downloads = files.filter(({ source }) => source.kind === 'download').length;
  return [
    `${plural(files.length, 'file')} for ${plural(hosts.length, 'host')}:`,
    ...(downloads === files.length ? [] : [`${size(operatorBytes)} leave this machine,`]),
    ...(downloads === 0 ? [] : [`${plural(downloads, 'file')} downloaded once,`]),
    ...(downloads === files.length ? [] : [`${size(hostBytes)} go`]),
    ...(downloads === files.length ? ['passed on'] : []),
    `from host to host on port ${port}`,
    ...(heldBytes === 0 ? [] : [`(${size(heldBytes)} are there already)`]),
  ].join(' ');
}

/** The disruption of running workloads, in sentences, derived from the effects of the steps. */
export function disruption(plan: Plan): string {
  const placed = allPlaced(plan);
  const onHosts = placed.filter(({ step, on }) => step.effects.length > 0 && hostOf(on) !== undefined);
  const has = (kind: string, component: Component): boolean =>
    onHosts.some(({ step }) =>
      step.effects.some((effect) => effect.kind === kind && effect.component === component),
    );
  if (plan.phases.some(({ id }) => id === 'reset') && has('stop', 'kubelet'))
    return 'All workloads of the cluster on these hosts stop.';
  if (plan.phases.some(({ id }) => id === 'stop') && has('stop', 'kube-apiserver'))
    return 'The API is unavailable until etcd has its quorum again; Pods go on running.';
  const restarts = onHosts.flatMap(({ step, on }) =>
    step.effects.flatMap(({ component, kind }) =>
      kind === 'restart' ? [{ component, host: hostOf(on) ?? '' }] : [],
    ),
  );
  const names = [...new Set(restarts.map(({ component, host }) => `${component} on ${host}`))];
  const sentences = [
    ...(names.length === 0 ? [] : [`Restarts ${few(names, 5)}.`]),
    ...rolledWorkloads(placed),
    ...drains(placed),
    ...newBridges(placed),
    ...apiGap(plan),
    ...hooks(placed),
  ];
  return sentences.length === 0 ? 'No running workload is touched.' : sentences.join(' ');
}

/** Add-ons whose Pods are replaced, a few at a time. */
function rolledWorkloads(placed: readonly PlacedStep[]): string[] {
  const names = placed.flatMap(({ step, on }) =>
    on === 'cluster'
      ? step.effects.flatMap(({ component, kind }) => (kind === 'restart' ? [component] : []))
      : [],
  );
  return names.length === 0 ? [] : [`Rolls out ${[...new Set(names)].join(', ')}.`];
}

/** Whether the API becomes unavailable: it does if its only host restarts a component of it. */
function apiGap({ phases, hosts }: Plan): string[] {
  const restarts = phases.map((phase) => ({
    phase,
    touched: phase.batches.flatMap(({ tasks }) =>
      tasks.flatMap(({ on, steps }) =>
        steps.flatMap(({ effects }) =>
          effects.flatMap(({ component, kind }) =>
            kind === 'restart' && (component === 'kube-apiserver' || component === 'etcd')
              ? [{ on, component }]
              : [],
          ),
        ),
      ),
    ),
  }));
  const touched = restarts.flatMap((each) => each.touched);
  const separateEtcd = hosts.some(({ roles }) => roles.includes('etcd'));
  const others = ({ on, component }: (typeof touched)[number]): number => {
    const role = component === 'etcd' && separateEtcd ? 'etcd' : 'control-plane';
    return hosts.filter((host) => host.roles.includes(role) && host.name !== hostOf(on)).length;
  };
  const alone = touched.find((each) => others(each) === 0);
  if (alone !== undefined) return [`The API is unavailable while ${alone.component} restarts.`];
  const atOnce = restarts.some(
    (each) => !isSerial(each.phase) && new Set(each.touched.map(({ on }) => hostOf(on))).size > 1,
  );
  return touched.length === 0 || atOnce ? [] : ['The API stays available.'];
}

function hooks(placed: readonly PlacedStep[]): string[] {
  const names = [
    ...new Set(placed.flatMap(({ step: { target } }) => (target.kind === 'hook' ? [target.name] : []))),
  ];
  if (names.length === 0) return [];
  return [`The effects of hook${names.length === 1 ? '' : 's'} ${names.join(', ')} are not known to kboot.`];
}

function drains(placed: readonly PlacedStep[]): string[] {
  const nodes = placed.flatMap(({ step }) =>
    step.type === 'node' && (step.operation.kind === 'drain' || step.operation.kind === 'delete')
      ? [step.node]
      : [],
  );
  return nodes.length === 0 ? [] : [`Pods on ${[...new Set(nodes)].join(', ')} are rescheduled.`];
}

/** Whether Pods lose their network for a moment. */
function newBridges(placed: readonly PlacedStep[]): string[] {
  const hosts = placed.flatMap(({ step: { target, verb }, on }) =>
    target.kind === 'pod-network' && verb === 'update' ? [hostOf(on) ?? ''] : [],
  );
  return hosts.length === 0
    ? []
    : [`Pods with another network than their Node's restart on ${hosts.join(', ')}.`];
}

/** The limits of a plan that was made without contacting a host. */
export const offlineNote =
  'Made without contacting a host, as if all were freshly installed. Their packages, kernel modules and swap are unknown.';
