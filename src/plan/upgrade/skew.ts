import { minorOf } from '../../model/minor.ts';
import semver from 'semver';
import { hostsWith, type Cluster } from '../../model/cluster.ts';
import type { KbootError } from '../../model/error.ts';
import { few } from '../../model/few.ts';
import type { Finding } from '../preflight/finding.ts';
import { reaches, type PlanScope } from '../scope.ts';
import type { ClusterVersions, VersionChange } from './versions.ts';
import { remedyFields, type Text } from '../../model/language/text.ts';
import { remedies } from '../remedies.ts';

/** How many minors older than an API server a kubelet may be (kubernetes.io/releases/version-skew-policy). */
export const kubeletSkew = 3;

export interface SkewInput {
  readonly cluster: Cluster;
  readonly scope: PlanScope;
  readonly versions: ClusterVersions;
  readonly change: VersionChange;
  /** Hosts that could not be read. */
  readonly failed: ReadonlyMap<string, KbootError>;
  /** Whether hosts join etcd or the control plane in this plan. */
  readonly joining: readonly string[];
  /** Versions to choose from, newest first. */
  readonly released: readonly string[];
}

/**
 * Why a cluster cannot go to another version in this plan: findings that nobody can ignore. The rules are those of the
 * version skew policy and of kubeadm (phases/upgrade/policy.go): one minor at a time, no way back once every API server
 * serves the new minor.
 */
export function skewFindings(input: SkewInput): Finding[] {
  const { cluster, scope, versions, change, failed, joining } = input;
  const planes = hostsWith(cluster, 'control-plane').map(({ name }) => name);
  const finding = (host: string, message: string, remedy: Text): Finding => ({
    check: 'KubernetesVersion',
    level: 'error',
    host,
    message,
    ...remedyFields(remedy),
  });
  const first = [...versions.apiServers.keys()][0] ?? planes[0] ?? '';
  const steps = minorSteps(versions, change);
  const route: Finding[] =
    steps === undefined
      ? change.direction === 'down'
        ? wayDown(input, finding)
        : []
      : [
          finding(
            first,
            `the API servers serve ${spread(versions.apiServers)}, and the inventory specifies ${change.to}: API servers go up one minor version at a time`,
            remedies.hopFirst({ version: hopBefore(input, steps) }),
          ),
        ];
  return [
    ...route,
    ...[...versions.kubelets].flatMap(([host, version]) =>
      minorOf(change.to) - minorOf(version) <= kubeletSkew
        ? []
        : [
            finding(
              host,
              `its kubelet runs ${version}: with API servers of ${change.to} it must be at most ${kubeletSkew} minor versions older`,
              remedies.upgradeBetween,
            ),
          ],
    ),
    ...planes.flatMap((host) =>
      failed.has(host)
        ? [
            finding(
              host,
              `it could not be read, and an upgrade from ${change.from} to ${change.to} needs every control plane: a kubelet may not be newer than an API server that it may reach`,
              remedies.bringItBack,
            ),
          ]
        : [],
    ),
    ...(scope.until === 'addon' || !reaches(scope, 'runtime')
      ? []
      : [
          finding(
            first,
            `the cluster runs ${change.from}, and the inventory specifies ${change.to}: an upgrade goes through all stages`,
            remedies.withoutUntil,
          ),
        ]),
    ...limited(input).map((host) =>
      finding(
        host,
        `--limit names it and not the control plane, where ${few(behind(input), 3)} would be older than its new kubelet`,
        remedies.withoutLimit,
      ),
    ),
    ...joining.map((host) =>
      finding(
        host,
        `it joins the control plane or etcd, and the cluster goes from ${change.from} to ${change.to}: kboot does one of these at a time`,
        remedies.setBackUntilJoined({ version: change.from }),
      ),
    ),
  ];
}

/** Minor versions between the oldest API server and the wanted one, if there are too many. */
function minorSteps({ apiServers }: ClusterVersions, { to, direction }: VersionChange): number | undefined {
  const oldest = [...apiServers.values()].toSorted(semver.compare)[0];
  if (direction === 'down' || oldest === undefined) return undefined;
  const steps = minorOf(to) - minorOf(oldest);
  return steps > 1 || semver.major(to) !== semver.major(oldest) ? steps : undefined;
}

/** The newest known version of the minor after that of the oldest API server. */
function hopBefore({ change, released }: SkewInput, steps: number): string {
  const minor = minorOf(change.to) - steps + 1;
  return released.find((version) => minorOf(version) === minor) ?? `v1.${minor}`;
}

/**
 * The way down: a patch of the same minor at any time; a minor only as long as some API server still serves the former
 * one, since no kubelet and no storage version can be newer then.
 */
function wayDown(
  { versions, change }: SkewInput,
  finding: (host: string, message: string, remedy: Text) => Finding,
): Finding[] {
  const target = minorOf(change.to);
  const newer = (all: ReadonlyMap<string, string>): [string, string][] =>
    [...all].filter(([, version]) => minorOf(version) > target);
  const former = [...versions.apiServers.values()].some((version) => minorOf(version) === target);
  const [plane] = newer(versions.apiServers);
  return [
    ...(plane === undefined || former
      ? []
      : [
          finding(
            plane[0],
            `its API server serves ${plane[1]}, as all others do, and the inventory specifies ${change.to}: Kubernetes does not go back to an older minor version`,
            remedies.noWayBack({ version: change.from }),
          ),
        ]),
    ...newer(versions.kubelets).map(([host, version]) =>
      finding(
        host,
        `its kubelet runs ${version}, and the inventory specifies ${change.to}: a kubelet may not be newer than the API servers, and kubelets do not go back to an older minor version`,
        remedies.finishUpgrade({ version: change.from }),
      ),
    ),
  ];
}

/** Hosts of `--limit` that would get a kubelet newer than an API server that this plan leaves alone. */
function limited({ cluster, scope, versions, change }: SkewInput): string[] {
  if (scope.limit.length === 0 || change.direction === 'down') return [];
  const old = [...versions.apiServers].filter(([, version]) => version !== change.to).map(([name]) => name);
  if (old.every((name) => scope.limit.includes(name))) return [];
  return cluster.hosts.flatMap(({ name, roles }) =>
    scope.limit.includes(name) && roles.includes('worker') && !roles.includes('control-plane') ? [name] : [],
  );
}

function behind({ versions, change, scope }: SkewInput): string[] {
  return [...versions.apiServers].flatMap(([name, version]) =>
    version === change.to || scope.limit.includes(name) ? [] : [`the API server of ${name} (${version})`],
  );
}

/** `v1.35.6`, or `v1.35.6 (cp-1) and v1.36.2 (cp-2)` */
function spread(versions: ReadonlyMap<string, string>): string {
  const all = [...new Set(versions.values())].toSorted(semver.compare);
  if (all.length === 1) return all[0] ?? '';
  return all
    .map((version) => {
      const hosts = [...versions].flatMap(([host, own]) => (own === version ? [host] : []));
      return `${version} (${hosts.join(', ')})`;
    })
    .join(' and ');
}
