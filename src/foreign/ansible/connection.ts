import { isAddress, isName, plainTarget } from '../addresses.ts';
import { asKbootDoes, left, type Outcome } from '../outcome.ts';
import { unreadable } from '../problem.ts';
import type { ForeignSsh } from '../types.ts';
import { flagOf, textOf, wholeOf } from '../values.ts';
import type { AnsibleHost } from './inventory.ts';
import { sshArguments, type SshArguments } from './ssh-arguments.ts';
import { isUnknowable, valueOf, type Unknowable } from './template.ts';

/** How Ansible reaches a host. `other`: not by SSH. */
export interface AnsibleConnection {
  readonly kind: 'ssh' | 'local' | 'other';
  readonly ssh: ForeignSsh;
}

/** Names of the same setting; the first that is set counts. */
const names = {
  address: ['ansible_host', 'ansible_ssh_host'],
  user: ['ansible_user', 'ansible_ssh_user', 'remote_user'],
  port: ['ansible_port', 'ansible_ssh_port'],
  identityFile: ['ansible_ssh_private_key_file', 'ansible_private_key_file', 'ansible_ssh_key_file'],
  common: ['ansible_ssh_common_args'],
  extra: ['ansible_ssh_extra_args'],
  all: ['ansible_ssh_args'],
} as const;

type Setting = keyof typeof names;

const become = {
  become: ['ansible_become', 'ansible_sudo'],
  method: ['ansible_become_method'],
  user: ['ansible_become_user', 'ansible_sudo_user'],
} as const;

/** Ansible's plugins that are SSH. */
const sshPlugins = ['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'ansible.builtin.ssh', 'libssh'];

function read(setting: Setting, host: AnsibleHost): unknown {
  for (const name of names[setting]) {
    const known = valueOf(name, host);
    if (known !== undefined && !isUnknowable(known) && textOf(known.value) !== undefined) return known.value;
  }
  return undefined;
}

function argumentsOf(host: AnsibleHost): SshArguments {
  return (['all', 'common', 'extra'] as const).reduce<SshArguments>(
    (found, setting) => ({ ...found, ...sshArguments(textOf(read(setting, host)) ?? '') }),
    { left: [] },
  );
}

/** How a host is reached, as far as its variables say and kboot can do it. */
export function connectionOf(host: AnsibleHost): AnsibleConnection {
  const plugin = valueOf('ansible_connection', host);
  const kind = plugin === undefined || isUnknowable(plugin) ? 'ssh' : (textOf(plugin.value) ?? 'ssh');
  const { user: argumentUser, port: argumentPort, identityFile: argumentKey, bastion } = argumentsOf(host);
  const address = addressOf(host);
  const user = textOf(read('user', host)) ?? argumentUser;
  const port = portIn(read('port', host)) ?? argumentPort;
  const identityFile = textOf(read('identityFile', host)) ?? argumentKey;
  return {
    kind: sshPlugins.includes(kind) ? 'ssh' : kind === 'local' ? 'local' : 'other',
    ssh: {
      ...(address !== undefined && { address }),
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port }),
      ...(identityFile !== undefined && { identityFile }),
      ...(bastion !== undefined && { bastion }),
    },
  };
}

/**
 * Where SSH connects. Throws KbootError E-USAGE for a text that is neither an address nor a name: without it, SSH would
 * connect to what has the name of the host, which may be another machine.
 */
function addressOf(host: AnsibleHost): string | undefined {
  const stated = textOf(read('address', host));
  if (stated === undefined) return undefined;
  const address = plainTarget(stated);
  if (isTarget(address)) return address;
  const name = names.address.find((each) => host.vars.has(each)) ?? names.address[0];
  throw unreadable(
    host.vars.get(name)?.at ?? host.at,
    `${name} of ${host.name} must be an IP address without a zone, or a DNS name, not "${stated.slice(0, 80)}"`,
  );
}

function isTarget(text: string): boolean {
  return isAddress(text) || isName(text);
}

function portIn(value: unknown): number | undefined {
  const port = wholeOf(value);
  return port !== undefined && port >= 1 && port <= 65535 ? port : undefined;
}

/** What becomes of a variable about the connection to a host; undefined: it is about something else. */
export function connectionOutcome(name: string, host: AnsibleHost): Outcome | undefined {
  const setting = settingOf(name);
  const known = valueOf(name, host) ?? { why: 'nothing defines it' };
  if (setting !== undefined)
    return isUnknowable(known) ? left(known.why) : settingOutcome(setting, known.value);
  if (['ip', 'access_ip', 'node_ip', 'ip6'].includes(name)) return addressOutcome(name, known);
  if (name === 'ansible_connection') {
    const { kind } = connectionOf(host);
    if (kind === 'local') return { became: 'spec.hosts[].connection' };
    return kind === 'ssh' ? asKbootDoes('SSH') : left('kboot reaches hosts by SSH only');
  }
  if ((become.become as readonly string[]).includes(name))
    return !isUnknowable(known) && flagOf(known.value) === false
      ? left('kboot needs root: it uses sudo, unless the user is root')
      : asKbootDoes('sudo, unless the user is root');
  if ((become.method as readonly string[]).includes(name))
    return isUnknowable(known) || textOf(known.value) !== 'sudo'
      ? left('kboot becomes root by sudo only')
      : asKbootDoes('sudo');
  if ((become.user as readonly string[]).includes(name))
    return isUnknowable(known) || textOf(known.value) !== 'root'
      ? left('kboot becomes root, and no other user')
      : asKbootDoes('root');
  if (/^ansible_(ssh_|sudo_|become_)?pass(word)?$/.test(name))
    return left(
      'a password: kboot asks for it, or reads KBOOT_SSH_PASSWORD and KBOOT_SUDO_PASSWORD; an inventory has none',
    );
  if (/^ansible_.*interpreter$/.test(name)) return left('kboot needs no interpreter on hosts but sh');
  if (name === 'etcd_member_name') return left('members of etcd have the names of their hosts');
  return undefined;
}

function settingOf(name: string): Setting | undefined {
  return (Object.keys(names) as Setting[]).find((setting) =>
    (names[setting] as readonly string[]).includes(name),
  );
}

function settingOutcome(setting: Setting, value: unknown): Outcome {
  const text = textOf(value);
  if (text === undefined) return left('it is empty');
  switch (setting) {
    case 'address':
      return { became: 'spec.hosts[].ssh.address' };
    case 'port':
      return portIn(value) === undefined ? left('it is not a port') : { became: 'spec.hosts[].ssh.port' };
    case 'user':
    case 'identityFile':
      return { became: `spec.hosts[].ssh.${setting}` };
    case 'common':
    case 'extra':
    case 'all': {
      const { bastion, left: rest, ...own } = sshArguments(text);
      const fields = [...(bastion === undefined ? [] : ['bastion']), ...Object.keys(own)];
      const why = rest.map(({ option, why: each }) => `${option}: ${each}`).join('; ');
      return {
        ...(fields.length > 0 && { became: fields.map((field) => `spec.hosts[].ssh.${field}`).join(', ') }),
        ...(why !== '' ? { why } : fields.length === 0 && { why: 'it says nothing that kboot needs' }),
      };
    }
  }
}

function addressOutcome(name: string, known: { readonly value: unknown } | Unknowable): Outcome {
  if (isUnknowable(known)) return left(known.why);
  const text = textOf(known.value);
  if (text === undefined || !isAddress(text)) return left('it is not an address');
  return name === 'access_ip'
    ? { became: 'spec.hosts[].address', why: 'unless ip says another one' }
    : { became: 'spec.hosts[].address' };
}
