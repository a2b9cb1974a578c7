import { objectTitle } from '../kube/types.ts';
import { few } from '../model/few.ts';
import type { Condition, ObjectRef, Target } from './types.ts';

/** What identifies an object, without the rest of it. */
export function refOf({ apiVersion, kind, metadata: { name, namespace } }: ObjectRef): ObjectRef {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}

/** A target in words, its kind and its name apart: `file` and `/etc/crictl.yaml`. */
export function targetWords(target: Target): { readonly kind: string; readonly name: string } {
  if (target.kind === 'object') return { kind: 'object', name: objectTitle(target.ref) };
  if (target.kind === 'leftover') return { kind: target.name, name: '' };
  if (target.kind === 'accounts') return { kind: `ServiceAccounts of ${target.name}`, name: '' };
  return { kind: target.kind, name: target.name };
}

/** A target in words: `file /etc/crictl.yaml`, `ConfigMap kube-system/coredns`, `Node w-1`. */
export function targetText(target: Target): string {
  if (target.kind === 'object') return objectTitle(target.ref);
  if (target.kind === 'node') return `Node ${target.name}`;
  const { kind, name } = targetWords(target);
  return name === '' ? kind : `${kind} ${name}`;
}

/** What a gate waits for, in words: `API server of cp-1`, `Node w-1 Ready`. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'etcd-member':
      return `etcd member ${condition.host}`;
    case 'api':
      return `API server${condition.host === undefined ? '' : ` of ${condition.host}`}${condition.version === undefined ? '' : ` ${condition.version}`}`;
    case 'load-balancer':
      return `load balancer of ${condition.host}`;
    case 'kubelet':
      return `kubelet of ${condition.host}`;
    case 'controller':
      return `${condition.component} of ${condition.host}`;
    case 'leader':
      return `leader of ${condition.lease}`;
    case 'stored-as':
      return `${condition.resource} in etcd: ${condition.as}`;
    case 'published-cas':
      return `CAs in ${condition.copy}`;
    case 'endpoint':
      return 'controlPlaneEndpoint';
    case 'pod-ready':
      return `Pod ${condition.name}`;
    case 'node-registered':
      return `Node ${condition.node} registered`;
    case 'node-ready':
      return `Node ${condition.node} Ready${condition.version === undefined ? '' : ` with kubelet ${condition.version}`}`;
    case 'workload-ready':
      return `${condition.workload} ${condition.namespace}/${condition.name}`;
    case 'addon-ready':
      return addonParts[condition.part](condition.addon);
    case 'addon-gone':
      return `deletion of ${condition.addon}: ${few(condition.objects.map(objectTitle), 2)}`;
  }
}

const addonParts: Readonly<Record<(Condition & { kind: 'addon-ready' })['part'], (addon: string) => string>> =
  {
    definitions: (addon) => `CRDs of add-on ${addon}`,
    'hooks-before': (addon) => `hooks before add-on ${addon}`,
    webhooks: (addon) => `webhooks of add-on ${addon}`,
    workloads: (addon) => `workloads of add-on ${addon}`,
    'hooks-after': (addon) => `hooks after add-on ${addon}`,
    all: (addon) => `add-on ${addon}`,
  };
