import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostFirewall } from '../../src/model/inspection.ts';
import { firewallLines, firewallProbe, readFirewalls } from '../../src/observe/firewall-probe.ts';
import { searchLines } from '../../src/observe/search.ts';
import { unitsProbe } from '../../src/observe/units-probe.ts';

/** The result of the probe on a host with these programs (shell) and these files in /etc. */
function seen(
  programs: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): readonly HostFirewall[] {
  const dir = mkdtempSync(join(tmpdir(), 'kboot-firewall-'));
  try {
    for (const [name, text] of Object.entries({ systemctl: 'exit 3', ...programs }))
      writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    for (const [name, text] of Object.entries(files)) {
      const path = join(dir, 'etc', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    const input = `${searchLines([firewallLines])}\n${unitsProbe}\n${firewallProbe}`.replaceAll(
      '/etc/',
      `${dir}/etc/`,
    );
    const env = { ...process.env, PATH: `${dir}:${process.env['PATH'] ?? ''}` };
    const { stdout } = spawnSync('sh', ['-s'], { input, env, encoding: 'utf8' });
    const lines = stdout.split('\n').map((line) => [line.split('=')[0], line.replace(/^[^=]*=/, '')]);
    return readFirewalls((key) => lines.flatMap(([name, value]) => (name === key ? [value ?? ''] : [])));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** firewalld 1.3 on D-Bus, whose zone `own` has the target ACCEPT beside `trusted`. */
function firewalld(zones: string, standard = 'public'): Readonly<Record<string, string>> {
  const settings = (target: string): string =>
    `'{"type":"a{sv}","data":[{"short":{"type":"s","data":"A zone"},"target":{"type":"s","data":"${target}"},"forward":{"type":"b","data":true}}]}'`;
  return {
    systemctl:
      'case "$*" in *firewalld.service*) echo "firewalld.service loaded active running firewalld - dynamic firewall daemon" ;; esac',
    busctl: `case $* in
  *'FirewallD1.zone getActiveZones') echo '{"type":"a{sa{sas}}","data":[${zones}]}' ;;
  *'FirewallD1 getDefaultZone') echo '{"type":"s","data":["${standard}"]}' ;;
  *'getZoneSettings2 s trusted' | *' s own') echo ${settings('ACCEPT')} ;;
  *'getZoneSettings2 s '*) echo ${settings('default')} ;;
  *) exit 1 ;;
esac`,
  };
}

describe('firewalld', () => {
  it('is empty if firewalld is not active, which ends the queries', () => {
    expect(seen({ busctl: 'echo firewall=firewalld' })).toEqual([]);
  });

  it('has the sources of zones before their interfaces, sorted by zone, and the default zone last', () => {
    const zones =
      '{"trusted":{"sources":["10.244.0.0/16","10.77.90.21"]},"internal":{"interfaces":["eth1","eth2"],"sources":["10.0.9.0/24"]}}';
    expect(seen(firewalld(zones))).toEqual([
      {
        name: 'firewalld',
        rules: [
          { opens: false, from: '10.0.9.0/24', zone: 'internal' },
          { opens: true, from: '10.244.0.0/16', zone: 'trusted' },
          { opens: true, from: '10.77.90.21', zone: 'trusted' },
          { opens: false, interface: 'eth1' },
          { opens: false, interface: 'eth2' },
          { opens: false },
        ],
      },
    ]);
  });

  it('opens the traffic of a zone that accepts, whatever its name', () => {
    expect(seen(firewalld('{"own":{"interfaces":["eth0"]}}', 'trusted'))).toEqual([
      { name: 'firewalld', rules: [{ opens: true, interface: 'eth0' }, { opens: true }] },
    ]);
    expect(seen(firewalld('{}'))).toEqual([{ name: 'firewalld', rules: [{ opens: false }] }]);
  });

  it('has no rules if D-Bus fails to answer even one query', () => {
    const whole = firewalld('{"trusted":{"sources":["10.244.0.0/16"]}}');
    for (const question of ['*getActiveZones', '*getDefaultZone', '*trusted']) {
      const busctl = `case $* in ${question}) echo 'Call failed: Connection timed out' >&2; exit 1 ;; esac\n${whole['busctl'] ?? ''}`;
      expect(seen({ ...whole, busctl }), question).toEqual([{ name: 'firewalld' }]);
    }
  });
});

const defaults = `# a comment
IPV6=yes
DEFAULT_INPUT_POLICY="DROP"
DEFAULT_OUTPUT_POLICY="ACCEPT"
DEFAULT_FORWARD_POLICY="DROP"
`;
const rules = (tuples: readonly string[]): string =>
  ['*filter', '### RULES ###', ...tuples.map((tuple) => `\n### tuple ### ${tuple}\n-A x`), 'COMMIT'].join(
    '\n',
  );
const ufw = (more: Readonly<Record<string, string>> = {}): readonly HostFirewall[] =>
  seen(
    { ufw: 'exit 1' },
    {
      'ufw/ufw.conf': '# ENABLED=no\nENABLED=yes\nLOGLEVEL=low\n',
      'default/ufw': defaults,
      'ufw/user.rules': rules([]),
      'ufw/user6.rules': rules([]),
      ...more,
    },
  );

describe('ufw', () => {
  it('has the rules for all ports in order, and the policy last', () => {
    const v4 = [
      'allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in',
      'deny any any 0.0.0.0/0 any 10.0.0.66 in',
      'allow_log any any 0.0.0.0/0 any 10.0.0.0/8 in comment=686f737473',
      'allow any any 0.0.0.0/0 any 0.0.0.0/0 in_eth1',
      'allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 Nginx%20HTTP - in',
      'allow any any 10.0.0.11 any 10.1.0.0/16 in',
      'allow any any 0.0.0.0/0 any 10.2.0.0/16 out',
      'limit any any 0.0.0.0/0 any 10.3.0.0/16 in',
      'route:allow any any 0.0.0.0/0 any 10.4.0.0/16 in',
    ];
    const files = {
      'ufw/user.rules': rules(v4),
      'ufw/user6.rules': rules(['reject any any ::/0 any fd00::/64 in']),
    };
    expect(ufw(files)).toEqual([
      {
        name: 'ufw',
        rules: [
          { opens: false, from: '10.0.0.66' },
          { opens: true, from: '10.0.0.0/8' },
          { opens: true, from: '0.0.0.0/0', interface: 'eth1' },
          { opens: false, from: 'fd00::/64' },
          { opens: false },
        ],
      },
    ]);
  });

  it('reports its policies', () => {
    const policies = defaults.replace('INPUT_POLICY="DROP"', 'INPUT_POLICY="ACCEPT"');
    expect(ufw({ 'default/ufw': policies })).toEqual([{ name: 'ufw', rules: [{ opens: true }] }]);
    const rejecting = defaults.replace('FORWARD_POLICY="DROP"', "FORWARD_POLICY='REJECT'");
    expect(ufw({ 'default/ufw': rejecting })).toEqual([
      { name: 'ufw', rules: [{ opens: false }], rejectsForwarded: true },
    ]);
  });

  it('is empty if ufw is disabled or removed', () => {
    expect(ufw({ 'ufw/ufw.conf': 'ENABLED=no\n' })).toEqual([]);
    expect(seen({}, { 'ufw/ufw.conf': 'ENABLED=yes\n', 'default/ufw': defaults })).toEqual([]);
    expect(seen({ ufw: '' })).toEqual([]);
  });

  it('has no rules if a file is missing', () => {
    const files = {
      'ufw/ufw.conf': 'ENABLED=yes\n',
      'default/ufw': defaults,
      'ufw/user.rules': rules([]),
      'ufw/user6.rules': rules([]),
    };
    expect(seen({ ufw: '' }, files)).toHaveLength(1);
    for (const name of ['default/ufw', 'ufw/user.rules', 'ufw/user6.rules']) {
      const fewer = Object.fromEntries(Object.entries(files).filter(([each]) => each !== name));
      expect(seen({ ufw: '' }, fewer), name).toEqual([{ name: 'ufw' }]);
    }
  });
});
