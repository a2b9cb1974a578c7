import { stages } from '../../model/stage.ts';
import { handlerOf, resourceId } from '../../resource/kinds.ts';
import { podProcess } from '../../resource/static-pod.ts';
import type { Observation, Resource } from '../../resource/types.ts';
import type { HostChange } from '../diff/host.ts';
import { affects } from './effects.ts';

/** Processes that a plan restarts for another reason than a changed file. */
type Restarted = 'kubelet' | 'kube-apiserver';

/**
 * Adds the restart of a process to the changes of its host, because of `reason`, unless they start or restart it anyway:
 * at the end of its stage.
 */
export function withRestart(
  host: string,
  changes: readonly HostChange[],
  resources: readonly Resource[],
  observations: ReadonlyMap<string, Observation<unknown>>,
  process: Restarted,
  reason: string | undefined,
): HostChange[] {
  const unit = resources.find(
    (each) => (each.kind === 'unit' || each.kind === 'static-pod') && each.name === process,
  );
  if (reason === undefined || unit === undefined || changes.some(({ step }) => affects(step, process)))
    return [...changes];
  const seen = observations.get(resourceId(unit));
  if (seen === undefined || seen.state === 'unknown') return [...changes];
  const disturbed = new Set([unit.kind === 'unit' ? process : podProcess(process)]);
  const action = handlerOf(unit.kind).action(unit, seen, { disturbed });
  if (action === undefined) return [...changes];
  const restart: HostChange = {
    host,
    stage: unit.stage,
    step: {
      ...action,
      type: 'shell',
      id: `${host}: ${resourceId(unit)}`,
      target: { kind: unit.kind, name: process },
      reason,
    },
  };
  // A step that only enables it at boot is part of its restart.
  const others = changes.filter(({ step }) => step.id !== restart.step.id);
  const at = others.findLastIndex(({ stage }) => stages.indexOf(stage) <= stages.indexOf(unit.stage)) + 1;
  return [...others.slice(0, at), restart, ...others.slice(at)];
}
