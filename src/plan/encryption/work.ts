import type { Desire } from '../../desire/context.ts';
import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import { hostsWith, type Cluster, type Host } from '../../model/cluster.ts';
import { factsOf, type Inspection } from '../../model/inspection.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { encryptionPath, plain, type EncryptionConfig } from '../../model/encryption.ts';
import type { HostChange } from '../diff/host.ts';
import { healthOf } from '../rollout/rollout.ts';
import type { Batch, Gate, RewriteStep, ShellStep } from '../types.ts';
import type { EncryptionDecision } from './decide.ts';
import type { Round } from './rounds.ts';
import { afterRound, removal, roundChanges, type Before } from './tasks.ts';

/** A change of encryption, before it is arranged in phases; see rounds.ts. */
export interface EncryptionWork {
  readonly read: readonly Batch[];
  readonly write: readonly Batch[];
  readonly rewrite: readonly RewriteStep[];
  /** etcd holds everything as wanted. */
  readonly rewritten: readonly Gate[];
  readonly drop: readonly Batch[];
}

interface WorkInput {
  readonly cluster: Cluster;
  /** With the keys. */
  readonly desire: Desire;
  readonly inspections: ReadonlyMap<string, Inspection>;
  readonly api: ClusterObservation | undefined;
  readonly desired: Pick<DesiredCluster, 'controlPlanePods'>;
}

/**
 * The steps of the rounds: one API server after another, each when the one before is healthy. What a round changes is
 * what the round before leaves. undefined: there is nothing to do.
 */
export function encryptionWork(
  { configs, rounds, leftovers }: EncryptionDecision,
  input: WorkInput,
): EncryptionWork | undefined {
  const { cluster, desire } = input;
  if (rounds === undefined && leftovers.size === 0) return undefined;
  const before = new Map(
    hostsWith(cluster, 'control-plane').map(({ name }): [string, Before] => {
      const own = afterRound(desire, configs.get(name) ?? {});
      return [name, own.digest === 'absent' ? { ...own, digest: leftovers.get(name) ?? 'absent' } : own];
    }),
  );
  const round = (name: string, changes: Round | undefined): Batch[] =>
    hostsWith(cluster, 'control-plane').flatMap((host) => {
      const was = before.get(host.name);
      const config = changes?.get(host.name);
      if (was === undefined || config === undefined) return [];
      before.set(host.name, afterRound(desire, config));
      return [batchOf(host, was, config, name, input)];
    });
  const work = {
    read: round('to read', rounds?.read),
    write: round('to write', rounds?.write),
    rewrite: (rounds?.rewrite ?? []).map(({ resource, as }): RewriteStep => ({
      type: 'rewrite',
      id: `API: rewrite ${resource}`,
      verb: 'update',
      target: { kind: 'stored', name: resource },
      reason: as === plain ? 'rewritten without encryption' : `rewritten, encrypted with ${as}`,
      effects: [],
      resource,
      timeoutSeconds: 3600,
    })),
    rewritten: (rounds?.rewrite ?? []).map(({ resource, as }): Gate => ({
      type: 'wait',
      id: `etcd: waits for ${resource} stored as ${as}`,
      condition: { kind: 'stored-as', resource, as },
      timeoutSeconds: 60,
    })),
    drop: round('without former keys', rounds?.drop),
  };
  // A file that no API server reads, and that no round replaces or removes.
  const left = [...leftovers].filter(([host, digest]) => before.get(host)?.digest === digest);
  return {
    ...work,
    drop: [...work.drop, ...left.map(([host, digest]) => leftoverBatch(host, digest))],
  };
}

function batchOf(host: Host, was: Before, config: EncryptionConfig, round: string, input: WorkInput): Batch {
  const { desire, inspections } = input;
  const inspection = inspections.get(host.name);
  if (inspection === undefined) throw new Error(`${host.name} was not read`);
  const changes = roundChanges(desire, host, factsOf(inspection, host.address), was, config, round);
  return {
    tasks: [{ on: { host: host.name }, steps: changes.map(({ step }) => step) }],
    gates: gatesOf(host, changes, round, input),
  };
}

/** As in a rollout, with IDs of this round. */
function gatesOf(host: Host, changes: readonly HostChange[], round: string, input: WorkInput): Gate[] {
  return healthOf(host, changes, input).map((gate) => ({ ...gate, id: `${gate.id}, ${round}` }));
}

function leftoverBatch(host: string, digest: string): Batch {
  const step: ShellStep = {
    ...removal(digest),
    type: 'shell',
    id: `${host}: file ${encryptionPath}, left over`,
    target: { kind: 'file', name: encryptionPath },
  };
  return { tasks: [{ on: { host }, steps: [step] }], gates: [] };
}
