import { sha256 } from '../../model/digest.ts';
import type { Stage } from '../../model/stage.ts';
import type { Basis, Change } from './basis.ts';
import { isChange, stepsOf, type Plan, type Step } from '../types.ts';

/** A plan as `kboot plan --out` keeps it; plan.schema.json describes every field. */
export interface SavedPlan {
  readonly apiVersion: 'kboot.dev/v1';
  readonly kind: 'SavedPlan';
  /** SHA-256 of the whole document without this member, as compact JSON. */
  readonly digest: string;
  /** UTC, RFC 3339. */
  readonly made: string;
  readonly scope: {
    readonly until: Stage;
    readonly limit: readonly string[];
    readonly ignore: readonly string[];
    readonly renewCerts?: boolean;
  };
  readonly basis: Basis;
  readonly plan: Plan;
}

/** Seals a plan with its digest. */
export function seal(content: Pick<SavedPlan, 'made' | 'scope' | 'basis' | 'plan'>): SavedPlan {
  const { made, scope, basis, plan } = content;
  const body = { made, scope, basis, plan };
  const head = { apiVersion: 'kboot.dev/v1', kind: 'SavedPlan' } as const;
  return { ...head, digest: digestOf({ ...head, ...body }), ...body };
}

/** The digest that a document must carry. */
export function digestOf(document: object): string {
  return sha256(JSON.stringify({ ...document, digest: undefined }));
}

/**
 * What one plan does and the other does not. Waits only look, and what they look at changes by itself: they are no
 * difference.
 */
export function planChanges(was: Plan, now: Plan): Change[] {
  const [before, after] = [changesOf(was), changesOf(now)];
  const same = JSON.stringify([frameOf(was), before]) === JSON.stringify([frameOf(now), after]);
  if (same) return [];
  const [old, young] = [byId(before), byId(after)];
  const ids = [...new Set([...old.keys(), ...young.keys()])];
  const steps = ids
    .filter((id) => JSON.stringify(old.get(id)) !== JSON.stringify(young.get(id)))
    .map((id) => ({ where: 'plan', what: id, was: titleOf(old.get(id)), now: titleOf(young.get(id)) }));
  return steps.length > 0
    ? steps
    : [
        {
          where: 'plan',
          what: 'hosts, certificates to issue or the order of steps',
          was: 'as saved',
          now: 'others',
        },
      ];
}

/** What is carried out of a plan besides its steps. */
function frameOf({ cluster, kubernetesVersion, endpoint, basis, issue, hosts, roll }: Plan): unknown {
  return [
    cluster,
    kubernetesVersion,
    endpoint,
    basis,
    issue,
    hosts,
    roll.map(({ host, from }) => [host, from]),
  ];
}

function changesOf(plan: Plan): readonly Step[] {
  return stepsOf(plan).filter(isChange);
}

function byId(steps: readonly Step[]): ReadonlyMap<string, Step> {
  return new Map(steps.map((step) => [step.id, step]));
}

function titleOf(step: Step | undefined): string | undefined {
  if (step === undefined) return undefined;
  return step.reason === '' ? step.verb : `${step.verb}, ${step.reason}`;
}
