import { desireHost } from '../../desire/host.ts';
import type { Desire } from '../../desire/context.ts';
import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import { hostsWith, nodes, type Cluster, type Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import { few } from '../../model/few.ts';
import { factsOf, type Inspection } from '../../model/inspection.ts';
import { verifiesKubelets } from '../../model/kubelet-serving.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { contentDigest } from '../../resource/file.ts';
import { staticPod } from '../../resource/static-pod.ts';
import type { StaticPodResource } from '../../resource/types.ts';
import type { HostChange } from '../diff/host.ts';
import { healthOf } from '../rollout/rollout.ts';
import { isReadOnly, reaches, type PlanScope } from '../scope.ts';
import type { Batch, ShellStep } from '../types.ts';

/** Which API servers verify what kubelets serve, and when. */
export interface VerifyingDecision {
  /** Until every kubelet serves a certificate of the cluster's CA: what each API server does now. */
  readonly first: ReadonlyMap<string, boolean>;
  /** After that. */
  readonly last: ReadonlyMap<string, boolean>;
  /** What the inventory states is not done by this plan. */
  readonly isHeld: boolean;
  readonly warnings: readonly string[];
}

interface VerifyingInput {
  readonly cluster: Cluster;
  readonly scope: PlanScope;
  /** Hosts that were read. */
  readonly inspections: ReadonlyMap<string, Inspection>;
  /** The Kubernetes version changes in this plan. */
  readonly upgrades: boolean;
}

/**
 * An API server that verifies kubelets reaches only those with a certificate of the cluster's CA. In a cluster that runs, it
 * starts to when all of them have one; it stops at once. In a new cluster all of them have one from the start. Pure.
 */
export function decideVerifying(input: VerifyingInput): VerifyingDecision {
  const { cluster, inspections } = input;
  const planes = hostsWith(cluster, 'control-plane').map(({ name }) => name);
  const all = (value: boolean): ReadonlyMap<string, boolean> => new Map(planes.map((name) => [name, value]));
  const settled = (value: boolean): VerifyingDecision => ({
    ...{ first: all(value), last: all(value) },
    ...{ isHeld: false, warnings: [] },
  });
  if (!verifiesKubelets(cluster)) return settled(false);
  const standing = planes.flatMap((name) => {
    const seen = inspections.get(name);
    return seen?.manifests.includes('kube-apiserver.yaml') === true ? [{ name, seen }] : [];
  });
  if (standing.every(({ seen }) => seen.verifiesKubelets === true)) return settled(true);
  const now = new Map(standing.map(({ name, seen }) => [name, seen.verifiesKubelets === true]));
  const joining = [...now.values()].some(Boolean);
  const first = new Map(planes.map((name) => [name, now.get(name) ?? joining]));
  const why = whyHeld(input);
  if (why === undefined) return { first, last: all(true), isHeld: false, warnings: [] };
  return {
    ...{ first, last: first, isHeld: true },
    warnings: [`API servers do not verify the certificates of kubelets yet: ${why}`],
  };
}

function whyHeld({ cluster, scope, inspections, upgrades }: VerifyingInput): string | undefined {
  const names = nodes(cluster).map(({ name }) => name);
  const unread = names.filter((name) => !inspections.has(name));
  const limited = names.filter((name) => isReadOnly(scope, name));
  if (upgrades) return 'the Kubernetes version changes first';
  if (!reaches(scope, 'node')) return 'this plan ends before the kubelets';
  if (unread.length > 0)
    return `${few(unread, 4)} could not be read, and every kubelet needs its certificate`;
  return limited.length > 0 ? `--limit excludes ${few(limited, 4)}` : undefined;
}

interface WorkInput {
  readonly cluster: Cluster;
  /** With what API servers encrypt with by then. */
  readonly desire: Desire;
  readonly inspections: ReadonlyMap<string, Inspection>;
  readonly api: ClusterObservation | undefined;
  readonly desired: Pick<DesiredCluster, 'controlPlanePods'>;
}

/** One API server after another starts to verify, once every kubelet serves its certificate. */
export function verifyingWork({ first, last }: VerifyingDecision, input: WorkInput): readonly Batch[] {
  return hostsWith(input.cluster, 'control-plane').flatMap((host): Batch[] => {
    const inspection = input.inspections.get(host.name);
    if (first.get(host.name) === last.get(host.name) || inspection === undefined) return [];
    const step = podStep(host, factsOf(inspection, host.address), first, last, input.desire);
    if (step === undefined) return [];
    const change: HostChange = { host: host.name, stage: 'control-plane', step };
    const gates = healthOf(host, [change], input);
    return [
      {
        tasks: [{ on: { host: host.name }, steps: [step] }],
        gates: gates.map((gate) => ({ ...gate, id: `${gate.id}, verifying kubelets` })),
      },
    ];
  });
}

function podStep(
  host: Host,
  facts: HostFacts,
  first: ReadonlyMap<string, boolean>,
  last: ReadonlyMap<string, boolean>,
  desire: Desire,
): ShellStep | undefined {
  const was = podOf({ ...desire, verifying: first }, host, facts);
  const digest = contentDigest({ kind: 'text', text: was.text }) ?? '';
  const action = staticPod.action(
    podOf({ ...desire, verifying: last }, host, facts),
    { state: 'present', found: { mode: '600', digest, current: true } },
    { disturbed: new Set() },
  );
  if (action === undefined) return undefined;
  const target = { kind: 'static-pod', name: 'kube-apiserver' } as const;
  return {
    ...action,
    type: 'shell',
    id: `${host.name}: static-pod kube-apiserver, verifying kubelets`,
    target,
  };
}

function podOf(desire: Desire, host: Host, facts: HostFacts): StaticPodResource {
  const found = desireHost(desire, host, facts).find(
    (each): each is StaticPodResource => each.kind === 'static-pod' && each.name === 'kube-apiserver',
  );
  if (found === undefined) throw new Error(`${host.name} has no API server`);
  return found;
}
