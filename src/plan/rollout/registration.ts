import { stages } from '../../model/stage.ts';
import { handlerOf, resourceId } from '../../resource/kinds.ts';
import type { Observation, Resource } from '../../resource/types.ts';
import type { HostChange } from '../diff/host.ts';
import { affects } from './effects.ts';

/**
 * Adds the restart of a kubelet to the changes of its host, because of `reason`, unless they start or restart it anyway:
 * at the end of the kubelet's stage.
 */
export function withKubeletRestart(
  host: string,
  changes: readonly HostChange[],
  resources: readonly Resource[],
  observations: ReadonlyMap<string, Observation<unknown>>,
  reason: string,
): HostChange[] {
  const unit = resources.find((each) => each.kind === 'unit' && each.name === 'kubelet');
  if (unit === undefined || changes.some(({ step }) => affects(step, 'kubelet'))) return [...changes];
  const seen = observations.get(resourceId(unit));
  if (seen === undefined || seen.state === 'unknown') return [...changes];
  const action = handlerOf('unit').action(unit, seen, { disturbed: new Set(['kubelet']) });
  if (action === undefined) return [...changes];
  const restart: HostChange = {
    host,
    stage: unit.stage,
    step: {
      ...action,
      type: 'shell',
      id: `${host}: ${resourceId(unit)}`,
      target: { kind: 'unit', name: 'kubelet' },
      reason,
    },
  };
  const at = changes.findLastIndex(({ stage }) => stages.indexOf(stage) <= stages.indexOf(unit.stage)) + 1;
  return [...changes.slice(0, at), restart, ...changes.slice(at)];
}
