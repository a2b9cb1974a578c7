import { nearest } from '../nearest.ts';
import type { Span } from './facts.ts';

/** `Kubernetes v1.36` */
export const kubernetes = (minor: number): string => `Kubernetes v1.${minor}`;

/** Why a minor does not have something, as a phrase that follows its name; undefined if it has it. */
export function whyNotIn(minor: number, { since, until }: Span): string | undefined {
  if (since !== undefined && minor < since)
    return `needs ${kubernetes(since)} or newer, not v1.${minor}; remove it, or raise spec.kubernetesVersion`;
  if (until !== undefined && minor > until) return `was removed in ${kubernetes(until + 1)}; remove it`;
  return undefined;
}

/**
 * `; did you mean "maxPods"?`, or else the way out for a component that somebody built; nothing if that has been taken
 * (`isIgnored`).
 */
export function hintFor(name: string, known: readonly string[], isIgnored: boolean): string {
  const close = nearest(name, known);
  if (close !== undefined) return `; did you mean "${close}"?`;
  if (isIgnored) return '';
  return '; remove it, or if your build of the component knows it, add ComponentConfig to spec.preflight.ignore';
}
