import { lines, quoteAll } from '../model/shell.ts';
import type { Kind, LinkMtuResource } from './types.ts';

interface Found {
  readonly mtu: number;
  /** MTU of the interface below it; 0: there is no such interface. */
  readonly below: number;
}

/**
 * The MTU of one of flannel's links. flannel sets it when it creates the link, but not on one that exists
 * (pkg/backend/vxlan/device.go, ensureLink; pkg/backend/wireguard/device.go), not even when it is restarted. A link that
 * does not exist yet is flannel's to create.
 */
export const linkMtu: Kind<LinkMtuResource, Found> = {
  name: (want) => want.link,
  query: (wants) =>
    `for l in ${quoteAll([...new Set(wants.flatMap(({ link, below }) => [link, below]))])}; do
  [ ! -e "/sys/class/net/$l/mtu" ] || { read -r m < "/sys/class/net/$l/mtu" && echo "$l $m"; }
done`,
  read(wants, output) {
    const found = new Map(
      lines(output).map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])] as const),
    );
    return wants.map(({ link, below }) => {
      const mtu = found.get(link);
      return mtu === undefined
        ? { state: 'absent' }
        : { state: 'present', found: { mtu, below: found.get(below) ?? 0 } };
    });
  },
  action({ link, mtu, overhead }, observation) {
    if (observation.state === 'absent') return undefined;
    const { found } = observation;
    const wanted = (mtu ?? found.below) - overhead;
    if (found.mtu === wanted || (mtu === undefined && found.below === 0)) return undefined;
    return {
      verb: 'update',
      reason: `MTU ${found.mtu} becomes ${wanted}`,
      effects: [],
      script: `ip link set dev ${link} mtu ${wanted}`,
      timeoutSeconds: 30,
    };
  },
};
