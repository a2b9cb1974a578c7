import { stages, type Stage } from '../../model/stage.ts';
import type { AddonChanges } from '../diff/addons.ts';
import type { ClusterChanges } from '../diff/cluster.ts';
import type { HostChange } from '../diff/host.ts';
import type { OperatorHook } from '../diff/operator-hooks.ts';
import { withdrawal } from '../etcd/steps.ts';
import type { EncryptionWork } from '../encryption/work.ts';
import type { PodNetworkRepair } from '../rollout/pod-network.ts';
import type { RotationWork } from '../rotation/decide.ts';
import type { RolloutHost } from '../rollout/rollout.ts';
import { hostOf } from '../steps.ts';
import type { Batch, Gate, Phase, PlanHost, Task } from '../types.ts';
import { addonPhases } from './addons.ts';
import { after, existing, oneByOne, phase, together } from './build.ts';
import { encryptionPhases } from './encryption.ts';
import { membershipPhase, type MembershipWork } from './membership.ts';
import { certificatesPhase, hooksBefore, namespacesFirst, retirementPhase } from './parts.ts';
import { rotationPhases } from './rotation.ts';

/** All changes of an install, before they are arranged in phases. */
export interface InstallWork {
  readonly hosts: readonly PlanHost[];
  readonly hooks: readonly OperatorHook[];
  /** Paths of certificates and keys to issue. */
  readonly issue: readonly string[];
  readonly membership: MembershipWork;
  /** In the order of the hosts, without those of `membership.peers`. */
  readonly changes: readonly HostChange[];
  /** Hosts that go one after another. */
  readonly rollout: readonly RolloutHost[];
  /** For etcd members that run as services. */
  readonly etcdGates: readonly Gate[];
  /** undefined: nothing is changed through the API. */
  readonly cluster: ClusterChanges | undefined;
  /** API servers that start to verify kubelets, once every kubelet serves its certificate. */
  readonly verifying?: readonly Batch[];
  /** A change of what API servers encrypt with; after everything else. */
  readonly encryption: EncryptionWork | undefined;
  /** What an exchange of CAs does in the API; after everything else. */
  readonly rotation: RotationWork | undefined;
  /** kube-proxy's rules that go with it. */
  readonly proxyRules?: readonly HostChange[];
  /** Hosts whose flannel or bridge does not have the podCIDR of their Node. */
  readonly podNetworks: readonly PodNetworkRepair[];
}

/**
 * Bootstrap and repair. Hosts go through the stages in parallel, each at its own pace; hosts whose changes would disturb
 * a serving cluster go one after another, in the rollout. API objects follow the control plane; Nodes and add-ons
 * follow the API objects.
 */
