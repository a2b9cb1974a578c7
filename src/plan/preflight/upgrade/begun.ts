import { kubeletVersionOf } from '../../../kube/readiness.ts';
import type { UpgradeCheckInput } from './input.ts';

/** Whether an earlier run has begun: its snapshot is there, or a kubelet or a component has the new version. */
export function hasBegun({ seen, to, from, begun }: UpgradeCheckInput): boolean {
  if (from === to || begun === true) return true;
  const kubelets = [...seen.nodes.values()].map(kubeletVersionOf);
  return (
    kubelets.includes(to) ||
    seen.pods.some(
      ({ metadata: { namespace, annotations }, spec }) =>
        namespace === 'kube-system' &&
        annotations?.['kubernetes.io/config.mirror'] !== undefined &&
        spec.containers.some(({ image }) => image.endsWith(`:${to}`)),
    )
  );
}
