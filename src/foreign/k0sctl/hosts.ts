import { given } from '../../inventory/build-value.ts';
import { few } from '../../model/few.ts';
import type { Role } from '../../model/cluster.ts';
import { isAddress, isName, isNodeAddress, plainTarget } from '../addresses.ts';
import { argumentPairs, never, partOf } from '../component-rules.ts';
import { asKbootDoes, left, type Outcome } from '../outcome.ts';
import type { ForeignDocument } from '../problem.ts';
import { taintOf } from '../taints.ts';
import type { TreeRule, TreeRules } from '../tree-rules.ts';
import type { ForeignBastion, ForeignField, ForeignHost, ForeignSsh } from '../types.ts';
import { flagOf, listOf, textOf, wholeOf } from '../values.ts';
import { recordOf } from '../../model/record.ts';

const roles: Readonly<Record<string, readonly Role[]>> = {
  controller: ['control-plane'],
  'controller+worker': ['control-plane', 'worker'],
  single: ['control-plane', 'worker'],
  worker: ['worker'],
};

const k0sFiles = never('there is no binary of k0s');
const notSsh = never('kboot reaches hosts by SSH, with settings of its own: spec.ssh, spec.hosts[].ssh');
const jump = 'spec.hosts[].ssh.bastion';

/** What becomes of the keys of a host. */
export const hostRules: TreeRules = {
  'spec.hosts[].role': (value) =>
    textOf(value) === 'controller'
      ? { became: 'spec.hosts[].roles', why: 'its control planes are Nodes, too, with the usual taint' }
      : { became: 'spec.hosts[].roles' },
  'spec.hosts[].noTaints': partOf('spec.hosts[].roles'),
  'spec.hosts[].hostname': partOf('spec.hosts[].name'),
  'spec.hosts[].privateAddress': partOf('spec.hosts[].address'),
  'spec.hosts[].privateInterface': never('a host has an address of a node; --look shows the interfaces'),
  'spec.hosts[].localhost.enabled': (value) =>
    flagOf(value) === true ? { became: 'spec.hosts[].connection' } : asKbootDoes('SSH'),
  ...Object.fromEntries(
    ['ssh', 'openSSH'].flatMap((kind): [string, TreeRule][] => [
      [
        `spec.hosts[].${kind}.address`,
        partOf(
          'spec.hosts[].ssh.address',
          kind === 'ssh' ? undefined : 'as it is: kboot does not read the configuration of ssh',
        ),
      ],
      [`spec.hosts[].${kind}.user`, partOf('spec.hosts[].ssh.user')],
      [`spec.hosts[].${kind}.port`, partOf('spec.hosts[].ssh.port')],
      [`spec.hosts[].${kind}.keyPath`, partOf('spec.hosts[].ssh.identityFile')],
      [`spec.hosts[].${kind}.hostKey`, partOf('spec.hosts[].ssh.hostKey')],
      [`spec.hosts[].${kind}.options`, notSsh],
      [`spec.hosts[].${kind}.configPath`, never('kboot does not read the configuration of ssh')],
      [`spec.hosts[].${kind}.disableMultiplexing`, notSsh],
      ...['address', 'user', 'port', 'keyPath', 'hostKey'].map((key): [string, TreeRule] => [
        `spec.hosts[].${kind}.bastion.${key}`,
        partOf(jump),
      ]),
      [`spec.hosts[].${kind}.bastion.bastion`, never('kboot jumps through one bastion')],
    ]),
  ),
  'spec.hosts[].winRM': never('kboot has Linux hosts only'),
  'spec.hosts[].winrm': never('kboot has Linux hosts only'),
  'spec.hosts[].installFlags': (value) => flagsOutcome(value),
  'spec.hosts[].environment': never('write the proxy as spec.proxy; kboot sets no other variables'),
  'spec.hosts[].files': never('write them as spec.files, which also restart what reads them, or as a hook'),
  'spec.hosts[].hooks': never(
    'write them as spec.hooks: those run as root, before or after a stage of every run that changes it',
  ),
  'spec.hosts[].dataDir': never('the folders of kubelet and containerd are those of kubeadm'),
  'spec.hosts[].kubeletRootDir': never('the folder of the kubelet is that of kubeadm'),
  'spec.hosts[].uploadBinary': never(
    'hosts download files, or get them from a bundle: --bundle, spec.artifacts',
  ),
  'spec.hosts[].useExistingK0s': k0sFiles,
  'spec.hosts[].k0sBinaryPath': k0sFiles,
  'spec.hosts[].k0sInstallPath': k0sFiles,
  'spec.hosts[].k0sDownloadURL': k0sFiles,
  'spec.hosts[].os': never('kboot finds the distribution out'),
  'spec.hosts[].reset': never('a host that is to be removed is left out, if it says so'),
};

/** Flags of `k0s install` that say what an inventory says. */
function flagsOutcome(value: unknown): Outcome {
  const names = (argumentPairs(value) ?? []).map(([name]) => name);
  const known = names.filter((name) => takenFlags.includes(name));
  const others = names.filter((name) => !takenFlags.includes(name));
  const why = `${few(
    others.map((name) => `--${name}`),
    5,
  )}: kboot does not run k0s`;
  if (known.length === 0) return left(others.length === 0 ? 'it is empty' : why);
  return {
    became: 'spec.hosts[].roles, labels, taints and kubelet.extraArgs',
    ...(others.length > 0 && { why }),
  };
}