export function installPhases(work: InstallWork): readonly Phase[] {
  const { cluster } = work;

  const hooks = hooksBefore(work.hooks);
  const certificates = certificatesPhase(work.issue, after('all', hooks));
  const membership = membershipPhase(work.membership, after('all', hooks, certificates));
  const opening = after('all', hooks, certificates, membership);

  const hostPhases = existing(
    ...stages.map((stage) =>
      phase(stage, stage, stage, opening, [
        { tasks: tasksOfStage(work, stage), gates: stage === 'etcd' ? ungatedMembers(work) : [] },
      ]),
    ),
  );
  const rollout = rolloutPhase(work, opening);

  const served = controlPlaneDone(work, existing(...hostPhases, rollout));
  const byStage = new Map(hostPhases.map((each) => [each.stage, each]));
  const etcd = byStage.get('etcd');
  const servedEtcd =
    etcd !== undefined && etcd.batches.some(({ gates }) => gates.length > 0) ? etcd : undefined;
  const ready = [
    ...opening,
    ...served.filter(({ phase: of }) => of !== servedEtcd?.id),
    ...after('any', servedEtcd),
  ];

  const api =
    cluster &&
    phase('api', 'control-plane', 'API objects', ready, [
      { tasks: [], gates: cluster.gates.api },
      ...namespacesFirst(cluster.objects['control-plane'], cluster.accounts),
      { tasks: [], gates: cluster.gates.endpoint },
    ]);
  const nodes =
    cluster &&
    phase(
      'nodes',
      'node',
      'Nodes',
      [...ready, ...after('all', api), ...after('ended', byStage.get('node'))],
      [
        ...oneByOne(cluster.removals.map(({ on, steps }) => ({ on, steps }))),
        { tasks: [], gates: cluster.gates.registered },
        together('cluster', cluster.marks, cluster.gates.controlPlane),
      ],
    );
  const addons =
    cluster &&
    phase(
      'addons',
      'addon',
      'add-ons',
      [...ready, ...after('all', api)],
      namespacesFirst(cluster.objects.addon),
    );
  const network =
    cluster &&
    phase(
      'network-ready',
      'addon',
      'Pod network ready',
      [...ready, ...after('all', api, addons)],
      [{ tasks: [], gates: cluster.gates.podNetwork }],
    );
  const onPodNetwork =
    cluster &&
    phase(
      'on-pod-network',
      'addon',
      'add-ons on the Pod network',
      [...ready, ...after('all', api, addons), ...after('ended', network)],
      namespacesFirst(cluster.onPodNetwork),
    );
  const rolled = after('ended', rollout).filter((each) => !ready.some((other) => other.phase === each.phase));
  // Their Nodes are registered by then, and flannel's DaemonSet exists.
  const podNetworks = phase(
    'pod-network',
    'addon',
    'Pod network',
    [...ready, ...after('all', api, addons), ...after('ended', nodes, byStage.get('node')), ...rolled],
    oneByOne(work.podNetworks.map(({ host, steps }) => ({ on: { host }, steps }))),
  );
  const addonNeeds = [
    ...ready,
    ...after('all', api, addons, onPodNetwork),
    ...after('ended', nodes, podNetworks, byStage.get('node')),
    ...rolled,
  ];
  const isNetwork = ({ name }: AddonChanges): boolean => cluster?.networkAddons.has(name) === true;
  const networkAddons = addonPhases((cluster?.addons ?? []).filter(isNetwork), addonNeeds);
  const readiness =
    cluster &&
    phase(
      'readiness',
      'addon',
      'readiness',
      [
        ...ready,
        ...after('all', api, addons, ...networkAddons),
        ...after('ended', podNetworks, byStage.get('node')),
        ...rolled,
      ],
      [
        { tasks: [], gates: cluster.gates.ready },
        together('cluster', cluster.lateObjects),
        together('cluster', cluster.prunes),
      ],
    );

  const hostWork = existing(...hostPhases, rollout);
  const operatorAddons = addonPhases(
    (cluster?.addons ?? []).filter((each) => !isNetwork(each)),
    [...addonNeeds, ...after('all', ...networkAddons, readiness)],
  );
  const retirement = retirementPhase(cluster?.retires ?? [], work.proxyRules ?? [], [
    ...addonNeeds,
    ...after('all', ...networkAddons, readiness, ...operatorAddons),
  ]);
  const clusterWork = [
    ...existing(api, nodes, addons, network, onPodNetwork, podNetworks),
    ...networkAddons,
    ...existing(readiness),
    ...operatorAddons,
    ...existing(retirement),
  ];
  const all = [
    ...existing(hooks, certificates, membership),
    ...hostWork,
    ...clusterWork,
    ...hooksAfter(work, existing(hooks, certificates, membership), hostWork, clusterWork),
  ];
  const verifying = existing(
    phase(
      'kubelet-verification',
      'control-plane',
      'API servers verify kubelets',
      after('all', ...all),
      work.verifying ?? [],
    ),
  );
  const before = [...all, ...verifying];
  const encryption =
    work.encryption === undefined ? [] : encryptionPhases(work.encryption, after('all', ...before));
  const rotation =
    work.rotation === undefined ? [] : rotationPhases(work.rotation, after('all', ...before, ...encryption));
  const record =
    cluster &&
    phase('record', 'addon', 'record', after('all', ...before, ...encryption, ...rotation), [
      together('cluster', cluster.record),
    ]);
  return existing(...before, ...encryption, ...rotation, record);
}

/** Whether a host's work of a stage is part of the rollout. */
function inRollout({ rollout }: InstallWork, host: string, stage: Stage): boolean {
  const turn = rollout.find((each) => each.host === host);
  return turn !== undefined && stages.indexOf(stage) >= stages.indexOf(turn.from);
}

