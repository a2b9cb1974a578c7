import { describePath, error, warning, type Problem, type Path } from '../position.ts';
import type { OutlineHost } from '../outline.ts';
import type { Check, CheckInput } from './check.ts';

/** Vagrant's VirtualBox machines all have this address on their first interface. */
const vagrantNat = '10.0.2.15';

export const namesAreUnique: Check = ({ outline, lineOf }) => {
  const seen = new Map<string, Path>();
  return outline.hosts.flatMap((host) => {
    const name = host.draft.name;
    if (name === undefined) return [];
    const path = [...host.path, 'name'];
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, path);
      return [];
    }
    return [
      error(
        path,
        `${describePath(path)} ${name} is already the name of another host (line ${lineOf(first)})`,
      ),
    ];
  });
};

export const addressesAreUnique: Check = ({ outline, lineOf }) => {
  const seen = new Map<string, OutlineHost>();
  const findings: Problem[] = [];
  for (const host of outline.hosts) {
    for (const { text } of host.addresses) {
      if (text === vagrantNat) continue;
      const first = seen.get(text);
      if (first === undefined) seen.set(text, host);
      else {
        const where = `${describePath(host.addressPath)} ${text}`;
        findings.push(
          error(host.addressPath, `${where} is already ${first.label}'s (line ${lineOf(first.addressPath)})`),
        );
      }
    }
  }
  return findings;
};

export const natAddressIsNotUsed: Check = ({ outline }) => {
  const hosts = outline.hosts.filter((host) => host.addresses.some(({ text }) => text === vagrantNat));
  const make = hosts.length > 1 ? error : warning;
  return hosts.map((host) =>
    make(
      host.addressPath,
      `${describePath(host.addressPath)} ${vagrantNat} is the NAT address that every Vagrant machine has; ` +
        `give ${host.label} the address of its private network`,
    ),
  );
};

export const addressIsGiven: Check = ({ outline }) =>
  outline.hosts.flatMap((host) => {
    if (host.addresses.length > 0 || 'address' in host.draft) return [];
    const ssh = host.draft.ssh;
    if (ssh !== undefined && 'address' in ssh && ssh.address === undefined) return [];
    const why =
      ssh?.address === undefined
        ? ''
        : `: ssh.address ${ssh.address} is a name, and a node needs an IP address`;
    return [error([...host.path, 'address'], `${describePath(host.path)}.address is missing${why}`)];
  });

export const localIsThisMachine: Check = ({ outline }) => {
  let first: OutlineHost | undefined;
  return outline.hosts.flatMap((host) => {
    if (host.draft.connection !== 'local') return [];
    const path = [...host.path, 'connection'];
    const findings: Problem[] = [];
    if (host.draft.ssh !== undefined) {
      const message = `${describePath(host.path)}.ssh cannot be combined with connection: local; remove one of them`;
      findings.push({ ...error([...host.path, 'ssh'], message), at: 'key' });
    }
    if (first !== undefined) {
      const message = `${describePath(path)} is local, but this machine is already ${first.label}`;
      findings.push(error(path, message));
    }
    first ??= host;
    return findings;
  });
};

/** Vagrant provides user, port, address and key of its machines; the inventory must not set them as well. */
export const vagrantSaysHow: Check = ({ draft, outline }) => {
  const besides = (ssh: object | undefined, path: Path): Problem[] =>
    Object.keys(ssh ?? {})
      .filter((key) => key !== 'vagrant')
      .map((key) => ({
        ...error(
          [...path, key],
          `${describePath([...path, key])} cannot be combined with ssh.vagrant, which provides the connection settings; remove one of them`,
        ),
        at: 'key',
      }));
  const shared = draft.spec?.ssh;
  const sharedCounts = shared !== undefined && 'vagrant' in shared;
  return [
    ...(sharedCounts ? besides(shared, ['spec', 'ssh']) : []),
    ...outline.hosts.flatMap(({ draft: { ssh, connection }, path }) =>
      connection !== 'local' && (sharedCounts || (ssh !== undefined && 'vagrant' in ssh))
        ? besides(ssh, [...path, 'ssh'])
        : [],
    ),
  ];
};

/** Two hosts with the same SSH address and port are one machine, unless they are reached through different bastions. */
export const sshTargetsAreUnique: Check = (input) => {
  const seen = new Map<string, OutlineHost>();
  return input.outline.hosts.flatMap((host) => {
    const address = host.draft.ssh?.address;
    if (address === undefined || host.draft.connection === 'local') return [];
    const port = sshPort(input, host);
    const bastion = host.draft.ssh?.bastion ?? input.draft.spec?.ssh?.bastion;
    const target = `${address.toLowerCase()} port ${port}`;
    const key = `${target} via ${bastion?.address ?? ''}:${bastion?.port ?? ''}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, host);
      return [];
    }
    // Already reported for the node addresses where they default to ssh.address.
    if (!('address' in host.draft) && !('address' in first.draft)) return [];
    const path = [...host.path, 'ssh', 'address'];
    const line = input.lineOf([...first.path, 'ssh', 'address']);
    return [error(path, `${describePath(path)} ${target} is already used by ${first.label} (line ${line})`)];
  });
};

export const taintsAreUnique: Check = ({ outline }) =>
  outline.hosts.flatMap((host) => {
    const seen = new Set<string>();
    return (host.draft.taints ?? []).flatMap((taint, index) => {
      if (taint?.key === undefined || taint.effect === undefined) return [];
      const id = `${taint.key}:${taint.effect}`;
      const path = [...host.path, 'taints', index];
      if (seen.has(id)) return [error(path, `${describePath(path)} repeats the taint ${id}`)];
      seen.add(id);
      return [];
    });
  });

/** The effective SSH port of a host. */
export function sshPort(input: Pick<CheckInput, 'draft'>, host: OutlineHost): number {
  return host.draft.ssh?.port ?? input.draft.spec?.ssh?.port ?? 22;
}
