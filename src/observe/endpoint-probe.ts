import { isIP } from 'node:net';
import type { EndpointSeen } from '../model/inspection.ts';

/** An address or name and a port, as in the inventory: letters, digits and `.:-` only. */
export interface EndpointAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Shell script that resolves the endpoint and connects to it once. The kernel gives up after 3 s on a local address
 * that no host has; only a remote network that drops packets takes the whole 4 s.
 */
export function endpointProbe({ host, port }: EndpointAddress): string {
  const resolve =
    isIP(host) === 0
      ? `timeout 5 getent ahosts '${host}' 2>/dev/null | while read -r a _; do echo "endpointAddress=$a"; done`
      : `echo 'endpointAddress=${host}'`;
  return `
${resolve}
e=$(timeout 4 bash -c 'exec 3<>/dev/tcp/${host}/${port}' 2>&1); s=$?
case "$s $e" in
  0*) echo endpointTcp=open ;;
  124*) echo 'endpointTcp=lost no answer in 4 s' ;;
  *' refused'*) echo endpointTcp=refused ;;
  *) e=\${e%%'
'*}; printf 'endpointTcp=lost %s\\n' "\${e##*: }" ;;
esac`;
}

/** Parses the output of endpointProbe; undefined if it did not run. */
export function readEndpoint(addresses: readonly string[], tcp: string): EndpointSeen | undefined {
  const [state = '', ...why] = tcp.split(' ');
  if (state !== 'open' && state !== 'refused' && state !== 'lost') return undefined;
  return { addresses: [...new Set(addresses)].sort(), tcp: state, why: why.join(' ') };
}
