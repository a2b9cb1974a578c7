import { etcdDataDir, hostsWith, type Cluster, type Component } from '../../model/cluster.ts';
import type { ComponentParams } from '../../render/params.ts';
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
    apiServer: componentParams(cluster.apiServer, cluster.apiServer.certSANs.length > 0),
    controllerManager: componentParams(cluster.controllerManager),
    scheduler: componentParams(cluster.scheduler),
    etcd: componentParams(cluster.etcd),
    etcdDataDir: etcdDataDir(cluster),
    etcdEndpoints: externalEtcdEndpoints(cluster),
    proxyDisabled: cluster.kubeProxy === undefined,
  });
}

function componentParams(
  { extraArgs, extraEnvs = [], extraVolumes = [] }: Component,
  more = false,
): ComponentParams {
  const stated = more || extraArgs.length + extraEnvs.length + extraVolumes.length > 0;
  return { stated, args: extraArgs, envs: extraEnvs, volumes: extraVolumes };
}

/** '' if the endpoint is the API server of the only control plane: kubeadm then sets none. */
function statedEndpoint(cluster: Cluster): string {
  const { host, port } = cluster.controlPlaneEndpoint;
  const [first, ...others] = hostsWith(cluster, 'control-plane');
  const isDefault = others.length === 0 && host === first?.address && port === apiServerPort;
  return isDefault ? '' : hostPort(host, port);
}
