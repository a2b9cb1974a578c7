import { objectTitle } from '../kube/types.ts';
import { few } from '../model/few.ts';
import { plural } from '../model/plural.ts';
import { conditionText, targetText } from '../plan/target.ts';
import type { Condition, Gate, ObjectRef, Step } from '../plan/types.ts';
import { collapseBy, type Collapsed } from './collapse.ts';

/** One line for many steps or gates that are alike. */
export interface Line {
  readonly item: Step | Gate;
  readonly items: readonly (Step | Gate)[];
  /** The words instead of the names. */
  readonly summary: string;
}

/** Maximum number of similar items that each get a line. A line of Nodes names all of them. */
function shownSingly(item: Step | Gate): number {
  if (item.type === 'node') return 1;
  return item.type === 'wait' || item.type === 'apply' ? 2 : Number.POSITIVE_INFINITY;
}

/** Collapses similar steps through the API: objects of one add-on, Nodes with the same change, gates of one kind. */
export function collapseLines(items: readonly (Step | Gate)[]): readonly Line[] {
  return collapseBy(items, keyOf).flatMap((fold): Line[] =>
    fold.items.length > shownSingly(fold.item)
      ? [{ ...fold, summary: summaryOf(fold) }]
      : fold.items.map(single),
  );
}

/** A line of its own. */
export function single(item: Step | Gate): Line {
  const summary = item.type === 'wait' ? conditionText(item.condition) : targetText(item.target);
  return { item, items: [item], summary };
}

function keyOf(item: Step | Gate): string {
  // An object that differs gets its own line, with the difference.
  if (item.type === 'apply' && item.verb === 'create') return `apply ${partOf(item)}`;
  if (item.type === 'node') return `node ${item.operation.kind} ${item.reason}`;
  if (item.type === 'wait') return `wait ${item.condition.kind} ${item.timeoutSeconds}`;
  return item.id;
}

function summaryOf({ item, items }: Collapsed<Step | Gate>): string {
  if (item.type === 'apply')
    return item.addon === undefined
      ? `${partOf(item)}: ${items.length} objects (by name: --verbose)`
      : kindsOf(items);
  if (item.type === 'wait') return `${items.length} ${waitedFor[item.condition.kind]}`;
  return `Node ${items.flatMap((each) => (each.type === 'node' ? [each.node] : [])).join(', ')}`;
}

const waitedFor: Readonly<Record<Condition['kind'], string>> = {
  api: 'API servers',
  'load-balancer': 'load balancers',
  kubelet: 'kubelets',
  controller: 'controllers',
  leader: 'leaders',
  'stored-as': 'resources in etcd',
  'published-cas': 'copies of CAs',
  endpoint: 'control-plane endpoints',
  'etcd-member': 'etcd members',
  'pod-ready': 'Pods Ready',
  'node-registered': 'Nodes registered',
  'node-ready': 'Nodes Ready',
  'workload-ready': 'workloads ready',
  'addon-ready': 'add-ons ready',
  'addon-gone': 'deletions',
};

/** `3 ConfigMaps, 1 Deployment (by name: --verbose)` */
function kindsOf(items: readonly (Step | Gate)[]): string {
  const counts = new Map<string, number>();
  for (const item of items)
    if (item.type === 'apply') counts.set(item.object.kind, (counts.get(item.object.kind) ?? 0) + 1);
  const kinds = [...counts].map(([kind, count]) => (count === 1 ? kind : plural(count, kind)));
  return `${few(kinds, 6)} (by name: --verbose)`;
}

/** The add-on of the operator's, or the part of a cluster, that an object belongs to. */
function partOf({ object, addon }: { readonly object: ObjectRef; readonly addon?: string }): string {
  if (addon !== undefined) return addon;
  const title = objectTitle({ ...object });
  const part = parts.find(([, pattern]) => pattern.test(title));
  return part?.[0] ?? 'rights and configuration';
}

const parts: readonly (readonly [string, RegExp])[] = [
  ['MetalLB', /metallb/],
  ['flannel', /flannel/],
  ['kube-proxy', /kube-proxy|node-proxier/],
  ['CoreDNS', /coredns|kube-dns/],
];
