import { applyObject, type KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import { dnsAddress, hostPort } from '../desire/text/address.ts';
import { parseObjects } from '../desire/text/kube-objects.ts';
import { familyName } from '../inventory/address.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Renderer } from '../render/params.ts';
import { longAnswer, zones, type Services } from './checks.ts';
import { familiesOf, loadBalancerFamilies, type Addresses } from './family.ts';
import { loadBalancerName } from './services.ts';
import { verifyPort } from './types.ts';

/** Input for the manifests of verify. `image` is the CoreDNS image, which is already on every node. */
export interface VerifyTexts {
  readonly cluster: Cluster;
  readonly renderer: Renderer;
  readonly namespace: string;
  readonly image: string;
}

/** The namespace first, then its objects: a server Pod on every node, and the Services in front of them. */
export function serverObjects({ cluster, renderer, namespace, image }: VerifyTexts): readonly KubeObject[] {
  const word = 'x'.repeat(250);
  const text = renderer.render('verify/server.yaml.hbs', {
    namespace,
    image,
    padding: Array.from({ length: Math.ceil(longAnswer / word.length) }, () => word),
    dualStack: familiesOf(cluster).length > 1,
    loadBalancers: loadBalancerFamilies(cluster).map((family) => ({
      name: loadBalancerName(family),
      family: familyName(family),
    })),
  });
  return parseObjects('verify', text);
}

/** A client Pod on every node that forwards queries to the servers, the Service and the cluster's DNS. */
export function clientObjects(
  { cluster, renderer, namespace, image }: VerifyTexts,
  nodes: readonly { readonly name: string; readonly servers: Addresses }[],
  services: Services,
): readonly KubeObject[] {
  const absolute = (zone: string): string => `${zone}.`;
  const list = familiesOf(cluster).flatMap((family) => {
    const clusterIP = services.clusterIPs[family];
    const service = { zone: absolute(zones.service(family)), udp: true };
    const pods = nodes.flatMap(({ name, servers }) => {
      const address = servers[family];
      if (address === undefined) return [];
      const server = hostPort(address, verifyPort);
      return [
        { zone: absolute(zones.udp(name, family)), server, udp: true },
        { zone: absolute(zones.tcp(name, family)), server, udp: false },
      ];
    });
    return clusterIP === undefined
      ? pods
      : [...pods, { ...service, server: hostPort(clusterIP, verifyPort) }];
  });
  const dns = {
    zone: absolute(cluster.networking.dnsDomain),
    server: hostPort(dnsAddress(cluster), 53),
    udp: true,
  };
  const text = renderer.render('verify/client.yaml.hbs', {
    namespace,
    image,
    zones: [...list, dns],
  });
  return parseObjects('verify', text);
}

/** Applies the namespace, then the rest concurrently. */
export async function applyAll(kube: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  for (const object of namespaces) await applyObject(kube, object);
  await Promise.all(
    objects.filter((object) => !namespaces.includes(object)).map((object) => applyObject(kube, object)),
  );
}
