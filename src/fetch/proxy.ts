import { once } from 'node:events';
import { request as requestByHttp, type IncomingMessage } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { isIP, isIPv6, type Socket } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { KbootError } from '../model/error.ts';
import { statusError } from './fetch-error.ts';
import { remedies } from './remedies.ts';

/**
 * The proxy for a URL from HTTP_PROXY or HTTPS_PROXY, unless its host is in NO_PROXY: names with their subdomains,
 * addresses or networks, each with an optional port, or `*`. Lower-case variables take precedence. Throws KbootError
 * E-USAGE if the proxy is not a URL.
 */
export function proxyFor(url: URL): URL | undefined {
  const name = `${url.protocol.slice(0, -1)}_proxy`;
  const proxy = variable(name);
  const direct = variable('no_proxy')
    .toLowerCase()
    .split(/[\s,]+/);
  if (proxy === '' || direct.some((entry) => covers(entry, hostOf(url), portOf(url)))) return undefined;
  const whole = proxy.includes('://') ? proxy : `http://${proxy}`;
  if (URL.canParse(whole) && /^https?:/.test(whole)) return new URL(whole);
  throw new KbootError('E-USAGE', `${name.toUpperCase()} is not the URL of an HTTP proxy`, {
    remedy: remedies.proxyUrl,
  });
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (ipaddr.isValidCIDR(entry)) {
    const address = isIP(host) === 0 ? undefined : ipaddr.parse(host);
    const [network, bits] = ipaddr.parseCIDR(entry);
    return address?.kind() === network.kind() && address.match(network, bits);
  }
  const [, named = '', only = port] = isIPv6(entry)
    ? ['', entry]
    : (/^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? []);
  const below = named.replace(/^\*?\./, '');
  return below !== '' && only === port && (host === below || host.endsWith(`.${below}`));
}

/** A TLS connection to a URL's host through a proxy, with options for it. Throws KbootError E-FETCH if the proxy refuses, or any error of the sockets. */
export async function tunnel(
  proxy: URL,
  url: URL,
  signal: AbortSignal,
  tls: ConnectionOptions = {},
): Promise<Socket> {
  const request = proxy.protocol === 'https:' ? requestByHttps : requestByHttp;
  const path = `${url.hostname}:${portOf(url)}`;
  const asked = request(proxy, {
    method: 'CONNECT',
    path,
    headers: proxyHeaders(proxy, url),
    agent: false,
    signal,
  });
  asked.on('error', () => undefined).end();
  const [answer, socket] = (await once(asked, 'connect')) as [IncomingMessage, Socket];
  if (answer.statusCode === 200) {
    const host = hostOf(url);
    return connect({ ...tls, socket, ...(isIP(host) === 0 && { servername: host }), host });
  }
  socket.destroy();
  throw statusError(url, answer.statusCode ?? 0, ' from the proxy');
}

/** Headers for a proxy: the target host, and the proxy's user and password if it has any. */
export function proxyHeaders({ username, password }: URL, url: URL): Readonly<Record<string, string>> {
  const host = { host: url.host };
  if (username === '') return host;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { ...host, 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

const variable = (name: string): string => process.env[name] || process.env[name.toUpperCase()] || '';

const hostOf = ({ hostname }: URL): string => hostname.replaceAll(/[[\]]/g, '');

const portOf = ({ protocol, port }: URL): string => port || (protocol === 'https:' ? '443' : '80');
