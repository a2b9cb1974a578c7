import { servicesBehind } from '../../kube/health.ts';
import { hookSide, hookWeight } from '../../kube/helm-hooks.ts';
import { isDefinition, isOwnKind, kindKey } from '../../kube/scopes.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { AddonChanges } from '../diff/addons.ts';
import { refOf } from '../target.ts';
import type { ApplyStep, Batch, Condition, Dependency, Gate, ObjectRef, Phase, Step } from '../types.ts';
import { after, existing, phase } from './build.ts';

/**
 * A phase for each add-on, side by side but for `after`; those that left the inventory go last, one after another, and
 * only if all the others succeeded. Within an add-on, each batch starts once the one before it has passed:
 * its record; Namespaces; CRDs, until they are served; hooks of a chart before installation; what workloads need;
 * workloads; webhooks, until they answer; objects of other kinds; hooks after installation; health; then what it no
 * longer has, in the opposite order.
 */
export function addonPhases(
  changes: readonly AddonChanges[],
  needs: readonly Dependency[],
): readonly Phase[] {
  const phases = new Map<string, Phase>();
  for (const each of changes.filter(({ isGone }) => !isGone)) {
    const own = phase(
      `addon-${each.name}`,
      'addon',
      `add-on ${each.name}`,
      [...needs, ...after('all', ...each.after.map((name) => phases.get(name)))],
      [...applyBatches(each), ...deleteBatches(each), inOrder(each.closing)],
    );
    if (own !== undefined) phases.set(each.name, own);
  }
  const listed = [...phases.values()];
  const gone = existing(
    phase(
      'addons-removed',
      'addon',
      'removed add-ons',
      [...needs, ...after('all', ...listed)],
      changes.flatMap((each) => (each.isGone ? [...deleteBatches(each), inOrder(each.closing)] : [])),
    ),
  );
  return [...listed, ...gone];
}

/** One task: a failure is reported once, and nothing that follows is applied. */
function inOrder(steps: readonly Step[], gates: readonly Gate[] = []): Batch {
  return { tasks: steps.length === 0 ? [] : [{ on: 'cluster', steps }], gates };
}

function applyBatches({ name, opening, applies, watched, timeoutSeconds }: AddonChanges): Batch[] {
  const inWave = (wave: Wave): ApplyStep[] => applies.filter(({ object }) => waveOf(object) === wave);
  const gate = (
    part: (Condition & { kind: 'addon-ready' })['part'],
    objects: readonly ObjectRef[],
    which = '',
  ): Gate[] =>
    objects.length === 0
      ? []
      : [
          {
            type: 'wait',
            id: `add-on ${name}: waits for ${part}${which}`,
            condition: { kind: 'addon-ready', addon: name, part, objects: objects.map(refOf) },
            timeoutSeconds,
          },
        ];
  const custom = inWave('custom');
  // As in Helm, the Jobs of one weight have completed before the next begins.
  const hookBatches = (side: 'before' | 'after'): Batch[] => {
    const hooks = inWave(side);
    const weights = [...new Set(hooks.map(({ object }) => hookWeight(object)))].sort((a, b) => a - b);
    return weights.map((weight) => {
      const steps = hooks.filter(({ object }) => hookWeight(object) === weight);
      const jobs = steps.flatMap(({ object }) => (kindKey(object) === 'batch/Job' ? [object] : []));
      return inOrder(steps, gate(`hooks-${side}`, jobs, ` of weight ${weight}`));
    });
  };
  const afterwards = hookBatches('after');
  const definitions = inWave('definitions');
  const webhooks = applies.map(({ object }) => object).filter((object) => servicesBehind(object).length > 0);
  return [
    inOrder(opening),
    inOrder(inWave('namespaces')),
    inOrder(
      definitions,
      gate(
        'definitions',
        definitions.map(({ object }) => object),
      ),
    ),
    ...hookBatches('before'),
    inOrder(inWave('basics')),
    inOrder(inWave('workloads')),
    inOrder(inWave('webhooks'), custom.length === 0 ? [] : gate('webhooks', webhooks)),
    inOrder(custom),
    ...(afterwards.length === 0 ? [] : [inOrder([], gate('workloads', watched.filter(isWorkload)))]),
    ...afterwards,
    inOrder([], gate('all', watched)),
  ];
}

type Wave =
  'namespaces' | 'definitions' | 'before' | 'basics' | 'workloads' | 'webhooks' | 'custom' | 'after';

/** What hooks after installation count on. */
function isWorkload(object: KubeObject): boolean {
  return waveOf(object) === 'workloads';
}

const workloads =
  /^(apps\/|batch\/|autoscaling\/|\/(Pod|ReplicationController)$|policy\/|networking\.k8s\.io\/Ingress$|apiregistration\.k8s\.io\/)/;

function waveOf(object: ObjectRef & Pick<KubeObject, 'metadata'>): Wave {
  const key = kindKey(object);
  if (key === '/Namespace') return 'namespaces';
  if (isDefinition(object)) return 'definitions';
  const side = hookSide(object);
  if (side !== undefined) return side;
  if (!isOwnKind(object)) return 'custom';
  // A webhook may stop what comes before it from starting: it is the last of them.
  if (key.startsWith('admissionregistration.k8s.io/')) return 'webhooks';
  return workloads.test(key) ? 'workloads' : 'basics';
}

/** The opposite order: objects of other kinds while their controller runs, which removes their finalizers. */
function deleteBatches({ name, deletes, timeoutSeconds }: AddonChanges): Batch[] {
  const inWave = (...waves: readonly Wave[]): Step[] =>
    deletes.filter(({ object }) => waves.includes(waveOf(object)));
  const gone = (what: string, objects: readonly ObjectRef[]): Gate[] =>
    objects.length === 0
      ? []
      : [
          {
            type: 'wait',
            id: `add-on ${name}: waits for the deletion of ${what}`,
            condition: { kind: 'addon-gone', addon: name, objects },
            timeoutSeconds,
          },
        ];
  const refs = deletes.map(({ object }) => object);
  return [
    inOrder(
      inWave('custom'),
      gone(
        'custom objects',
        refs.filter((ref) => waveOf(ref) === 'custom'),
      ),
    ),
    inOrder(inWave('webhooks')),
    inOrder(inWave('workloads')),
    inOrder(inWave('basics')),
    inOrder(
      inWave('definitions', 'namespaces'),
      gone(
        'the others',
        refs.filter((ref) => waveOf(ref) !== 'custom'),
      ),
    ),
  ];
}
