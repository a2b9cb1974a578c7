import { sha256 } from '../../model/digest.ts';
import type { Basis, Change } from './basis.ts';
import type { PlanScope } from '../scope.ts';
import { gatesOf, stepsOf, tasksOf } from '../steps.ts';
import { conditionText } from '../target.ts';
import type { Gate, Plan, Step } from '../types.ts';

/** A plan as `kboot plan --out` keeps it; plan.schema.json describes every field. */
export interface SavedPlan {
  readonly apiVersion: 'kboot.dev/v1';
  readonly kind: 'SavedPlan';
  /** SHA-256 of the whole document without this member, as compact JSON. */
  readonly digest: string;
  /** UTC, RFC 3339. */
  readonly made: string;
  readonly scope: PlanScope;
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

/** The digest that a document must have. */
export function digestOf(document: object): string {
  return sha256(JSON.stringify({ ...document, digest: undefined }));
}

/**
 * How two plans differ: hosts, phases, tasks, steps and gates, in actions and in displayed text. Only warnings, and IDs
 * of replaced containers, may differ between two observations.
 */
export function planChanges(was: Plan, now: Plan): Change[] {
  const [before, after] = [comparable(was), comparable(now)];
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [old, young] = [byId(before), byId(after)];
  const changes = [...new Set([...old.keys(), ...young.keys()])]
    .filter((id) => JSON.stringify(old.get(id)) !== JSON.stringify(young.get(id)))
    .map((id) => ({ where: 'plan', what: id, was: titleOf(old.get(id)), now: titleOf(young.get(id)) }));
  if (changes.length > 0) return changes;
  return [{ where: 'plan', what: 'hosts, or the order of steps', was: 'as saved', now: 'different' }];
}

function comparable(plan: Plan): Plan {
  const text = JSON.stringify({ ...plan, warnings: [] }, (key, value: unknown) =>
    key === 'replaces' ? undefined : value,
  );
  return JSON.parse(text) as Plan;
}

function byId(plan: Plan): ReadonlyMap<string, Step | Gate> {
  const rollbacks = tasksOf(plan.phases).flatMap(({ rollback = [] }) => rollback);
  return new Map([...stepsOf(plan), ...rollbacks, ...gatesOf(plan)].map((item) => [item.id, item]));
}

function titleOf(item: Step | Gate | undefined): string | undefined {
  if (item === undefined) return undefined;
  if (item.type === 'wait') return `${conditionText(item.condition)}, ${item.timeoutSeconds} s at most`;
  return item.reason === '' ? item.verb : `${item.verb}, ${item.reason}`;
}
