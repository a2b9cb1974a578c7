import { addressesOf, type Cluster } from '../../model/cluster.ts';
import { isSecretValue } from '../../model/secret-value.ts';
import { statedName } from '../../resource/upload-name.ts';
import { paths } from './paths.ts';
import type { HostText, TextContext } from './types.ts';

/**
 * The proxy of a host as environment variables, in both cases: curl reads `http_proxy` only in lower case. In a file for
 * root alone: `systemctl show` prints the Environment= of a unit to every user.
 */
export function proxyEnvironment({ cluster, renderer }: TextContext): readonly HostText[] {
  const { proxy } = cluster;
  if (proxy === undefined) return [];
  const { http, https } = proxy;
  const variables = [
    ...(http === undefined ? [] : [{ name: 'HTTP_PROXY', value: http }]),
    ...(https === undefined ? [] : [{ name: 'HTTPS_PROXY', value: https }]),
    { name: 'NO_PROXY', value: noProxy(cluster).join(',') },
  ].flatMap((variable) => [variable, { ...variable, name: variable.name.toLowerCase() }]);
  const confidential = [http, https].some((url) => isSecretValue('', url));
  return [
    {
      path: paths.proxy,
      mode: 0o600,
      text: renderer.render('host/proxy.env.hbs', { variables }),
      ...(confidential && { secret: statedName('proxy', paths.proxy) }),
    },
  ];
}

/** Has containerd use the proxy. */
export function proxyDropIn({ cluster, renderer }: TextContext): readonly HostText[] {
  if (cluster.proxy === undefined) return [];
  const text = renderer.render('containerd/proxy-drop-in.conf.hbs', { environment: paths.proxy });
  return [{ path: paths.containerdDropIn, mode: 0o644, text }];
}

/** What is reached without the proxy: the host itself, and everything of the cluster. */
export function noProxy(cluster: Cluster): readonly string[] {
  const { networking, loadBalancer, controlPlaneEndpoint, hosts, proxy } = cluster;
  return [
    ...new Set([
      ...['localhost', '127.0.0.1', '::1'],
      ...networking.podSubnets,
      ...networking.serviceSubnets,
      ...hosts.flatMap((host) => [...addressesOf(host), host.name]),
      ...(loadBalancer === undefined ? [] : [loadBalancer.virtualIP]),
      controlPlaneEndpoint.host,
      ...['.svc', `.svc.${networking.dnsDomain}`, `.${networking.dnsDomain}`],
      ...(proxy?.noProxy ?? []),
    ]),
  ];
}
