import { isProblem, parseAddress, type Address, type Problem } from './address.ts';
import { dnsName } from './fields.ts';

export interface Endpoint {
  /** An address in canonical form, or a DNS name in lowercase. */
  readonly host: string;
  /** Set when `host` is an address. */
  readonly address?: Address;
  readonly port?: number;
}

/** `HOST`, `HOST:PORT`, `[V6]:PORT` or a bare IPv6 address. */
export function parseEndpoint(text: string): Endpoint | Problem {
  if (text.includes('/')) return { problem: `must be HOST:PORT without scheme or path, not "${text}"` };
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(text);
  const colons = text.split(':').length - 1;
  const [host = '', digits] =
    bracketed !== null ? bracketed.slice(1) : colons > 1 ? [text] : (text.split(':') as [string, string?]);

  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && !(/^\d+$/.test(digits ?? '') && port >= 1 && port <= 65535)) {
    return { problem: `must end in a port from 1 to 65535, not ":${digits ?? ''}"` };
  }
  const withPort = port === undefined ? {} : { port };
  if (bracketed !== null || colons > 1 || /^[\d.]+$/.test(host)) {
    const address = parseAddress(host);
    return isProblem(address) ? address : { host: address.text, address, ...withPort };
  }
  const name = host.toLowerCase();
  if (dnsName(name) !== undefined) {
    return {
      problem: `must be HOST:PORT with an IP address or DNS name, not "${text}"`,
    };
  }
  return { host: name, ...withPort };
}

/** `https://HOST:PORT`: a client URL of etcd; `url` is its canonical form. */
export function parseEtcdEndpoint(text: string): { readonly url: string } | Problem {
  const must = 'must be a URL such as https://10.0.0.31:2379';
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*?)\/?$/i.exec(text) ?? [];
  if (scheme === '') return { problem: `${must}, not "${text}"` };
  if (scheme.toLowerCase() !== 'https')
    return { problem: `${must}, not "${text}": without TLS, anyone on the network could write to it` };
  if (rest.includes('@')) return { problem: `${must}, without user and password` };
  if (/[/?#]/.test(rest)) return { problem: `${must} without path or query, not "${text}"` };
  const endpoint = parseEndpoint(rest);
  if (isProblem(endpoint)) return { problem: endpoint.problem.replace('HOST:PORT', 'https://HOST:PORT') };
  const { host, address, port } = endpoint;
  if (port === undefined) return { problem: `must include the port (etcd's default is 2379): "${text}"` };
  return { url: `https://${address?.family === 6 ? `[${host}]` : host}:${port}` };
}
