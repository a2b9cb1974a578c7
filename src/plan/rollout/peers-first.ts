import type { HostStep, OnHostStep } from '../types.ts';

/**
 * Takes out of the hosts' steps what must be done before a load balancer joins others: these must count it among
 * their VRRP peers before its keepalived starts, or it hears nothing from the holder and takes the virtual IP too
 * (RFC 5798 6.4.2). `first` tells them, in the order of the hosts.
 */
export function peersFirst(steps: readonly OnHostStep[]): {
  readonly first: readonly HostStep[];
  readonly rest: readonly OnHostStep[];
} {
  const verbOf = new Map(
    steps.filter(({ resource }) => resource === 'unit keepalived').map(({ host, verb }) => [host, verb]),
  );
  const joins = [...verbOf.values()].includes('create');
  const tells = (step: OnHostStep): step is HostStep =>
    step.type === 'host' &&
    verbOf.has(step.host) &&
    verbOf.get(step.host) !== 'create' &&
    (step.resource === 'unit keepalived' || step.disturbs?.includes('keepalived') === true);
  if (!joins) return { first: [], rest: steps };
  return { first: steps.filter(tells), rest: steps.filter((step) => !tells(step)) };
}
