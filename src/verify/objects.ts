import { applyObject, type KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import { dnsAddress, hostPort } from '../desire/text/address.ts';
import { parseObjects } from '../desire/text/kube-objects.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Renderer } from '../render/params.ts';
import { longAnswer, zones, type Services } from './checks.ts';
import { verifyPort } from './types.ts';

/** What every text of verify is made from. `image` is the CoreDNS image, which lies on every node already. */
export interface VerifyTexts {
  readonly cluster: Cluster;
  readonly renderer: Renderer;
  readonly namespace: string;
  readonly image: string;
}

/** Namespace first, then what lives in it: a server Pod on every node, and Services before them. */
export function serverObjects({ cluster, renderer, namespace, image }: VerifyTexts): readonly KubeObject[] {
  const word = 'x'.repeat(250);
  const text = renderer.render('verify/server.yaml.hbs', {
    namespace,
    image,
    padding: Array.from({ length: Math.ceil(longAnswer / word.length) }, () => word),
    loadBalancer: cluster.metallb !== undefined,
  });
  return parseObjects('verify', text);
}

/** A client Pod on every node that passes questions on to the servers, the Service and the cluster's DNS. */
export function clientObjects(
  { cluster, renderer, namespace, image }: VerifyTexts,
  servers: readonly { readonly name: string; readonly server: string }[],
  services: Services,
): readonly KubeObject[] {
  const absolute = (zone: string): string => `${zone}.`;
  const list = servers.flatMap(({ name, server }) => [
    { zone: absolute(zones.udp(name)), server: hostPort(server, verifyPort), udp: true },
    { zone: absolute(zones.tcp(name)), server: hostPort(server, verifyPort), udp: false },
  ]);
  const service = {
    zone: absolute(zones.service),
    server: hostPort(services.clusterIP, verifyPort),
    udp: true,
  };
  const dns = {
    zone: absolute(cluster.networking.dnsDomain),
    server: hostPort(dnsAddress(cluster), 53),
    udp: true,
  };
  const text = renderer.render('verify/client.yaml.hbs', {
    namespace,
    image,
    zones: [...list, service, dns],
  });
  return parseObjects('verify', text);
}

/** Applies the namespace, then the rest side by side. */
export async function applyAll(kube: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  for (const object of namespaces) await applyObject(kube, object);
  await Promise.all(
    objects.filter((object) => !namespaces.includes(object)).map((object) => applyObject(kube, object)),
  );
}
