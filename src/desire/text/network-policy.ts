import type { KubeObject, TextContext } from './types.ts';
import { parseObjects } from './kube-objects.ts';

/** Whether kboot installs what enforces NetworkPolicies: for a CNI of the operator's, that is the CNI's part. */
export function enforcesPolicies({ cluster }: Pick<TextContext, 'cluster'>): boolean {
  return cluster.security.networkPolicy && cluster.networking.flannel !== undefined;
}

/**
 * kube-network-policies, based on upstream's install.yaml, and what Pods of kube-system accept. It enforces by queueing the
 * first packet of a connection to a program, with nftables.
 */
export function networkPolicyObjects(context: TextContext): readonly KubeObject[] {
  const { cluster, images, renderer } = context;
  const { host, port } = cluster.controlPlaneEndpoint;
  const isLocal = cluster.security.metrics === 'local';
  return [
    ...(enforcesPolicies(context)
      ? parseObjects(
          'addons/network-policy',
          renderer.render('addons/network-policy/controller.yaml.hbs', {
            image: images['kube-network-policies'],
            apiHost: host,
            apiPort: String(port),
            metrics: `--metrics-bind-address=${isLocal ? '127.0.0.1' : ''}:9080`,
          }),
        )
      : []),
    ...(cluster.security.denyByDefault
      ? parseObjects(
          'addons/network-policy',
          renderer.render('addons/network-policy/kube-system.yaml.hbs', {}),
        )
      : []),
  ];
}
