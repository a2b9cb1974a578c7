import { isProblem, parseAddress } from './address.ts';
import { dnsName } from './fields.ts';

/** The problem with the host of a registry, as a phrase that follows the field's name; `_default` is allowed. */
export function registryHost(value: string): string | undefined {
  if (value === '_default') return undefined;
  if (value.includes('/'))
    return `must be a host such as registry.example.com:5000, without scheme or path, not "${value}"`;
  if (/^(registry-1|index)\.docker\.io$/.test(value))
    return `must be docker.io, as in the names of its images, not "${value}"`;
  const [, name = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(value) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535))
    return `has the port ${port}; a port is at most 65535`;
  const bad = /^[\d.]+$/.test(name) ? isProblem(parseAddress(name)) : dnsName(name) !== undefined;
  return bad
    ? `must be a DNS name or an IPv4 address, with a port if images have one, not "${value}"`
    : undefined;
}
