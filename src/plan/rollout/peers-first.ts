import type { HostChange } from '../diff/host.ts';
import { affects } from './effects.ts';

/**
 * Separates the changes that must precede the start of a new load balancer: the others must have it as a VRRP peer
 * before its keepalived starts, or it receives no advertisement from the holder and takes the virtual IP too (RFC 5798
 * 6.4.2). `first` reconfigures them, in the order of the hosts.
 */
export function peersFirst(changes: readonly HostChange[]): {
  readonly first: readonly HostChange[];
  readonly rest: readonly HostChange[];
} {
  const starting = new Set(
    changes.flatMap(({ host, step }) =>
      step.effects.some(({ component, kind }) => component === 'keepalived' && kind === 'start')
        ? [host]
        : [],
    ),
  );
  const running = new Set(
    changes.flatMap(({ host, step }) => (affects(step, 'keepalived') && !starting.has(host) ? [host] : [])),
  );
  const isFirst = ({ host, step }: HostChange): boolean =>
    running.has(host) &&
    (affects(step, 'keepalived') ||
      (step.type === 'shell' && step.disturbs?.includes('keepalived') === true));
  if (starting.size === 0) return { first: [], rest: changes };
  return { first: changes.filter(isFirst), rest: changes.filter((change) => !isFirst(change)) };
}
