import { isProblem, parseAddress, type Problem } from './address.ts';

/** A name server for CoreDNS's plugin forward. */
export interface Upstream {
  /** In canonical form: `10.0.0.53`, `[fd00::53]:5353`, `tls://9.9.9.9`. */
  readonly text: string;
  readonly address: string;
}

/** Parses `[tls://]ADDRESS[:PORT]`; an IPv6 address with a port is in brackets. */
export function parseUpstream(text: string): Upstream | Problem {
  const [, scheme = '', rest = ''] = /^(tls:\/\/)?(.*)$/.exec(text) ?? [];
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const address = parseAddress(bracketed ?? plain ?? rest);
  if (isProblem(address) || Number(port ?? 53) < 1 || Number(port ?? 53) > 65535)
    return {
      problem: `must be the address of a name server such as 10.0.0.53, 10.0.0.53:5353 or tls://9.9.9.9, not "${text}"`,
    };
  const host = address.text.includes(':') && port !== undefined ? `[${address.text}]` : address.text;
  return {
    text: `${scheme}${host}${port === undefined ? '' : `:${port}`}`,
    address: address.text,
  };
}
