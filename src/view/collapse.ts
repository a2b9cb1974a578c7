import { hostOf } from '../plan/steps.ts';
import { targetText } from '../plan/target.ts';
import type { Step } from '../plan/types.ts';
import { isStatedName } from '../resource/upload-name.ts';
import { groupBy } from './group.ts';
import type { PlacedStep } from './placed.ts';

/** Items that share a line: the first, and all in order. */
export interface Collapsed<T> {
  readonly item: T;
  readonly items: readonly [T, ...T[]];
}

/** Groups items by key; lines are in the order of their first item. */
export function collapseBy<T>(items: readonly T[], key: (item: T) => string): readonly Collapsed<T>[] {
  return groupBy(items, key).map((alike) => ({ item: alike[0], items: alike }));
}

/**
 * As collapseBy, for steps on hosts: a line is below all lines that precede it on any of its hosts. Otherwise lines are
 * in the order of their first step.
 */
export function collapseInOrder(
  steps: readonly PlacedStep[],
  key: (step: PlacedStep) => string,
): readonly Collapsed<PlacedStep>[] {
  const folds = collapseBy(steps, key);
  const place = new Map(folds.flatMap((fold, index) => fold.items.map((step) => [step, index] as const)));
  const after = folds.map(() => new Set<number>());
  const last = new Map<string, number>();
  for (const step of steps) {
    const here = place.get(step) ?? 0;
    const host = hostOf(step.on) ?? '';
    const before = last.get(host);
    if (before !== undefined && before !== here) after[here]?.add(before);
    last.set(host, here);
  }
  const begun = new Set<number>();
  const ordered: Collapsed<PlacedStep>[] = [];
  const put = (fold: Collapsed<PlacedStep>, index: number): void => {
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

/** The visible parts of a step, regardless of its host: equal keys share a line. */
export function stepKey({ step }: PlacedStep): string {
  return JSON.stringify([targetText(step.target), step.verb, step.reason, diffOf(step)]);
}

/** As stepKey, for steps that differ in their host's own name only. */
export function kindredKey({ step, on }: PlacedStep): string {
  const host = hostOf(on) ?? '';
  return JSON.stringify([
    ownNameOut(targetText(step.target), host),
    step.verb,
    ownNameOut(step.reason, host),
    diffOf(step),
  ]);
}

function diffOf(step: Step): string {
  return step.type === 'shell' ? (step.diff ?? '') : '';
}

/** The text of a step with HOST instead of the name of its own host. */
export function ownNameOut(text: string, host: string): string {
  if (host === '' || !text.includes(host)) return text;
  return text.replaceAll(new RegExp(`(?<![\\w.-])${host.replaceAll('.', '\\.')}(?![\\w-])`, 'g'), 'HOST');
}

/** Files with certificates, keys and kubeconfigs: many, similar, and never shown. */
export function isPki(step: Step): boolean {
  const content = step.type === 'shell' ? step.payload?.content : undefined;
  return content?.kind === 'secret' && step.target.kind === 'file' && !isStatedName(content.name);
}

/** Maximum number of files of the PKI in one phase that each get a line. */
export const pkiShownSingly = 3;
