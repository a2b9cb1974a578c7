import type { KubeObject } from './types.ts';

/** The events that an object of a chart is a hook for; none: it is no hook (https://helm.sh/docs/topics/charts_hooks). */
export function hooksOf({ metadata }: Pick<KubeObject, 'metadata'>): readonly string[] {
  const stated = metadata.annotations?.['helm.sh/hook'] ?? '';
  return stated.split(',').flatMap((event) => (event.trim() === '' ? [] : [event.trim()]));
}

/** Whether an object is a test of a chart, which `helm test` would run. */
export function isTest(object: Pick<KubeObject, 'metadata'>): boolean {
  return hooksOf(object).some(
    (event) => event === 'test' || event === 'test-success' || event === 'test-failure',
  );
}

/** Whether a hook comes before or after the other objects; undefined: it is none, or for CRDs. */
export function hookSide(object: Pick<KubeObject, 'metadata'>): 'before' | 'after' | undefined {
  const events = hooksOf(object);
  if (events.some((event) => event.startsWith('pre-'))) return 'before';
  return events.some((event) => event.startsWith('post-')) ? 'after' : undefined;
}

/** The order of hooks of one side: a lower weight first. */
export function hookWeight({ metadata }: Pick<KubeObject, 'metadata'>): number {
  const weight = Number(metadata.annotations?.['helm.sh/hook-weight'] ?? 0);
  return Number.isFinite(weight) ? weight : 0;
}
