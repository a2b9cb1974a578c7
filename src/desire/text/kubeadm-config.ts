import { hostsWith, type Cluster } from '../../model/cluster.ts';
import { apiServerPort, externalEtcdEndpoints, hostPort } from './address.ts';
import type { TextContext } from './types.ts';

/**
 * ConfigMap kubeadm-config, complete: `kubeadm upgrade` and `kubeadm join --control-plane` recreate certificates
 * and manifests from it, and lose any setting that is not in it.
 */
export function kubeadmConfigManifest({ cluster, renderer }: TextContext): string {
  const { networking } = cluster;
  return renderer.render('bootstrap/kubeadm-config.yaml.hbs', {
    kubernetesVersion: cluster.kubernetesVersion,
    imageRepository: cluster.imageRepository,
    controlPlaneEndpoint: statedEndpoint(cluster),
    dnsDomain: networking.dnsDomain,
    podSubnet: networking.podSubnets.join(','),
    serviceSubnet: networking.serviceSubnets.join(','),
    certSANs: cluster.apiServer.certSANs,
    apiServerArgs: cluster.apiServer.extraArgs,
    controllerManagerArgs: cluster.controllerManager.extraArgs,
    schedulerArgs: cluster.scheduler.extraArgs,
    etcdArgs: cluster.etcd.extraArgs,
    etcdEndpoints: externalEtcdEndpoints(cluster),
  });
}

/** '' if the endpoint is the API server of the only control plane: kubeadm then sets none. */
function statedEndpoint(cluster: Cluster): string {
  const { host, port } = cluster.controlPlaneEndpoint;
  const [first, ...others] = hostsWith(cluster, 'control-plane');
  const isDefault = others.length === 0 && host === first?.address && port === apiServerPort;
  return isDefault ? '' : hostPort(host, port);
}
