import type { Dns } from '../../model/cluster.ts';
import { dnsAddress } from './address.ts';
import type { TextContext } from './types.ts';

/** kubeadm's number (addons/dns). */
const defaultReplicas = 2;

/** The manifest of CoreDNS. */
export function corednsManifest(context: TextContext): string {
  const { cluster, images, renderer } = context;
  return renderer.render('addons/coredns/coredns.yaml.hbs', {
    image: images.coredns,
    clusterIP: dnsAddress(cluster),
    dnsDomain: cluster.networking.dnsDomain,
    corefile: corefile(context, cluster.dns),
    replicas: cluster.dns?.replicas ?? defaultReplicas,
  });
}

/** The Corefile for these settings; without any it is kubeadm's. */
export function corefile({ cluster, renderer }: TextContext, dns: Dns | undefined): string {
  const text = renderer.render('addons/coredns/Corefile.hbs', {
    dnsDomain: cluster.networking.dnsDomain,
    upstream: dns?.upstream ?? ['/etc/resolv.conf'],
    stubDomains: dns?.stubDomains ?? [],
  });
  return dns?.extraBlocks === undefined ? text : `${text}${dns.extraBlocks.trimEnd()}\n`;
}
