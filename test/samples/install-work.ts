import type { Stage } from '../../src/model/stage.ts';
import type { ClusterChanges } from '../../src/plan/diff/cluster.ts';
import type { HostChange } from '../../src/plan/diff/host.ts';
import type { OperatorHook } from '../../src/plan/diff/operator-hooks.ts';
import type { InstallWork } from '../../src/plan/phases/install.ts';
import type { NodeRemoval } from '../../src/plan/rollout/node-removal.ts';
import type { NodeStep } from '../../src/plan/types.ts';
import { shellStep } from './plan.ts';

/** An install without changes. */
export const noWork: InstallWork = {
  hosts: [],
  hooks: [],
  issue: [],
  membership: { removedNodes: [], peers: [], snapshot: undefined, nodes: [], removals: [] },
  changes: [],
  rollout: [],
  etcdGates: [],
  cluster: undefined,
  podNetworks: [],
  encryption: undefined,
  rotation: undefined,
};

/** Nothing through the API. */
export const noClusterChanges: ClusterChanges = {
  objects: { 'control-plane': [], addon: [] },
  accounts: [],
  removals: [],
  removedNodes: [],
  marks: [],
  onPodNetwork: [],
  lateObjects: [],
  prunes: [],
  retires: [],
  record: [],
  addons: [],
  networkAddons: new Set(),
  gates: { api: [], endpoint: [], registered: [], controlPlane: [], podNetwork: [], ready: [] },
};

/** A step on a host in a stage. */
export function change(host: string, stage: Stage, name: string = stage): HostChange {
  return { host, stage, step: shellStep(host, name) };
}

export function hook(name: string, when: OperatorHook['when'], stage: Stage): OperatorHook {
  return {
    when,
    stage,
    step: {
      type: 'hook',
      id: `operator: hook ${name}`,
      verb: 'run',
      target: { kind: 'hook', name },
      reason: '',
      effects: [],
      command: 'true',
      timeoutSeconds: 20,
    },
  };
}

/** One operation on a Node. */
export function nodeStep(node: string, kind: 'cordon' | 'drain' | 'uncordon' | 'delete'): NodeStep {
  return {
    type: 'node',
    id: `cluster: ${kind} Node ${node}`,
    verb: kind === 'delete' ? 'delete' : 'update',
    target: { kind: 'node', name: node },
    reason: '',
    effects: [],
    node,
    operation:
      kind === 'drain'
        ? { kind, policy: { timeoutSeconds: 60, deleteEmptyDirData: true, force: true, leaves: 'cordoned' } }
        : { kind },
    timeoutSeconds: 60,
  };
}

/** Removal of a Node: drained, then deleted. */
export function nodeRemoval(node: string): NodeRemoval {
  return { node, on: 'cluster', steps: [nodeStep(node, 'drain'), nodeStep(node, 'delete')] };
}
