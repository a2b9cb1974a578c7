import { controllerKind, podTitle } from '../../../kube/eviction.ts';
import { few } from '../../../model/few.ts';
import { plural } from '../../../model/plural.ts';
import type { PodSeen } from '../../../observe/upgrade/observation.ts';
import { turnOf, workloadOf, type UpgradeCheckInput } from './input.ts';
import { podsThatLeave } from './pods.ts';

/** Names in one note. */
const shown = 6;
const defaultGraceSeconds = 30;

/** What an upgrade does to workloads, in words: which move, which are down meanwhile and for how long, which stay. */
export function upgradeNotes(input: UpgradeCheckInput): readonly string[] {
  if (input.drains.length === 0) return [];
  const leaving = [...podsThatLeave(input).values()].flat();
  return [...moving(leaving), ...alone(input, leaving), ...pinned(input, leaving), ...staying(input)];
}

function moving(leaving: readonly PodSeen[]): string[] {
  if (leaving.length === 0) return [];
  const workloads = countBy(leaving, workloadOf);
  const names = [...workloads].map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  return [
    `${plural(leaving.length, 'Pod')} of ${plural(workloads.size, 'workload')} move: ${few(names, shown)}`,
  ];
}

/** Workloads whose only Pod moves. */
function alone(input: UpgradeCheckInput, leaving: readonly PodSeen[]): string[] {
  const all = countBy(
    input.seen.pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'),
    workloadOf,
  );
  const only = leaving.filter(
    (pod) =>
      controllerKind(pod) !== undefined &&
      all.get(workloadOf(pod)) === 1 &&
      pinnedTo(input, pod) === undefined,
  );
  if (only.length === 0) return [];
  const names = only.map((pod) => `${workloadOf(pod)} (${downText(input, pod)})`);
  return [`with one replica, so down while it moves, by its own definition: ${few(names, shown)}`];
}

/** `30 s at most to end, 10 s until it is probed` */
function downText({ cluster }: UpgradeCheckInput, { spec }: PodSeen): string {
  const grace =
    cluster.upgrade.drain.gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
  const delay = Math.max(
    0,
    ...spec.containers.map(
      ({ startupProbe, readinessProbe }) =>
        (startupProbe?.initialDelaySeconds ?? 0) + (readinessProbe?.initialDelaySeconds ?? 0),
    ),
  );
  const ends = grace === 0 ? 'ends at once' : `${grace} s at most to end`;
  return delay === 0 ? ends : `${ends}, ${delay} s until its first probe`;
}

/** Pods that no other node can run: they are down until their own node is back. */
function pinned(input: UpgradeCheckInput, leaving: readonly PodSeen[]): string[] {
  const names = leaving.flatMap((pod) => {
    const why = pinnedTo(input, pod);
    return why === undefined ? [] : [`${podTitle(pod)} on ${pod.spec.nodeName ?? ''} (${why})`];
  });
  if (names.length === 0) return [];
  return [`no other node can run it, so down for the whole turn of its node: ${few(names, shown)}`];
}

function pinnedTo({ cluster, seen }: UpgradeCheckInput, { metadata, spec }: PodSeen): string | undefined {
  const node = spec.nodeName ?? '';
  if (spec.nodeSelector?.['kubernetes.io/hostname'] !== undefined) return 'its nodeSelector names the node';
  const turn = turnOf(cluster, node);
  const claims = (spec.volumes ?? []).flatMap(
    ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [],
  );
  const volume = seen.localVolumes.find(
    ({ namespace, claim, nodes }) =>
      namespace === metadata.namespace &&
      claims.includes(claim) &&
      nodes.every((each) => turnOf(cluster, each) === turn),
  );
  return volume === undefined ? undefined : `PersistentVolume ${volume.volume} is there`;
}

function staying({ seen, drains }: UpgradeCheckInput): string[] {
  const on = new Set(drains);
  const sets = countBy(
    seen.pods.filter((pod) => on.has(pod.spec.nodeName ?? '') && controllerKind(pod) === 'DaemonSet'),
    workloadOf,
  );
  const names = [...sets.keys()].map((name) => name.replace(/^DaemonSet /, ''));
  return names.length === 0 ? [] : [`Pods of DaemonSets stay: ${few(names, shown)}`];
}

function countBy<T>(items: readonly T[], nameOf: (item: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return counts;
}
