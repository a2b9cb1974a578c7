import type { Desire } from '../desire/context.ts';
import { etcdPrefix } from '../desire/text/kube-apiserver.ts';
import type { FieldChange } from '../inventory/record.ts';
import type { DesiredCluster } from '../kube/desired-cluster.ts';
import { etcdHosts, hasExternalEtcd, hostsWith, type Cluster, type Host } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { few } from '../model/few.ts';
import { factsOf, type Inspection } from '../model/inspection.ts';
import type { ClusterObservation } from '../observe/cluster.ts';
import type { HostObservation } from '../observe/probe.ts';
import { withAdopted } from './adopted.ts';
import { desiredOn } from './desired.ts';
import { addonWarnings } from './diff/addons.ts';
import { diffCluster, keptWarnings, type ClusterChanges } from './diff/cluster.ts';
import { diffHost, type HostChange, type HostDecision } from './diff/host.ts';
import { missingBootstrapRoles } from './diff/bootstrap-roles.ts';
import { cordonText } from './diff/health.ts';
import { podNetworkStates } from './diff/pod-network.ts';
import { lostNetworkWarnings, podNetworkWarnings, servicesWarnings } from './diff/foreign-parts.ts';
import { inventoryChanges, recordedInventory } from './diff/inventory.ts';
import { operatorHooks, operatorSteps } from './diff/operator-hooks.ts';
import { decideEncryption } from './encryption/decide.ts';
import { encryptionWork } from './encryption/work.ts';
import { decideVerifying, verifyingWork } from './kubelets/verifying.ts';
import { judgeForeignEtcd } from './etcd/external.ts';
import { planMembership, type MembershipPlan } from './etcd/membership.ts';
import { etcdGates, membershipSteps, withMembership } from './etcd/steps.ts';
import type { Observed } from './observed.ts';
import type { InstallWork } from './phases/install.ts';
import type { MembershipWork } from './phases/membership.ts';
import { addonFindings } from './preflight/addons.ts';
import { endpointFindings } from './preflight/endpoint.ts';
import type { Finding } from './preflight/finding.ts';
import { immutableFindings } from './preflight/immutable-fields.ts';
import { podNetworkFindings, twoNetworksFindings } from './preflight/pod-network.ts';
import { preflight, withoutIgnored } from './preflight/preflight.ts';
import { upgradeFindings, upgradeNotes } from './preflight/upgrade/index.ts';
import { disturbsNode } from './rollout/effects.ts';
import { podNetworkRepairs } from './rollout/pod-network.ts';
import { withRestart } from './rollout/registration.ts';
import { peersFirst } from './rollout/peers-first.ts';
import { renewedPods } from './rollout/ready.ts';
import { planRollout, quorumFindings } from './rollout/rollout.ts';
import { removableRules, rulesLast } from './rollout/service-rules.ts';
import { isReadOnly, reaches, scopedHosts, type PlanScope } from './scope.ts';
import { decideRotation } from './rotation/decide.ts';
import { skewFindings } from './upgrade/skew.ts';
import { planUpgrade, type Upgrade } from './upgrade/upgrade.ts';
import { versionChange, versionsOf, type ClusterVersions, type VersionChange } from './upgrade/versions.ts';
import { isOnlyWorker } from './upgrade/workers.ts';
import { lines, type Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** How old the snapshot of an upgrade that goes on may be: a day. */
const begunSeconds = 86_400;

/** The inputs of a plan on the operator's side. */
export interface Known {
  readonly cluster: Cluster;
  readonly scope: PlanScope;
  /** Preflight checks that the inventory or flags ignore. */
  readonly ignore: readonly string[];
  /** Paths of certificates and keys to issue. */
  readonly toIssue: readonly string[];
  readonly desire: Desire;
  /** In the stages of the plan. */
  readonly desired: DesiredCluster;
}

/** All changes, before `assemble` arranges them in phases. */
export interface Decision extends Omit<InstallWork, 'hosts'> {
  /** Hosts of the plan, in the inventory's order. */
  readonly hosts: readonly Host[];
  /** Hosts that were read and may change. */
  readonly perHost: ReadonlyMap<string, HostDecision>;
  /** Hosts that could not be read, or whose state is unknown. */
  readonly failed: ReadonlyMap<string, KbootError>;
  /** Of the hosts that could be read; absent: offline. */
  readonly inspections?: ReadonlyMap<string, Inspection>;
  readonly findings: readonly Finding[];
  /** Whether the cluster exists in an etcd that kboot does not run. */
  readonly externalEtcd: 'absent' | 'present' | undefined;
  readonly api: ClusterObservation | undefined;
  /** undefined: everything in the cluster has the version of the inventory. */
  readonly upgrade: Upgrade | undefined;
  /** Differences from the inventory that was last applied; undefined if none is recorded. */
  readonly inventoryChanges: readonly FieldChange[] | undefined;
  readonly warnings: readonly string[];
  /** Hosts outside the inventory where steps run. */
  readonly formerHosts: readonly string[];
}

/**
 * Decides all changes from everything that was observed. Pure: no host, no disk, no clock.
 * Throws KbootError where nothing may be done at all: a host that may hold the cluster's etcd could not be read
 * (E-PROBE, or why it could not), etcd has no quorum or would lose it (E-QUORUM), an etcd that kboot does not run holds
 * another cluster (E-FOREIGN-CLUSTER).
 */
export function decide(known: Known, observed: Observed): Decision {
  const { cluster, scope, ignore, desire } = known;
  const seen = withAdopted(observed, desire);
  const hosts = scopedHosts(cluster, scope);
  const inspections = new Map([...seen.hosts].map(([name, { inspection }]) => [name, inspection]));
  const failed = new Map(seen.failed);
  refuseBlindBootstrap(known, inspections, failed);
  const external = reaches(scope, 'etcd') ? externalEtcd(known, seen, inspections) : undefined;
  const membership: MembershipPlan = reaches(scope, 'etcd')
    ? planMembership(seen.etcd.hosts, seen.etcd.members)
    : { hosts: [], remove: [] };

  const networks = podNetworkStates(known.desired, inspections, seen.api);
  const roles = missingBootstrapRoles(seen.api);
  const reconciles = roles.length === 0 ? undefined : `creates ${roles.join(', ')} when it starts`;
  const reconciler = hostsWith(cluster, 'control-plane').find(
    ({ name }) => reaches(scope, 'control-plane') && seen.hosts.has(name) && !isReadOnly(scope, name),
  );
  const versions = versionsOf(cluster, seen);
  const change = versionChange(versions, cluster.kubernetesVersion);
  const encryption = decideEncryption({
    ...{ cluster, scope, failed, seen: seen.encryption },
    keys: desire.encryptionKeys ?? new Map(),
    upgrades: change !== undefined,
  });
  const verifying = decideVerifying({ cluster, scope, inspections, upgrades: change !== undefined });
  const perHost = new Map<string, HostDecision>();
  // One for all hosts: what they share is made once for it.
  const now = { ...desire, membership, encryption: encryption.configs, verifying: verifying.first };
  for (const host of hosts) {
    const observed = seen.hosts.get(host.name);
    if (observed === undefined || isReadOnly(scope, host.name)) continue;
    try {
      const restarts = [
        ['kube-apiserver', host.name === reconciler?.name ? reconciles : undefined],
        ['kube-apiserver', change && unserved(host, versions, change)],
        ['kubelet', networks.get(host.name)?.unregistered],
      ] as const;
      const own = decideHost(now, known, host, observed, membership, seen, restarts, change);
      perHost.set(host.name, own);
    } catch (error) {
      if (!(error instanceof KbootError)) throw error;
      failed.set(host.name, error);
    }
  }
  refuseBlindBootstrap(known, inspections, failed);

  const all = [...perHost.values()].flatMap((host) => host.changes);
  const { first, rest: changes } = peersFirst(all);
  const blind = hostsWith(cluster, 'control-plane').every(({ name }) => failed.has(name));
  const api = seen.api && concludeApi(seen.api, cluster, external?.state, inspections);
  const recorded = recordedInventory(api);
  const podNetworks = podNetworkRepairs(networks, all).filter(({ host }) => perHost.has(host));
  const disturbed = new Set([
    ...changes.filter(({ step }) => disturbsNode(step)).map(({ host }) => host),
    ...podNetworks.map(({ host }) => host),
  ]);
  const through =
    api === undefined || blind
      ? undefined
      : diffCluster(known.desired, api, {
          ...{ disturbed, renewed: renewedPods(changes), former: seen.former },
          unread: new Set(failed.keys()),
        });
  const rules = removableRules(
    [...perHost.values()].flatMap(({ last = [] }) => last),
    through?.retires ?? [],
  );
  const etcd = seen.etcd.members;
  const gates = reaches(scope, 'etcd') && hasExternalEtcd(cluster) ? etcdGates(seen.etcd.hosts, etcd) : [];
  const { membership: leaving, cluster: remaining } = nodesWithMembers(membership, through);
  const upgrade =
    change &&
    planUpgrade({
      ...{ cluster, change, versions, perHost, inspections, etcd, api, desired: known.desired },
      snapshots: seen.snapshots,
      holdWorkers: scope.holdWorkers === true,
    });
  const ahead = upgrade &&
    seen.upgrade && {
      ...{ cluster, inspections, seen: seen.upgrade, drains: upgrade.drained, bundle: desire.bundle },
      ...{ from: upgrade.change.from, to: upgrade.change.to },
      begun: seen.snapshots.some(
        ({ to, ageSeconds }) => to === upgrade.change.to && ageSeconds < begunSeconds,
      ),
    };
  const { rotation } = desire;
  const exchange =
    rotation === undefined || seen.rotation === undefined || change !== undefined || scope.limit.length > 0
      ? undefined
      : decideRotation({ cluster, pki: desire.pki, rotation, seen: seen.rotation });
  const decision: Omit<Decision, 'hooks' | 'issue' | 'findings'> = {
    ...{ hosts, perHost, failed, inspections, changes, api },
    membership: { ...leaving, peers: first },
    rollout: planRollout({ cluster, changes, inspections, etcd, api, desired: known.desired }),
    etcdGates: gates,
    // What is recorded is applied everywhere.
    cluster: remaining && (encryption.isHeld || verifying.isHeld) ? { ...remaining, record: [] } : remaining,
    podNetworks,
    proxyRules: rules.removed,
    verifying: verifyingWork(verifying, {
      ...{ cluster, inspections, api, desired: known.desired },
      desire: { ...desire, membership, encryption: encryption.configs },
    }),
    encryption: encryptionWork(encryption, {
      ...{ cluster, inspections, api, desired: known.desired },
      desire: { ...desire, membership, verifying: verifying.last },
    }),
    rotation: exchange?.work,
    formerHosts: (through?.removals ?? []).flatMap(({ on }) => (typeof on === 'string' ? [] : [on.host])),
    externalEtcd: external?.state,
    upgrade,
    inventoryChanges: inventoryChanges(recorded, desire.record),
    warnings: [
      ...(api !== undefined && blind
        ? ['no control plane could be read, so no change through the API is planned']
        : []),
      ...(ahead === undefined ? [] : upgradeNotes(ahead)),
      ...encryption.warnings,
      ...verifying.warnings,
      ...(exchange?.warnings ?? []),
      ...heldWarnings(upgrade),
      ...downWarnings(upgrade),
      ...cordonWarnings(api, through),
      ...formerWarnings(seen.former, through),
      ...(through === undefined || api === undefined ? [] : keptWarnings(known.desired, api)),
      ...(through === undefined || api === undefined
        ? []
        : [
            ...podNetworkWarnings(known.desired, api),
            ...servicesWarnings(known.desired, api),
            ...lostNetworkWarnings(known.desired, api),
          ]),
      ...keptRulesWarnings(rules.kept),
      ...(through === undefined || api === undefined || known.desired.addons === undefined
        ? []
        : addonWarnings(known.desired.addons, api)),
    ],
  };
  const doesAnything = isWork(decision);
  if (reaches(scope, 'etcd')) refuseSilence(seen, doesAnything);
  return {
    ...decision,
    // A certificate that no step of this plan puts anywhere is issued by the plan that does.
    issue: doesAnything ? [...known.toIssue, ...encryption.issue] : [],
    hooks: operatorSteps(operatorHooks(cluster.hooks ?? [], scope.until), seen.metHooks, doesAnything),
    findings: [
      ...preflight(cluster, inspections, desire.clusterId, ignore),
      ...withoutIgnored(
        [
          ...(external?.findings ?? []),
          ...encryption.findings,
          ...(reaches(scope, 'control-plane')
            ? endpointFindings(cluster, inspections, api?.state === 'present', seen.endpoint)
            : []),
          // An upgrade waits for its members before it disturbs one.
          ...(change === undefined ? quorumFindings(changes, etcd) : []),
          ...(change === undefined
            ? []
            : skewFindings({
                ...{ cluster, scope, versions, change, failed, released: desire.releases.versions },
                joining: joiningPlanes(changes, cluster, api),
              })),
          ...(ahead === undefined ? [] : upgradeFindings(ahead)),
          ...podNetworkFindings(cluster, changes, inspections, api),
          ...twoNetworksFindings(cluster, known.desired.addons ?? []),
          // An upgrade brings other schemas.
          ...(api === undefined || change !== undefined
            ? []
            : addonFindings(cluster, known.desired.addons ?? [], api)),
          ...immutableFindings(cluster, ownInspections(inspections, desire.clusterId), api, recorded),
        ],
        ignore,
      ),
    ],
  };
}

function decideHost(
  desire: Desire,
  { scope }: Known,
  host: Host,
  { inspection, observations }: HostObservation,
  membership: MembershipPlan,
  { etcd }: Observed,
  restarts: readonly (readonly ['kubelet' | 'kube-apiserver', string | undefined])[],
  change: VersionChange | undefined,
): HostDecision {
  const { name, address } = host;
  const resources = desiredOn(desire, scope, host, factsOf(inspection, address));
  // A host without a kubelet runs nothing: its files are installed as they arrive.
  const ahead = change !== undefined && (inspection.kubeletActive || !isOnlyWorker(host));
  const own = diffHost(name, resources, observations, { ahead });
  if (change !== undefined && scope.holdWorkers === true && isOnlyWorker(host) && inspection.kubeletActive)
    return {
      resources,
      changes: own.filter(({ ahead: prepares, step }) => prepares === true && step.target.kind === 'image'),
    };
  const changes = withMembership(
    restarts.reduce<readonly HostChange[]>(
      (before, [process, why]) => withRestart(name, before, resources, observations, process, why),
      own,
    ),
    membership.hosts.find((member) => member.host === name),
    etcd.hosts.find((member) => member.name === name),
  );
  return { resources, ...rulesLast(changes) };
}

/** The inspections of hosts that have the stamp of this cluster. */
function ownInspections(
  inspections: ReadonlyMap<string, Inspection>,
  clusterId: string | undefined,
): ReadonlyMap<string, Inspection> {
  return new Map(
    [...inspections].filter(([, seen]) => seen.clusterId !== '' && seen.clusterId === clusterId),
  );
}

/** Why an API server with the new manifest must be restarted: it does not serve the new version. */
function unserved(
  { name }: Host,
  { apiServers, serving }: ClusterVersions,
  { to }: VersionChange,
): string | undefined {
  return apiServers.get(name) === to && !serving.has(name) ? `it does not serve ${to} yet` : undefined;
}

/** Hosts that would join etcd or the control plane. */
function joiningPlanes(
  changes: readonly HostChange[],
  cluster: Cluster,
  api: ClusterObservation | undefined,
): string[] {
  const learners = changes.flatMap(({ host, step }) => (step.type === 'etcd' ? [host] : []));
  const planes = hostsWith(cluster, 'control-plane').flatMap(({ name }) =>
    api?.state === 'present' && !api.nodes.has(name) ? [name] : [],
  );
  return [...new Set([...learners, ...planes])];
}

/** Workers that keep their version in this plan. */
function heldWarnings(upgrade: Upgrade | undefined): string[] {
  if (upgrade?.held === undefined || upgrade.held.hosts.length === 0) return [];
  const hosts = few(upgrade.held.hosts, 4);
  const said: Readonly<Record<typeof upgrade.held.why, string>> = {
    through: `${hosts}: the kubelet stays as it is, and goes straight to the last version`,
    pause: `the upgrade pauses here, as spec.upgrade.pauseAfter says: ${hosts} keep their version. Run the same command again to go on`,
    api: `the API does not answer, so the kubelets of ${hosts} keep their version. Run the same command again once it answers`,
  };
  return [said[upgrade.held.why]];
}

/** Nodes that no step of this upgrade brings back. */
function downWarnings(upgrade: Upgrade | undefined): string[] {
  if (upgrade === undefined || upgrade.down.length === 0) return [];
  const nodes = few(upgrade.down, 4);
  return [
    `${nodes}: not Ready, and a DaemonSet such as kube-proxy cannot be rolled out while one of its Nodes is down. Everything else is upgraded; the run then fails until ${nodes} ${upgrade.down.length === 1 ? 'is' : 'are'} back or removed from the inventory`,
  ];
}

/** A kube-proxy that somebody else runs keeps its rules. */
function keptRulesWarnings(hosts: readonly string[]): string[] {
  return hosts.length === 0
    ? []
    : [
        `${few(hosts, 4)}: spec.kubeProxy.enabled is false, and a kube-proxy that kboot did not install runs; its rules stay`,
      ];
}

/** A Node that leaves is drained, cordoned or not. */
function cordonWarnings(api: ClusterObservation | undefined, cluster: ClusterChanges | undefined): string[] {
  if (api?.state !== 'present') return [];
  const leaving = new Set(cluster?.removals.map(({ node }) => node));
  return [...api.nodes.values()].flatMap((node) =>
    leaving.has(node.metadata.name) ? [] : (cordonText(node) ?? []),
  );
}

/** Hosts that leave and whose kubelet goes on. */
function formerWarnings(former: Observed['former'], cluster: ClusterChanges | undefined): string[] {
  return (cluster?.removals ?? []).flatMap(({ node }) => {
    const host = former.get(node);
    if (host?.state === 'reached') return [];
    return [
      `${node} left the inventory, and its kubelet cannot be stopped: ${host?.why ?? 'its address is not known'}. It cannot register again; to end it, run on the host: systemctl disable --now kubelet`,
    ];
  });
}

/** Nodes whose etcd member is removed are drained before that, with the other membership changes. */
function nodesWithMembers(
  plan: MembershipPlan,
  cluster: ClusterChanges | undefined,
): { readonly membership: Omit<MembershipWork, 'peers'>; readonly cluster: ClusterChanges | undefined } {
  const steps = membershipSteps(plan);
  const gone = plan.remove.map(({ member }) => member.name);
  const isFirst = ({ node }: { readonly node: string }): boolean => gone.includes(node);
  const removals = cluster?.removals ?? [];
  return {
    membership: {
      ...steps,
      removedNodes: cluster?.removedNodes ?? [],
      nodes: removals.filter(isFirst),
    },
    cluster: cluster && { ...cluster, removals: removals.filter((removal) => !isFirst(removal)) },
  };
}

function isWork({
  membership,
  changes,
  cluster,
  podNetworks,
  proxyRules = [],
  verifying = [],
  encryption,
  rotation,
}: Omit<Decision, 'hooks' | 'issue' | 'findings'>): boolean {
  const { removedNodes, peers, snapshot, nodes, removals } = membership;
  const through = cluster && [
    ...cluster.objects['control-plane'],
    ...cluster.objects.addon,
    ...cluster.removals,
    ...cluster.marks,
    ...cluster.lateObjects,
    ...cluster.prunes,
    ...cluster.retires,
    ...cluster.record,
    ...cluster.addons.flatMap(({ opening, applies, deletes, closing }) => [
      ...opening,
      ...applies,
      ...deletes,
      ...closing,
    ]),
  ];
  return (
    snapshot !== undefined ||
    encryption !== undefined ||
    rotation !== undefined ||
    [removedNodes, peers, nodes, removals, changes, podNetworks, proxyRules, verifying, through ?? []].some(
      (each) => each.length > 0,
    )
  );
}

/** Without a response the API is `absent` only if no control plane has etcd data, in kboot's own etcd or another. */
function concludeApi(
  api: ClusterObservation,
  cluster: Cluster,
  external: 'absent' | 'present' | undefined,
  inspections: ReadonlyMap<string, Inspection>,
): ClusterObservation {
  const data =
    external === undefined
      ? hostsWith(cluster, 'control-plane').some((host) => inspections.get(host.name)?.etcdData !== 'absent')
      : external === 'present';
  return api.state === 'unavailable' && !data ? { state: 'absent' } : api;
}

/** Whether the cluster exists in an etcd that kboot does not run; undefined if kboot runs etcd. */
function externalEtcd(
  { cluster, desire }: Known,
  seen: Observed,
  inspections: ReadonlyMap<string, Inspection>,
): ReturnType<typeof judgeForeignEtcd> | undefined {
  if (cluster.etcd.external === undefined || seen.externalEtcd === undefined) return undefined;
  const names = hostsWith(cluster, 'control-plane').map(({ name }) => name);
  if (seen.externalEtcd.length === 0) {
    const cause = names.map((name) => seen.failed.get(name)).find((error) => error !== undefined);
    throw unread(names, cause, remedies.planeForEtcd);
  }
  return judgeForeignEtcd(seen.externalEtcd, {
    prefix: etcdPrefix(cluster),
    clusterId: desire.clusterId,
    standing: names.filter((name) => {
      const inspection = inspections.get(name);
      const ours = desire.clusterId !== undefined && inspection?.clusterId === desire.clusterId;
      return ours && inspection.manifests.includes('kube-apiserver.yaml');
    }),
    unread: names.filter((name) => !inspections.has(name)),
  });
}

/** Unknown is not absent: an etcd host that could not be read may have the cluster's data. */
function refuseBlindBootstrap(
  { cluster, scope }: Known,
  inspections: ReadonlyMap<string, Inspection>,
  failed: ReadonlyMap<string, KbootError>,
): void {
  if (!reaches(scope, 'etcd')) return;
  const members = etcdHosts(cluster).map((host) => host.name);
  if (members.some((name) => inspections.get(name)?.etcdData === 'present')) return;
  const blind = members.filter((name) => failed.has(name) || inspections.get(name)?.etcdData === 'unknown');
  if (blind.length === 0) return;
  throw unread(blind, failed.get(blind[0] ?? ''), remedies.knownToBeEmpty);
}

function unread(hosts: readonly string[], cause: KbootError | undefined, consequence: Text): KbootError {
  const names = hosts.join(', ');
  return new KbootError(
    cause?.code ?? 'E-PROBE',
    `${names} could not be read${cause === undefined ? '' : `: ${cause.message}`}`,
    {
      ...cause?.context,
      host: names,
      remedy: lines(cause?.context.remedyText, consequence),
    },
  );
}

/** An empty plan would claim that nothing is wrong although not even the membership could be read. */
function refuseSilence({ etcd: { hosts, members } }: Observed, doesAnything: boolean): void {
  if (members.state !== 'unavailable' || !members.bootstrapped || doesAnything) return;
  const holders = hosts.filter(({ data }) => data === 'present').map(({ name }) => name);
  if (holders.length === 0) return;
  throw new KbootError('E-QUORUM', `etcd does not answer on ${holders.join(', ')}`, {
    remedy: remedies.etcdIsSilent,
  });
}
