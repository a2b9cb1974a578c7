import type { UpgradeInput } from './input.ts';

/** Whether a kubelet or a component of the control plane has the new version. */
export function hasBegun({ seen, to, from }: UpgradeInput): boolean {
  if (from === to) return true;
  const kubelets = [...seen.nodes.values()].map(
    ({ status }) =>
      (status as { nodeInfo?: { kubeletVersion?: string } } | undefined)?.nodeInfo?.kubeletVersion,
  );
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
