import * as z from 'zod';
import { quote } from '../model/shell.ts';
import type { FirewallRule, HostFirewall } from '../model/inspection.ts';
import type { Search } from './search.ts';
import { firewalldIsActive } from './units-probe.ts';

const object = 'org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1';

const ufwSwitch = `^ENABLED=["']?yes`;

/** Whether ufw is on. */
export const firewallLines: Search = { files: ['/etc/ufw/ufw.conf'], patterns: [ufwSwitch] };

/**
 * Shell script, after searchLines and unitsProbe, that reports the active firewalls and their rules for traffic as a whole.
 * firewalld is queried over D-Bus: firewall-cmd takes 0.2 s per query. `ufw status` reads the same files of ufw.
 */
export const firewallProbe = `
if ${firewalldIsActive}; then
  ask() { busctl --json=short --timeout=5 --auto-start=no call ${object}"$@"; }
  echo firewall=firewalld
  zones=$(ask .zone getActiveZones) && default=$(ask '' getDefaultZone)
  echo "firewalldZones=$zones"
  echo "firewalldDefault=$default"
  for n in $(echo "$zones $default" | grep -oE '("[^"]+":\\{"|\\["[^"]+"\\])' | grep -oE '[^]["{:]+' | sort -u); do
    echo "firewalldTarget=$n $(ask .zone getZoneSettings2 s "$n" | grep -oE '"target":\\{"type":"s","data":"[^"]*' | cut -d'"' -f10)"
  done
fi
if case $lines in *:ENABLED=*) ;; *) false ;; esac && grep -qsE ${quote(ufwSwitch)} /etc/ufw/ufw.conf && command -v ufw >/dev/null; then
  echo firewall=ufw
  sed -nE "s/^DEFAULT_(INPUT|FORWARD)_POLICY=[\\"']?([A-Z]+).*/ufw\\1=\\2/p" /etc/default/ufw
  for f in /etc/ufw/user.rules /etc/ufw/user6.rules; do
    sed -n 's/^### tuple ### /ufwRule=/p' $f && echo "ufwRead=$f"
  done
fi`;

/** Parses the output of firewallProbe; `all` returns every value of a key. */
export function readFirewalls(all: (key: string) => readonly string[]): readonly HostFirewall[] {
  return all('firewall').flatMap((name): HostFirewall[] => {
    if (name !== 'firewalld' && name !== 'ufw') return [];
    const rules = name === 'firewalld' ? firewalldRules(all) : ufwRules(all);
    const rejects = name === 'ufw' && all('ufwFORWARD')[0] === 'REJECT';
    return [{ name, ...(rules && { rules }), ...(rejects && { rejectsForwarded: true }) }];
  });
}

/** Zones of sources take precedence over zones of interfaces, each sorted by name; the default zone gets the rest. */
function firewalldRules(all: (key: string) => readonly string[]): readonly FirewallRule[] | undefined {
  const targets = new Map(all('firewalldTarget').map((line) => splitAt(line, ' ')));
  const zones = answer(all('firewalldZones')[0], zonesSchema);
  const standard = answer(all('firewalldDefault')[0], z.string());
  if (zones === undefined || standard === undefined) return undefined;
  const names = Object.keys(zones).sort();
  if ([...names, standard].some((name) => (targets.get(name) ?? '') === '')) return undefined;
  const opens = (name: string): boolean => targets.get(name) === 'ACCEPT';
  return [
    ...names.flatMap((name) =>
      (zones[name]?.sources ?? []).map((from) => ({ opens: opens(name), from, zone: name })),
    ),
    ...names.flatMap((name) =>
      (zones[name]?.interfaces ?? []).map((device) => ({ opens: opens(name), interface: device })),
    ),
    { opens: opens(standard) },
  ];
}

const zonesSchema = z.record(
  z.string(),
  z.object({ sources: z.array(z.string()).optional(), interfaces: z.array(z.string()).optional() }),
);

/** The first value in an answer of `busctl --json=short`; undefined if it printed none of this form. */
function answer<T>(line: string | undefined, form: z.ZodType<T>): T | undefined {
  try {
    return z.object({ data: z.tuple([form]).rest(z.unknown()) }).safeParse(JSON.parse(line ?? '')).data
      ?.data[0];
  } catch {
    return undefined;
  }
}

/**
 * `allow any any 0.0.0.0/0 any 10.0.0.0/8 in_eth0`: action, protocol, port and address of the destination, port and
 * address of the source, direction and interface (ufw's parser.py and backend_iptables.py). Rules for one port, one
 * destination or forwarded traffic do not apply to traffic as a whole, and are skipped.
 */
function ufwRules(all: (key: string) => readonly string[]): readonly FirewallRule[] | undefined {
  const policy = all('ufwINPUT')[0] ?? '';
  if (policy === '' || all('ufwRead').length < 2) return undefined;
  const rules = all('ufwRule').flatMap((line): FirewallRule[] => {
    const [action = '', protocol, port, to = '', sourcePort, from = '', direction = ''] = line.split(' ');
    const [way, device] = splitAt(direction, '_');
    const whole = [protocol, port, sourcePort].every((each) => each === 'any') && anywhere.includes(to);
    const opens = /^allow(_|$)/.test(action);
    if (!whole || way !== 'in' || !(opens || /^(deny|reject)(_|$)/.test(action))) return [];
    return [{ opens, from, ...(device === '' ? {} : { interface: device }) }];
  });
  return [...rules, { opens: policy === 'ACCEPT' }];
}

const anywhere: readonly string[] = ['0.0.0.0/0', '::/0'];

function splitAt(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
