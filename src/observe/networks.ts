import { isProblem, networkOf, parseAddress, type Range } from '../inventory/address.ts';
import { KbootError } from '../model/error.ts';
import type { Reader } from '../transport/types.ts';
import { remedies } from './remedies.ts';

/** An address of a host, and its network. */
export interface HeldAddress {
  readonly address: string;
  readonly interface: string;
  /** All addresses of that network, including the network and broadcast addresses. */
  readonly network: Range;
}

const script = 'export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin\nip -o addr show && echo whole';

/** The addresses of a host with their networks: one exec. Throws KbootError E-PROBE if the list is incomplete. */
export async function readNetworks(reader: Reader): Promise<readonly HeldAddress[]> {
  const { stdout, stderr } = await reader.read(script, { timeoutMs: 20_000 });
  if (!stdout.endsWith('whole\n'))
    throw new KbootError('E-PROBE', 'could not list the addresses of the host', {
      host: reader.host,
      detail: stderr.slice(-500),
      remedy: remedies.checkIp,
    });
  return stdout.split('\n').flatMap(heldAddress);
}

/** `2: eth0    inet 10.0.0.11/24 brd …`; other lines yield no address. */
function heldAddress(line: string): HeldAddress[] {
  const [, name = '', , word = ''] = line.trim().split(/\s+/);
  const address = parseAddress(word.split('/')[0] ?? '');
  const network = word.includes('/') ? networkOf(word) : undefined;
  if (isProblem(address) || network === undefined) return [];
  return [{ address: address.text, interface: name, network }];
}
