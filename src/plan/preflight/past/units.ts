import { isNode, loadBalancerHosts, etcdHosts, hasExternalEtcd } from '../../../model/cluster.ts';
import type { HostPast } from '../../../model/past.ts';
import { at, levelOf, type PastCheck, type Shortcoming } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

/** Settings of a drop-in that replace what kboot's unit says. Everything else, such as limits, adds to it. */
const replacing: readonly string[] = [
  'ExecStart',
  'User',
  'DynamicUser',
  'RootDirectory',
  'PrivateNetwork',
  'PrivateMounts',
];
const requiring: readonly string[] = ['Requires', 'Requisite', 'BindsTo', 'PartOf'];

/** Services that are there whenever kboot starts the kubelet or containerd. */
const always =
  /^(containerd|dbus|network|network-online|systemd-[\w-]+|NetworkManager|local-fs|sysinit|basic|chronyd?|ntpd?)(\.service|\.target|\.socket)?$/;

/** Drop-ins of the kubelet's and containerd's services that would replace kboot's command, or need what is not there. */
export const dropIns: PastCheck = (host, seen) => {
  if (!isNode(host)) return [];
  return (['kubelet', 'containerd'] as const).flatMap((unit) =>
    lastCommands(seen.past.unitSettings.filter((each) => each.unit === unit)).flatMap(
      (setting): Shortcoming[] => {
        const why = problemOf(setting);
        if (why === undefined) return [];
        return [
          {
            ...named[unit],
            level: levelOf(seen),
            message: `${at(setting)} ${why}`,
            ...remedyFields(remedies.removeSetting({ file: setting.file })),
          },
        ];
      },
    ),
  );
};

const named = { kubelet: { check: 'KubeletUnit' }, containerd: { check: 'ContainerdUnit' } } as const;

type Setting = HostPast['unitSettings'][number];

/**
 * Without commands that a later drop-in resets. kboot's own drop-in of the kubelet, 10-kubeadm.conf, resets those before it.
 */
function lastCommands(settings: readonly Setting[]): readonly Setting[] {
  const name = ({ file }: Setting): string => file.slice(file.lastIndexOf('/') + 1);
  return settings.filter(
    (setting) =>
      setting.key !== 'ExecStart' ||
      (setting.value !== '' && !(setting.unit === 'kubelet' && name(setting) < '10-kubeadm.conf')),
  );
}

function problemOf({ unit, key, value }: Setting): string | undefined {
  if (key === 'ExecStart') return `replaces the command that starts ${unit}: ${programOf(value)}`;
  if (key === 'User' && ['', 'root', '0'].includes(value)) return undefined;
  if (replacing.includes(key) && !['', 'no', 'false', '0', '/'].includes(value))
    return `sets ${key}=${value} for ${unit}, which runs as root on the host itself`;
  if (!requiring.includes(key)) return undefined;
  const foreign = value
    .split(/\s+/)
    .filter((name) => name !== '' && !always.test(name) && !/\.(mount|slice|device)$/.test(name));
  return foreign.length === 0 ? undefined : `makes ${unit} depend on ${foreign.join(', ')} (${key}=)`;
}

/** Only the program: its arguments may contain a secret. */
function programOf(command: string): string {
  return command.split(/\s+/)[0] ?? '';
}

/** Services that kboot sets up here, but that the host's administrator masked. */
export const maskedUnits: PastCheck = (host, seen, cluster) => {
  const balances = loadBalancerHosts(cluster).includes(host);
  const etcd = hasExternalEtcd(cluster) && etcdHosts(cluster).includes(host);
  const wanted = [
    ...(isNode(host) ? ['kubelet', 'containerd'] : []),
    ...(balances ? ['haproxy', 'keepalived'] : []),
    ...(etcd ? ['etcd'] : []),
  ];
  return seen.past.maskedUnits
    .filter((unit) => wanted.includes(unit))
    .map((unit) => ({
      check: 'MaskedUnit',
      level: 'error',
      message: `${unit}.service is masked (/etc/systemd/system/${unit}.service leads to /dev/null): it cannot start`,
      ...remedyFields(remedies.unmask({ unit })),
    }));
};

/** Active services of another Kubernetes, and of tools that break Pods' traffic. */
export const activeUnits: PastCheck = (host, seen) => {
  if (!isNode(host)) return [];
  const cloud = seen.past.activeUnits.filter((unit) => unit.startsWith('nm-cloud-setup.'));
  const foreign = seen.past.activeUnits.filter((unit) => !cloud.includes(unit));
  return [
    ...(foreign.length === 0
      ? []
      : [
          {
            check: 'ForeignKubernetes' as const,
            level: levelOf(seen),
            message: `another Kubernetes runs here: ${foreign.join(', ')}`,
            ...remedyFields(remedies.removeKubernetes({ units: foreign.join(' ') })),
          },
        ]),
    ...(cloud.length === 0
      ? []
      : [
          {
            check: 'ForeignNetwork' as const,
            level: levelOf(seen),
            message: `${cloud.join(', ')} is active: it adds routing rules for this machine's addresses, which Pods' answers do not pass`,
            ...remedyFields(remedies.disableCloudSetup),
          },
        ]),
  ];
};

/** A kubelet of the distribution's package manager, whose update would replace kboot's. */
export const kubeletPackage: PastCheck = (host, seen) =>
  !isNode(host) || seen.past.kubeletPackage !== 'installed'
    ? []
    : [
        {
          check: 'KubeletPackage',
          level: 'warning',
          message:
            'the package kubelet is installed; its next update replaces /usr/bin/kubelet with another version',
          ...remedyFields(remedies.holdPackages),
        },
      ];
