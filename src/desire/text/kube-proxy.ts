import { hostsWith, type JsonObject } from '../../model/cluster.ts';
import { clusterServer, isIPv6 } from './address.ts';
import { configHash } from './config-hash.ts';
import { isObject, mergeYaml } from './merge.ts';
import type { TextContext } from './types.ts';

/** config.conf, with `stated`, spec.kubeProxy.config, merged into it. */
export function kubeProxyConfig({ cluster, renderer }: TextContext, stated: JsonObject): string {
  const defaults = renderer.render('addons/kube-proxy/config.yaml.hbs', {
    bindAddress: hostsWith(cluster, 'control-plane').some((host) => isIPv6(host.address)) ? '::' : '0.0.0.0',
    clusterCIDR: cluster.networking.podSubnets.join(','),
  });
  return mergeYaml(defaults, withStrictArp(stated));
}

/** kube-proxy's objects (kubeadm phases/addons/proxy); `stated`: spec.kubeProxy.config. */
export function kubeProxyManifest(context: TextContext, stated: JsonObject): string {
  const { cluster, images, renderer } = context;
  // kubeadm stores both without a final newline, which affects its hash.
  const config = kubeProxyConfig(context, stated).trimEnd();
  const kubeconfig = renderer
    .render('addons/kube-proxy/kubeconfig.yaml.hbs', { server: clusterServer(cluster) })
    .trimEnd();
  return renderer.render('addons/kube-proxy/kube-proxy.yaml.hbs', {
    image: images['kube-proxy'],
    config,
    kubeconfig,
    hash: configHash(stated, { 'config.conf': config, 'kubeconfig.conf': kubeconfig }),
  });
}

/**
 * In IPVS mode, each node has every Service address on a dummy interface; without strictARP, all of them would
 * answer ARP requests for an address that MetalLB announces from one node.
 */
function withStrictArp(stated: JsonObject): JsonObject {
  const { mode, ipvs = {} } = stated;
  return mode === 'ipvs' && isObject(ipvs) ? { ...stated, ipvs: { strictARP: true, ...ipvs } } : stated;
}
