import { assumedFacts } from '../model/facts.ts';
import { keyPath, missingKeys } from '../model/encryption.ts';
import { assemble } from './assemble.ts';
import type { Decision, Known } from './decide.ts';
import { desiredOn } from './desired.ts';
import { diffCluster } from './diff/cluster.ts';
import { diffHost, type HostDecision, type Observations } from './diff/host.ts';
import { operatorHooks, operatorSteps } from './diff/operator-hooks.ts';
import { scopedHosts } from './scope.ts';
import type { Plan } from './types.ts';

/** What is on a freshly installed host: nothing that is asked for. */
const fresh: Observations = { get: () => ({ state: 'absent' }) };

/**
 * The plan for freshly installed hosts that kboot has never changed. No host is contacted, so the plan is for reading
 * only: installed packages, kernel modules and swap are unknown. Pure.
 */
export function offlinePlan(known: Known, notes: readonly string[]): Plan {
  const { cluster, scope, desire, desired } = known;
  const hosts = scopedHosts(cluster, scope);
  const perHost = new Map(
    hosts.map((host): [string, HostDecision] => {
      const resources = desiredOn(desire, scope, host, assumedFacts);
      return [host.name, { resources, changes: diffHost(host.name, resources, fresh) }];
    }),
  );
  const decision: Decision = {
    ...{ hosts, perHost, failed: new Map(), findings: [], rollout: [], etcdGates: [], warnings: [] },
    membership: { removedNodes: [], peers: [], snapshot: undefined, nodes: [], removals: [] },
    formerHosts: [],
    changes: [...perHost.values()].flatMap(({ changes }) => changes),
    cluster: diffCluster(desired, { state: 'absent' }),
    podNetworks: [],
    encryption: undefined,
    rotation: undefined,
    hooks: operatorSteps(operatorHooks(cluster.hooks ?? [], scope.until), new Set(), true),
    issue: [...known.toIssue, ...missingKeys(cluster, desire.encryptionKeys ?? new Map()).map(keyPath)],
    externalEtcd: undefined,
    upgrade: undefined,
    api: undefined,
    inventoryChanges: undefined,
  };
  return assemble(known, decision, 'offline', notes);
}