function tasksOfStage(work: InstallWork, stage: Stage): Task[] {
  const grouped = new Map<string, HostChange[]>();
  for (const change of work.changes) {
    if (change.stage !== stage || inRollout(work, change.host, stage)) continue;
    const own = grouped.get(change.host);
    if (own === undefined) grouped.set(change.host, [change]);
    else own.push(change);
  }
  return [...grouped].map(([host, changes]) => hostTask(host, changes));
}

function hostTask(host: string, changes: readonly HostChange[]): Task {
  const undo = withdrawal(changes);
  return {
    on: { host },
    steps: changes.map(({ step }) => step),
    ...(undo !== undefined && { rollback: [undo] }),
  };
}

/** Gates for etcd members, except those that the rollout waits for. */
function ungatedMembers(work: InstallWork): readonly Gate[] {
  return work.etcdGates.filter(
    ({ condition }) => !('host' in condition && inRollout(work, condition.host ?? '', 'etcd')),
  );
}

/** A batch for each host, or for workers that go together: the next starts once the gates of the previous one hold. */
function rolloutPhase(work: InstallWork, needs: Phase['after']): Phase | undefined {
  const { changes, rollout } = work;
  const first = rollout.map(({ from }) => stages.indexOf(from)).sort((a, b) => a - b)[0] ?? 0;
  return phase(
    'rollout',
    stages[first] ?? 'host',
    'rollout',
    needs,
    inBatches(rollout).map((turns): Batch => ({
      tasks: turns.map(({ host }) =>
        hostTask(
          host,
          changes.filter((change) => change.host === host && inRollout(work, host, change.stage)),
        ),
      ),
      gates: turns.flatMap(({ gates }) => gates),
    })),
  );
}

/** Neighbours with the same number go together. */
function inBatches(rollout: readonly RolloutHost[]): readonly RolloutHost[][] {
  const batches: RolloutHost[][] = [];
  for (const turn of rollout) {
    const last = batches.at(-1);
    if (last !== undefined && turn.batch !== undefined && last[0]?.batch === turn.batch) last.push(turn);
    else batches.push([turn]);
  }
  return batches;
}

/**
 * The control planes have gone through their host phases: some host must have succeeded in the last phase with work for
 * all of them, and the later ones, the last one of each host, must have ended: a host without work there serves already.
 */
function controlPlaneDone({ hosts }: InstallWork, phases: readonly Phase[]): Phase['after'] {
  const planes = hosts
    .filter(({ roles, state }) => roles.includes('control-plane') && state !== 'unreachable')
    .map(({ name }) => name);
  const reached = phases.filter(({ stage }) => stages.indexOf(stage) <= stages.indexOf('control-plane'));
  const works = ({ batches }: Phase, host: string): boolean =>
    batches.some(({ tasks }) => tasks.some(({ on }) => hostOf(on) === host));
  const full = reached.findLastIndex((each) => planes.every((host) => works(each, host)));
  const later = reached.slice(full + 1);
  const last = new Set(planes.flatMap((host) => later.findLast((each) => works(each, host)) ?? []));
  return planes.length === 0 ? [] : [...after('any', reached[full]), ...after('ended', ...last)];
}

/** Hooks after a stage run once the cluster has gone through it; hooks after the last stage only if nothing failed. */
function hooksAfter(
  { hooks }: InstallWork,
  opening: readonly Phase[],
  hostWork: readonly Phase[],
  clusterWork: readonly Phase[],
): Phase[] {
  return existing(
    ...stages.map((stage) => {
      const due = hooks.filter((hook) => hook.when === 'after' && hook.stage === stage);
      const isLast = stage === 'addon';
      const reached = ({ stage: of }: Phase): boolean => stages.indexOf(of) <= stages.indexOf(stage);
      const needs = [
        ...after('all', ...opening),
        ...after(isLast ? 'all' : 'any', ...hostWork.filter(reached)),
        ...after('all', ...clusterWork.filter(reached)),
      ];
      const tasks = due.map(({ step }): Task => ({ on: 'operator', steps: [step] }));
      return phase(`hooks-after-${stage}`, stage, `hooks after ${stage}`, needs, oneByOne(tasks));
    }),
  );
}
