import { KbootError } from '../../model/error.ts';
import { handlerOf, resourceId } from '../../resource/kinds.ts';
import type { Observation, Resource } from '../../resource/types.ts';
import type { HostStep } from '../types.ts';

/**
 * What must be done on one host, in the order of its resources. A file that changes disturbs the processes
 * which read it, and their units, further down, restart for that.
 * Throws KbootError E-PROBE when a resource could not be read: unknown is not absent.
 */
export function diffHost(
  host: string,
  resources: readonly Resource[],
  observations: ReadonlyMap<string, Observation<unknown>>,
): HostStep[] {
  const steps: HostStep[] = [];
  const followers = new Set<HostStep>();
  const disturbed = new Set<string>();
  for (const resource of resources) {
    const id = resourceId(resource);
    const observation = observations.get(id) ?? { state: 'unknown', reason: `${id} was not read` };
    if (observation.state === 'unknown')
      throw new KbootError('E-PROBE', observation.reason, {
        host,
        step: id,
        remedy:
          'kboot does not act on what it cannot read. Nothing was changed on this host; mend the cause and run again.',
      });
    const action = handlerOf(resource.kind).action(resource, observation, { disturbed });
    if (action === undefined) continue;
    const step: HostStep = {
      ...action,
      type: 'host',
      id: `${host}: ${id}`,
      stage: resource.stage,
      host,
      resource: id,
    };
    steps.push(step);
    if (resource.kind === 'hook' && resource.unless === undefined) followers.add(step);
    for (const process of action.disturbs ?? []) disturbed.add(process);
  }
  // A hook that states nothing by itself runs with what its stage changes.
  const changing = new Set(steps.filter((step) => !followers.has(step)).map(({ stage }) => stage));
  return steps.filter((step) => !followers.has(step) || changing.has(step.stage));
}
