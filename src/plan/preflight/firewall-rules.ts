import { includes, networkOf, overlap, type Range } from '../../inventory/address.ts';
import type { FirewallRule, HostFirewall } from '../../model/inspection.ts';
import type { Text } from '../../model/language/text.ts';
import { remedies } from './remedies.ts';

/** An address or network, and the interfaces on which its traffic arrives. */
export interface Source {
  readonly from: string;
  readonly interfaces: readonly string[];
}

/** Traffic that a firewall does not fully accept, and the rule that blocks all or some of it. */
export interface Shut {
  readonly from: string;
  readonly by: FirewallRule;
}

/** The sources that the rules block, by `from`, each with one rule that does. */
export function shutOut(
  rules: readonly FirewallRule[],
  sources: readonly Source[],
): ReadonlyMap<string, Shut> {
  const parsed = rules.flatMap((rule): ParsedRule[] => {
    if (rule.from === undefined) return [{ rule }];
    const network = networkOf(rule.from);
    // Another kind of source: a MAC address, an ipset.
    return network === undefined ? [] : [{ rule, network }];
  });
  // With thousands of rules and sources, most are literally equal.
  const shutting = parsed.findIndex(({ rule }) => !rule.opens);
  const before = shutting < 0 ? parsed : parsed.slice(0, shutting);
  const stated = new Set(
    before.flatMap(({ rule }) => (rule.interface === undefined ? (rule.from ?? []) : [])),
  );
  const shut = new Map<string, Shut>();
  for (const { from, interfaces } of sources) {
    const source = stated.has(from) ? undefined : networkOf(from);
    if (source === undefined) continue;
    const [by] = interfaces.flatMap((device) => firstThatShuts(parsed, source, device) ?? []);
    if (by !== undefined) shut.set(from, { from, by });
  }
  return shut;
}

interface ParsedRule {
  readonly rule: FirewallRule;
  /** Of its `from`. */
  readonly network?: Range;
}

function firstThatShuts(
  rules: readonly ParsedRule[],
  source: Range,
  device: string,
): FirewallRule | undefined {
  for (const { rule, network = source } of rules) {
    if (rule.interface !== undefined && rule.interface !== device) continue;
    if (rule.opens && includes(network, source)) return undefined;
    if (!rule.opens && overlap(network, source)) return rule;
  }
  return { opens: false };
}

/** How an operator accepts the blocked traffic on the host: one line of shell, and what must be removed first. */
export function opening(name: HostFirewall['name'], shut: readonly Shut[], rejectsForwarded: boolean): Text {
  if (name === 'ufw') return remedies.onTheHost({ command: ufwCommand(shut, rejectsForwarded) });
  const sources = shut.map(({ from }) => ` --add-source=${from}`).join('');
  const command = `firewall-cmd --permanent --zone=${trusted}${sources} && firewall-cmd --reload`;
  const before = shut.filter(
    ({ from, by }) => by.from === from || (by.zone !== undefined && by.zone < trusted),
  );
  const taken = [...new Set(before.map(({ by }) => `${by.from ?? ''} from zone ${by.zone ?? ''}`))];
  return taken.length === 0
    ? remedies.onTheHost({ command })
    : remedies.removeZone({ taken: taken.join(', '), zone: trusted, command });
}

/** firewalld's zone that accepts everything; zones with sources are matched in the order of their names. */
const trusted = 'trusted';

/** New rules are appended, so they would follow the rule that blocks. Forwarded traffic is accepted by flannel's rules. */
function ufwCommand(shut: readonly Shut[], rejectsForwarded: boolean): string {
  const allow = shut.some(({ by }) => by.from !== undefined) ? 'prepend allow' : 'allow';
  return [
    ...shut.map(({ from }) => `ufw ${allow} from ${from}`),
    ...(rejectsForwarded ? ['ufw default deny routed'] : []),
  ].join(' && ');
}
