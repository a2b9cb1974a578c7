import type { Component } from './component.ts';
import type { Text } from './language/text.ts';

/** A running component that a changed field disturbs: a unit or static Pod of hosts, or a workload of the cluster. */
export interface Disturbance {
  readonly component: Component;
  readonly kind: 'reload' | 'restart';
}

/**
 * What a changed field of the inventory does to a cluster that runs.
 * - `nothing`: no running component is disturbed.
 * - `disturbs`: at most these components reload or restart; on hosts, one host after another.
 * - `new-nodes`: only Nodes that register later have the new value.
 * - `membership`: hosts join or leave, or take on or give up a role.
 * - `stated`: what the field's own text names.
 * - `refused`: it cannot change in place.
 */
export type Impact =
  | { readonly impact: 'nothing'; readonly note?: string }
  | { readonly impact: 'disturbs'; readonly disturbs: readonly Disturbance[]; readonly note?: string }
  | { readonly impact: 'new-nodes' }
  | { readonly impact: 'membership'; readonly what: string }
  | { readonly impact: 'stated'; readonly what: string }
  | { readonly impact: 'refused'; readonly why: string; readonly instead: string };

/** An Impact as the table of fields has it: what to do instead is there in every language. */
export type FieldImpact =
  | Exclude<Impact, { readonly impact: 'refused' }>
  | { readonly impact: 'refused'; readonly why: string; readonly instead: Text };

/** An impact as plans have it, in English. */
export const plannedImpact = (impact: FieldImpact): Impact =>
  impact.impact === 'refused' ? { ...impact, instead: impact.instead.en } : impact;

/** Whether a part of a table of impacts is one, and not an object of fields. */
export function isImpact(value: unknown): value is FieldImpact {
  return typeof value === 'object' && value !== null && 'impact' in value;
}

/** Components that the cluster runs as a Deployment or DaemonSet. */
const workloads: readonly Component[] = ['flannel', 'kube-proxy', 'coredns', 'metallb'];

/** An impact in words: `restarts kubelet on each host in turn; rolls flannel`. */
export function impactText(impact: Impact | FieldImpact): string {
  switch (impact.impact) {
    case 'nothing':
      return impact.note === undefined ? 'nothing is disturbed' : `nothing is disturbed; ${impact.note}`;
    case 'disturbs': {
      const of = (kind: Disturbance['kind'], workload: boolean): string =>
        impact.disturbs
          .filter((each) => each.kind === kind && workloads.includes(each.component) === workload)
          .map(({ component }) => component)
          .join(', ');
      const parts = [
        [of('restart', false), (names: string) => `restarts ${names} on each host in turn`],
        [of('restart', true), (names: string) => `rolls ${names}`],
        [
          [of('reload', false), of('reload', true)].filter(Boolean).join(', '),
          (names: string) => `reloads ${names}`,
        ],
      ] as const;
      const said = parts.flatMap(([names, text]) => (names === '' ? [] : [text(names)]));
      return [...said, ...(impact.note === undefined ? [] : [impact.note])].join('; ');
    }
    case 'new-nodes':
      return 'only new nodes';
    case 'membership':
    case 'stated':
      return impact.what;
    case 'refused':
      return `refused: ${impact.why}`;
  }
}
