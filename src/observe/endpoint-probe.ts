import type { EndpointSeen } from '../model/inspection.ts';

/** A host or name and a port, as the inventory states them: letters, digits and `.:-` only. */
export interface EndpointAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Shell that resolves the endpoint and connects to it once. The kernel gives up on an address that nobody
 * answers for after 3 s; only a silent far network takes the whole 4 s.
 */
export function endpointProbe({ host, port }: EndpointAddress): string {
  return `
timeout 5 getent ahosts '${host}' 2>/dev/null | while read -r a _; do echo "endpointAddress=$a"; done | sort -u
e=$(timeout 4 bash -c 'exec 3<>/dev/tcp/${host}/${port}' 2>&1); s=$?
case "$s $e" in
  0*) echo endpointTcp=open ;;
  124*) echo 'endpointTcp=lost no answer in 4 s' ;;
  *' refused'*) echo endpointTcp=refused ;;
  *) echo "endpointTcp=lost $(echo "$e" | head -n 1 | sed 's/.*: //')" ;;
esac`;
}

/** Reads what endpointProbe printed; undefined where it did not run. */
export function readEndpoint(addresses: readonly string[], tcp: string): EndpointSeen | undefined {
  const [state = '', ...why] = tcp.split(' ');
  if (state !== 'open' && state !== 'refused' && state !== 'lost') return undefined;
  return { addresses, tcp: state, why: why.join(' ') };
}
