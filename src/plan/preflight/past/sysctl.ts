import { isNode } from '../../../model/cluster.ts';
import type { HostPast } from '../../../model/past.ts';
import { paths } from '../../../desire/text/paths.ts';
import { sysctls } from '../../../desire/text/host.ts';
import { at, levelOf, type PastCheck, type Shortcoming } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

type Setting = HostPast['sysctlSettings'][number];

/** Higher wins among files of the same name (sysctl.d(5)). */
const folders = ['/usr/lib/sysctl.d', '/usr/local/lib/sysctl.d', '/run/sysctl.d', '/etc/sysctl.d'];

/**
 * Lines that undo kboot's kernel settings at the next boot, in the order of systemd-sysctl: files of all folders by
 * name, the last assignment of a setting wins, a pattern never sets what is assigned by name.
 */
export const sysctlFiles: PastCheck = (host, seen, cluster) => {
  if (!isNode(host)) return [];
  const wanted = new Map(sysctls(cluster).map(({ key, value }) => [key, value]));
  const lines = inOrder(seen.past);
  return lines.flatMap((line, index): Shortcoming[] => {
    const replaced = lines.some((other, later) => later > index && other.key === line.key);
    const after = nameOf(line.file) > nameOf(paths.sysctls);
    const broken = replaced ? undefined : brokenBy(line, after, wanted);
    if (line.file === paths.sysctls || broken === undefined) return [];
    return [
      {
        check: 'Sysctl',
        level: broken.weak ? 'warning' : levelOf(seen),
        message: `${at(line)} sets ${line.key} = ${line.value} at the next boot: ${broken.why}`,
        ...remedyFields(
          broken.value === '' ? remedies.removeLine : remedies.removeLineOrSet({ value: broken.value }),
        ),
      },
    ];
  });
};

/** The lines that are in force, in the order in which they are applied. */
export function inOrder({
  sysctlFiles: files,
  sysctlSettings,
}: Pick<HostPast, 'sysctlFiles' | 'sysctlSettings'>): readonly Setting[] {
  const rank = (file: string): number => folders.findIndex((folder) => file.startsWith(`${folder}/`));
  const winners = new Map<string, string>();
  for (const file of [...files].filter((each) => rank(each) >= 0).sort((a, b) => rank(a) - rank(b)))
    winners.set(nameOf(file), file);
  const order = [...winners.keys()].sort((a, b) => (a < b ? -1 : 1));
  return order.flatMap((name) => sysctlSettings.filter(({ file }) => file === winners.get(name)));
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

const disablesIPv6 = /^net\.ipv6\.conf\.(.+)\.disable_ipv6$/;
const forwarding = /^net\.ipv4\.(ip_forward|conf\.(.+)\.forwarding)$/;

function brokenBy(
  { key, value }: Setting,
  after: boolean,
  wanted: ReadonlyMap<string, string>,
): { readonly why: string; readonly value: string; readonly weak?: true } | undefined {
  const isPattern = /[*?[]/.test(key);
  const own = wanted.get(key);
  if (own !== undefined && !isPattern) {
    if (!after) return undefined;
    if (key.startsWith('fs.inotify.'))
      return Number(value) >= Number(own)
        ? undefined
        : { why: `Pods may run out of inotify watches; kboot sets ${own}`, value: own, weak: true };
    return value === own ? undefined : { why: `without ${key} = ${own}, Pods have no network`, value: own };
  }
  if (wanted.has('net.ipv6.conf.all.forwarding') && disablesIPv6.test(key) && value === '1')
    return { why: 'the cluster needs IPv6', value: '0' };
  const [, , device] = forwarding.exec(key) ?? [];
  if (device === undefined || value !== '0') return undefined;
  const noForwarding = 'the kernel then forwards no packets of Pods';
  // udev applies settings of an interface again when it appears, such as cni0: the order does not matter.
  const perInterface = isPattern ? matchesPods(device) : podLinks.includes(device);
  if (perInterface) return { why: `it also applies to the interfaces of Pods; ${noForwarding}`, value: '' };
  return after && (device === 'all' || device === 'default') ? { why: noForwarding, value: '1' } : undefined;
}

const podLinks = ['cni0', 'flannel.1', 'flannel-wg'];

/** Whether a glob such as `*` or `cni?` covers an interface of Pods. */
function matchesPods(glob: string): boolean {
  const source = glob
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  try {
    const pattern = new RegExp(`^${source}$`);
    return podLinks.some((link) => pattern.test(link));
  } catch {
    return false;
  }
}
