import { KbootError } from '../../model/error.ts';
import type { Stage } from '../../model/stage.ts';
import { handlerOf, resourceId } from '../../resource/kinds.ts';
import type { Observation, Resource } from '../../resource/types.ts';
import type { EtcdStep, ShellStep } from '../types.ts';
import { remedies } from '../remedies.ts';

/** A step on one host in a stage, before it is arranged in phases. */
export interface HostChange<S extends ShellStep | EtcdStep = ShellStep | EtcdStep> {
  readonly host: string;
  readonly stage: Stage;
  readonly step: S;
  /** It only prepares, and disturbs nothing: a release file or an image is put on the host. */
  readonly ahead?: true;
}

/** The resources and changes of one host. */
export interface HostDecision {
  readonly resources: readonly Resource[];
  readonly changes: readonly HostChange[];
  /** Changes that follow the add-ons. */
  readonly last?: readonly HostChange[];
}

/** What was read of each resource, by its id. */
export type Observations = Pick<ReadonlyMap<string, Observation<unknown>>, 'get'>;

interface DiffOptions {
  /** Release files are put on the host by steps of their own, ahead of those that install them. */
  readonly ahead?: boolean;
}

/**
 * The changes on one host, in the order of its resources. A changed file affects the processes that read it; their
 * units, later in the order, restart for it.
 * Throws KbootError E-PROBE when a resource could not be read: unknown is not absent.
 */
export function diffHost(
  host: string,
  resources: readonly Resource[],
  observations: Observations,
  { ahead = false }: DiffOptions = {},
): HostChange<ShellStep>[] {
  const changes: HostChange<ShellStep>[] = [];
  const followers = new Set<HostChange<ShellStep>>();
  const disturbed = new Set<string>();
  for (const resource of resources) {
    const id = resourceId(resource);
    const observation = observations.get(id) ?? { state: 'unknown', reason: `${id} was not read` };
    if (observation.state === 'unknown')
      throw new KbootError('E-PROBE', observation.reason, {
        host,
        step: id,
        remedy: remedies.unreadable,
      });
    const handler = handlerOf(resource.kind);
    const target = { kind: resource.kind, name: handler.name(resource) };
    const fetch = ahead ? handler.fetch?.(resource, observation) : undefined;
    if (fetch !== undefined) {
      const step: ShellStep = { ...fetch, type: 'shell', id: `${host}: fetch ${id}`, target };
      changes.push({ host, stage: resource.stage, step, ahead: true });
    }
    const action = handler.action(resource, observation, { disturbed, ahead });
    if (action === undefined) continue;
    const step: ShellStep = { ...action, type: 'shell', id: `${host}: ${id}`, target };
    const prepares = ahead && resource.kind === 'image';
    const change = { host, stage: resource.stage, step, ...(prepares && ({ ahead: true } as const)) };
    changes.push(change);
    if (resource.kind === 'hook' && resource.unless === undefined) followers.add(change);
    for (const process of action.disturbs ?? []) disturbed.add(process);
  }
  // A hook without `unless` runs if its stage has changes.
  const changing = new Set(changes.filter((change) => !followers.has(change)).map(({ stage }) => stage));
  return changes.filter((change) => !followers.has(change) || changing.has(change.stage));
}
