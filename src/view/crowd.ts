import type { ClusterStep, WaitStep } from '../plan/types.ts';
import { foldBy, type Fold } from './fold.ts';

/** One line for many steps through the API that are alike. */
export interface Crowd {
  readonly step: ClusterStep;
  readonly steps: readonly ClusterStep[];
  /** What stands in place of the names; undefined: the step stands for itself. */
  readonly summary: string | undefined;
}

/** So many alike are still named one by one. A line of Nodes names them all, so it may stand for two. */
const single: Readonly<Record<ClusterStep['type'], number>> = {
  object: 2,
  wait: 2,
  node: 1,
  'remove-node': 1,
  'remove-object': 1,
};

/** Folds steps through the API that are alike: objects of one add-on, Nodes with the same change, waits of one kind. */
export function crowds(steps: readonly ClusterStep[]): readonly Crowd[] {
  return foldBy(steps, crowdKey).flatMap((fold): Crowd[] =>
    fold.steps.length > single[fold.step.type]
      ? [{ ...fold, summary: summaryOf(fold) }]
      : fold.steps.map((step) => ({ step, steps: [step], summary: undefined })),
  );
}

function crowdKey(step: ClusterStep): string {
  switch (step.type) {
    case 'object':
      // What differs in an object is worth a line of its own.
      return step.verb === 'create' ? `object ${partOf(step.object)}` : step.id;
    case 'node':
      return `node ${step.reason}`;
    case 'wait':
      return `wait ${step.condition.kind} ${step.reason}`;
    case 'remove-node':
    case 'remove-object':
      return step.id;
  }
}

function summaryOf({ step, steps }: Fold<ClusterStep>): string {
  if (step.type === 'object') return `${partOf(step.object)}: ${steps.length} objects (by name: --verbose)`;
  if (step.type === 'wait') return `${steps.length} ${waitedFor[step.condition.kind]}`;
  return `Node ${steps.map(({ resource }) => resource.replace(/^Node /, '')).join(', ')}`;
}

const waitedFor: Readonly<Record<WaitStep['condition']['kind'], string>> = {
  api: 'API servers',
  'load-balancer': 'load balancers',
  kubelet: 'kubelets',
  endpoint: 'control-plane endpoints',
  'etcd-member': 'etcd members',
  'pod-ready': 'Pods Ready',
  'node-registered': 'Nodes registered',
  'node-ready': 'Nodes Ready',
  'workload-ready': 'workloads ready',
};

/** The part of a cluster that an object belongs to, by its name. */
function partOf({
  metadata,
}: {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}): string {
  const { name, namespace = '' } = metadata;
  const part = parts.find(([, pattern]) => pattern.test(`${namespace}/${name}`));
  return part?.[0] ?? 'rights and configuration';
}

const parts: readonly (readonly [string, RegExp])[] = [
  ['MetalLB', /metallb/],
  ['flannel', /flannel/],
  ['kube-proxy', /kube-proxy|node-proxier/],
  ['CoreDNS', /coredns|kube-dns/],
];
