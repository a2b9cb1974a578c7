import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noPast } from '../../../../src/model/past.ts';
import { inOrder, sysctlFiles } from '../../../../src/plan/preflight/past/sysctl.ts';
import { good } from '../../../samples/inspection.ts';
import { host, single } from '../../../samples/text.ts';

const node = host('w-1', '10.0.0.21', ['worker']);
const dual = {
  ...single().networking,
  podSubnets: ['10.244.0.0/16', 'fd00:244::/56'],
  serviceSubnets: ['10.96.0.0/12', 'fd00:96::/112'],
};

/** `PATH:KEY=VALUE` of each assignment. */
type Line = `${string}:${string}=${string}`;
function parse(lines: readonly Line[]): { file: string; line: number; key: string; value: string }[] {
  return lines.map((text, index) => {
    const [, file = '', key = '', value = ''] = /^([^:]*):(.*)=(.*)$/.exec(text) ?? [];
    return { file, line: index + 1, key, value };
  });
}
const own: Line = '/etc/sysctl.d/99-kboot.conf:net.ipv4.ip_forward=1';

/** The lines that undo kboot's settings, and the level. */
function broken(
  lines: readonly Line[],
  networking = single().networking,
  more: readonly string[] = [],
): readonly string[] {
  const sysctlSettings = parse(lines);
  const files = [...new Set([...sysctlSettings.map(({ file }) => file), ...more])];
  const seen = { ...good(node), past: { ...noPast, sysctlFiles: files, sysctlSettings } };
  return sysctlFiles(node, seen, single({ hosts: [node], networking })).map(
    ({ level, message }) =>
      `${level} ${/^(\S+):\d+ sets (\S+)/.exec(message)?.slice(1).join(' ') ?? message}`,
  );
}

describe('kernel settings at the next boot', () => {
  it.each<[string, Line, boolean]>([
    ['a later file', '/etc/sysctl.d/99-zz.conf:net.ipv4.ip_forward=0', true],
    ["Debian's link to /etc/sysctl.conf", '/etc/sysctl.d/99-sysctl.conf:net.ipv4.ip_forward=0', true],
    ['a later file in another folder', '/usr/lib/sysctl.d/zz.conf:net.ipv4.ip_forward=0', true],
    ['an earlier file', '/run/sysctl.d/60-cis.conf:net.ipv4.ip_forward=0', false],
    ['the wanted value', '/etc/sysctl.d/99-zz.conf:net.ipv4.ip_forward=1', false],
    ['another name of the setting, later', '/etc/sysctl.d/99-zz.conf:net.ipv4.conf.all.forwarding=0', true],
    ['another name of the setting, earlier', '/etc/sysctl.d/10-a.conf:net.ipv4.conf.all.forwarding=0', false],
    ['new interfaces, later', '/etc/sysctl.d/99-zz.conf:net.ipv4.conf.default.forwarding=0', true],
    ['every interface, whenever it appears', '/etc/sysctl.d/10-a.conf:net.ipv4.conf.*.forwarding=0', true],
    ['interfaces of Pods', '/etc/sysctl.d/10-a.conf:net.ipv4.conf.cni?.forwarding=0', true],
    ['other interfaces', '/etc/sysctl.d/99-zz.conf:net.ipv4.conf.eth1.forwarding=0', false],
    ['bridges', '/etc/sysctl.d/99-zz.conf:net.bridge.bridge-nf-call-iptables=0', true],
    ['unrelated', '/etc/sysctl.d/99-zz.conf:net.ipv4.conf.all.rp_filter=1', false],
    ['IPv6 off in a cluster without it', '/etc/sysctl.d/99-zz.conf:net.ipv6.conf.all.disable_ipv6=1', false],
    ['fewer watches', '/etc/sysctl.d/99-zz.conf:fs.inotify.max_user_watches=8192', true],
    ['more watches', '/etc/sysctl.d/99-zz.conf:fs.inotify.max_user_watches=1048576', false],
  ])('%s', (_what, line, expected) => {
    expect(broken([line]).length > 0, 'before the first up').toBe(expected);
    expect(broken([own, line]).length > 0, 'with the file of kboot').toBe(expected);
  });

  it('names file and line, and warns of watches only', () => {
    expect(broken([own, '/etc/sysctl.d/99-zz.conf:net.ipv4.ip_forward=0'])).toEqual([
      'error /etc/sysctl.d/99-zz.conf net.ipv4.ip_forward',
    ]);
    expect(broken(['/etc/sysctl.d/99-zz.conf:fs.inotify.max_user_watches=1'])[0]).toMatch(/^warning/);
  });

  it('IPv6 must stay on in a cluster that uses it', () => {
    expect(broken(['/etc/sysctl.d/10-a.conf:net.ipv6.conf.all.disable_ipv6=1'], dual)).toHaveLength(1);
    expect(broken(['/etc/sysctl.d/99-zz.conf:net.ipv6.conf.all.forwarding=0'], dual)).toHaveLength(1);
  });

  it('a later line or a file of the same name in /etc takes its place', () => {
    const later: Line = '/etc/sysctl.d/99-zzz.conf:net.ipv4.ip_forward=1';
    expect(broken(['/etc/sysctl.d/99-zz.conf:net.ipv4.ip_forward=0', later])).toEqual([]);
    const hidden: Line = '/usr/lib/sysctl.d/99-zz.conf:net.ipv4.ip_forward=0';
    expect(broken([hidden])).toHaveLength(1);
    expect(broken([hidden], single().networking, ['/etc/sysctl.d/99-zz.conf'])).toEqual([]);
  });

  it('the order is that of systemd-sysctl: one file of each name, by name, from the most important folder', () => {
    const folders = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d'];
    const entry = fc.record({
      folder: fc.nat(3),
      name: fc.constantFrom('10-a', '50-b', '99-kboot', '99-zz', 'z'),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
        const sysctlSettings = entries.map(({ folder, name }, index) => ({
          ...{ file: `${folders[folder]}/${name}.conf`, line: index, key: `k${index}`, value: '0' },
        }));
        const order = inOrder({ sysctlFiles: sysctlSettings.map(({ file }) => file), sysctlSettings });
        const names = order.map(({ file }) => file.slice(file.lastIndexOf('/') + 1));
        expect(names).toEqual([...names].sort());
        for (const { file } of order) {
          const name = file.slice(file.lastIndexOf('/'));
          const first = folders.find((folder) => sysctlSettings.some((each) => each.file === folder + name));
          expect(file).toBe(`${first}${name}`);
        }
        expect(new Set(names).size).toBe(new Set(entries.map(({ name }) => name)).size);
      }),
    );
  });
});
