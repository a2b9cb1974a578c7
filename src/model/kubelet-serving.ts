import { isNode, nodes, type Cluster, type Host } from './cluster.ts';

/** The flag of an API server with the CA of kubelets. */
export const kubeletCaFlag = 'kubelet-certificate-authority';

/** Who signs the certificate that a kubelet serves. */
type ServingSigner = 'itself' | 'kboot' | 'approval' | 'operator';

type Settings = Pick<Cluster, 'kubelet' | 'security'>;

/**
 * Who signs what the kubelet of a host serves: kboot, with the cluster's CA, if spec.security.kubeletCertificates says so;
 * unless the kubelet's configuration names a certificate of the operator's, or requests one from the cluster
 * (serverTLSBootstrap), which somebody approves.
 */
export function servingSigner({ kubelet, security }: Settings, host: Host): ServingSigner {
  const { tlsCertFile, serverTLSBootstrap } = { ...kubelet.config, ...host.kubelet?.config };
  if (typeof tlsCertFile === 'string' && tlsCertFile !== '') return 'operator';
  if (serverTLSBootstrap === true) return 'approval';
  return security.kubeletCertificates === 'cluster' ? 'kboot' : 'itself';
}

/** Whether kboot issues the certificate that the kubelet of a host serves. */
export function hasIssuedServing(cluster: Settings, host: Host): boolean {
  return isNode(host) && servingSigner(cluster, host) === 'kboot';
}

/**
 * Whether API servers verify what kubelets serve: every one of them has a certificate of the cluster's CA. With certificates
 * of the operator's, only the operator knows their CA: spec.apiServer.extraArgs kubelet-certificate-authority.
 */
export function verifiesKubelets(cluster: Cluster): boolean {
  return (
    cluster.security.kubeletCertificates === 'cluster' &&
    nodes(cluster).every((host) => ['kboot', 'approval'].includes(servingSigner(cluster, host)))
  );
}
