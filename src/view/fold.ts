import { stages, type Stage } from '../model/stage.ts';
import type { OnHostStep, Step } from '../plan/types.ts';
import { isUploadName } from '../resource/upload-name.ts';
import { groupBy } from './group.ts';

/** Steps that share a line: the first of them, and all of them in order. */
export interface Fold<S extends Step> {
  readonly step: S;
  readonly steps: readonly S[];
}

/** Puts steps of equal key together; lines stand in the order of their first step. */
export function foldBy<S extends Step>(steps: readonly S[], key: (step: S) => string): readonly Fold<S>[] {
  return groupBy(steps, key).map((alike) => ({ step: alike[0], steps: alike }));
}

/**
 * As foldBy, for steps on hosts: a line stands below all lines that come before it on any of its hosts. Where the hosts
 * leave it open, lines stand in the order of their first step.
 */
export function foldInOrder(
  steps: readonly OnHostStep[],
  key: (step: OnHostStep) => string,
): readonly Fold<OnHostStep>[] {
  const folds = foldBy(steps, key);
  const place = new Map(folds.flatMap((fold, index) => fold.steps.map((step) => [step, index] as const)));
  const after = folds.map(() => new Set<number>());
  const last = new Map<string, number>();
  for (const step of steps) {
    const here = place.get(step) ?? 0;
    const before = last.get(step.host);
    if (before !== undefined && before !== here) after[here]?.add(before);
    last.set(step.host, here);
  }
  const begun = new Set<number>();
  const ordered: Fold<OnHostStep>[] = [];
  const put = (fold: Fold<OnHostStep>, index: number): void => {
    if (begun.has(index)) return;
    begun.add(index);
    folds.forEach((before, at) => {
      if (after[index]?.has(at) === true) put(before, at);
    });
    ordered.push(fold);
  };
  folds.forEach(put);
  return ordered;
}

/** What a reader of the plan sees of a step, whichever host it is on: equal keys share a line. */
export function stepKey(step: Step): string {
  return JSON.stringify([step.resource, step.verb, step.reason, step.type === 'host' ? step.diff : '']);
}

/** As stepKey, for steps that differ in their host's own name only. */
export function kindredKey(step: OnHostStep): string {
  return JSON.stringify([
    ownNameOut(step.resource, step.host),
    step.verb,
    ownNameOut(step.reason, step.host),
    step.type === 'host' ? step.diff : '',
  ]);
}

/** The text of a step with HOST where it names its own host. */
export function ownNameOut(text: string, host: string): string {
  if (!text.includes(host)) return text;
  return text.replaceAll(new RegExp(`(?<![\\w.-])${host.replaceAll('.', '\\.')}(?![\\w-])`, 'g'), 'HOST');
}

/** Steps by stage, in one pass: a plan for a thousand hosts has tens of thousands. */
export function byStage<S extends Step>(steps: readonly S[]): ReadonlyMap<Stage, readonly S[]> {
  const groups = new Map<Stage, S[]>(stages.map((stage) => [stage, []]));
  for (const step of steps) groups.get(step.stage)?.push(step);
  return groups;
}

/** Files that hold certificates, keys and kubeconfigs: many, alike, and never shown. */
export function isPki(step: Step): boolean {
  const content = step.type === 'host' ? step.payload?.content : undefined;
  return content?.kind === 'secret' && step.resource.startsWith('file ') && !isUploadName(content.name);
}

/** So many files of the PKI in one stage share a line where more than this. */
export const pkiShownSingly = 3;

/** The host or node that a step is about; undefined: the whole cluster. */
export function subjectOf(step: Step): string | undefined {
  switch (step.type) {
    case 'host':
    case 'etcd':
      return step.host;
    case 'node':
    case 'remove-node':
      return step.node;
    case 'wait':
      if ('node' in step.condition) return step.condition.node;
      return 'host' in step.condition ? step.condition.host : undefined;
    case 'object':
    case 'remove-object':
    case 'operator':
      return undefined;
  }
}