const takenFlags = ['enable-worker', 'no-taints', 'single', 'labels', 'taints', 'kubelet-extra-args'];

/** The hosts of a file of k0sctl. Throws KbootError E-USAGE for one that is not a host. */
export function hostsOf(document: ForeignDocument): readonly ForeignHost[] {
  const list = listOf(recordOf(recordOf(document.data)?.['spec'])?.['hosts']);
  if (list === undefined || list.length === 0)
    throw document.fault(['spec', 'hosts'], 'must list at least one host');
  return list.flatMap((item, index) => {
    const path = ['spec', 'hosts', index];
    const host = recordOf(item);
    if (host === undefined) throw document.fault(path, 'must be a host, a mapping with role and ssh');
    if (flagOf(host['reset']) === true || host['winRM'] !== undefined || host['winrm'] !== undefined)
      return [];
    return [hostOf(document, path, host)];
  });
}

function hostOf(
  document: ForeignDocument,
  path: readonly (string | number)[],
  host: Readonly<Record<string, unknown>>,
): ForeignHost {
  const flags = new Map(argumentPairs(host['installFlags']) ?? []);
  const isOn = (flag: string): boolean => (flags.get(flag) ?? 'false') !== 'false';
  const stated = textOf(host['role']) ?? '';
  const role = isOn('single') ? 'single' : isOn('enable-worker') ? 'controller+worker' : stated;
  const known = roles[role];
  if (known === undefined)
    throw document.fault([...path, 'role'], 'must be controller, worker, controller+worker or single');
  const noTaints = isOn('no-taints') || flagOf(host['noTaints']) === true || role === 'single';
  const kind = host['ssh'] === undefined && host['openSSH'] !== undefined ? 'openSSH' : 'ssh';
  const isLocal = flagOf(recordOf(host['localhost'])?.['enabled']) === true;
  const login = recordOf(host[kind]);
  if (login === undefined && !isLocal)
    throw document.fault(path, 'must have ssh, openSSH or localhost, which says how it is reached');
  const ssh =
    login === undefined ? {} : loginOf(document, [...path, kind], login, kind === 'ssh' ? 'root' : undefined);
  const name = textOf(host['hostname']);
  const address = textOf(host['privateAddress']);
  return {
    at: document.at(path),
    ...(name !== undefined && { name }),
    // k0s gives such a control plane the usual taint, as kubeadm does, unless it is told not to.
    roles: role === 'controller+worker' && !noTaints ? ['control-plane'] : known,
    hints: [],
    ...(address !== undefined && isNodeAddress(address) && { address }),
    ...{ ssh, isLocal },
    fields: flagFields(flags, document, [...path, 'installFlags']),
  };
}

function loginOf(
  document: ForeignDocument,
  path: readonly (string | number)[],
  login: Readonly<Record<string, unknown>>,
  preset: string | undefined,
): ForeignSsh & { readonly address: string } {
  const stated = textOf(login['address']);
  const address = stated === undefined ? undefined : plainTarget(stated);
  if (address === undefined || !(isAddress(address) || isName(address)))
    throw document.fault(
      address === undefined ? path : [...path, 'address'],
      address === undefined ? 'must have an address' : 'must be an address or a DNS name',
    );
  const user = textOf(login['user']) ?? preset;
  const port = wholeOf(login['port']);
  if (login['port'] !== undefined && (port === undefined || port < 1 || port > 65535))
    throw document.fault([...path, 'port'], 'must be a port from 1 to 65535');
  const identityFile = textOf(login['keyPath']);
  const hostKey = textOf(login['hostKey']);
  const jumpHost = recordOf(login['bastion']);
  const bastion = jumpHost && loginOf(document, [...path, 'bastion'], jumpHost, preset);
  return {
    address,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(identityFile !== undefined && { identityFile }),
    ...(hostKey !== undefined && { hostKey }),
    ...(bastion !== undefined && { bastion: withoutBastion(bastion) }),
  };
}

function withoutBastion(login: ForeignSsh & { readonly address: string }): ForeignBastion {
  const { address, user, port, identityFile, hostKey } = login;
  return {
    address,
    ...given('user', user),
    ...given('port', port),
    ...given('identityFile', identityFile),
    ...given('hostKey', hostKey),
  };
}

/** `--labels=zone=a,ssd=yes`, `--taints=dedicated=db:NoSchedule`, `--kubelet-extra-args=--v=4 --max-pods=200` */
function flagFields(
  flags: ReadonlyMap<string, string>,
  document: ForeignDocument,
  path: readonly (string | number)[],
): readonly ForeignField[] {
  const at = document.at(path);
  const key = 'spec.hosts[].installFlags';
  const labels = (flags.get('labels') ?? '').split(',').filter((each) => each.includes('='));
  const taints = (flags.get('taints') ?? '').split(',').flatMap((each) => taintOf(each) ?? []);
  const kubelet = argumentPairs((flags.get('kubelet-extra-args') ?? '').split(/\s+/).filter(Boolean)) ?? [];
  return [
    ...labels.map((label) => {
      const [name = '', value = ''] = label.split(/=(.*)/s);
      return { path: ['labels', name.trim()], value: value.trim(), key, at };
    }),
    ...taints.map((taint) => ({ path: ['taints', -1], value: taint, key, at })),
    ...kubelet.map(([name, value]) => ({
      path: ['kubelet', 'extraArgs', -1],
      value: { name, value },
      key,
      at,
    })),
  ];
}
