import { given } from '../../inventory/build-value.ts';
import { plural } from '../../model/plural.ts';
import { few } from '../../model/few.ts';
import { isAddress, isName, isNodeAddress } from '../addresses.ts';
import { left, type Outcome } from '../outcome.ts';
import { unreadable } from '../problem.ts';
import { isBastion } from '../roles.ts';
import type { Foreign, ForeignBastion, ForeignField, ForeignHost, SeenKey } from '../types.ts';
import { flagOf, textOf } from '../values.ts';
import { connectionOf, connectionOutcome } from './connection.ts';
import { meaningsOf, rolesOf } from './groups.ts';
import {
  readAnsibleInventory,
  type AnsibleHost,
  type AnsibleInventory,
  type ForeignText,
  type VariableFile,
} from './inventory.ts';
import { clusterRules, hostRules, leftVariable } from './kubespray.ts';
import { isUnknowable, valueOf } from './template.ts';

/**
 * What an inventory of Ansible says, with the names of groups and variables that Kubespray and others use. `files`: of
 * group_vars and host_vars. Throws KbootError E-USAGE for the first problem, with its place.
 */
export function readAnsible(
  main: ForeignText,
  files: readonly VariableFile[],
  knownVersions: readonly string[],
): Foreign {
  const inventory = readAnsibleInventory(main, files);
  const bastions = inventory.hosts.filter(isJump);
  const others = inventory.hosts.filter((host) => !bastions.includes(host));
  // Once groups say roles, a host without one is of something else, such as a file server.
  const grouped = others.filter((host) => rolesOf(host, false) !== undefined);
  const members = grouped.length > 0 ? grouped : others;
  const machines = members.filter((host) => connectionOf(host).kind !== 'other');
  if (machines.length === 0)
    throw unreadable({ file: main.file, line: 1, column: 1 }, 'this inventory has no host that SSH reaches');
  const [bastion] = bastions;
  const jump = bastion === undefined ? undefined : bastionOf(bastion);
  const planes = machines.filter((host) => meaningsOf(host).has('control-plane'));
  const etcd = machines.filter((host) => meaningsOf(host).has('etcd'));
  const apart = etcd.filter((member) => !planes.includes(member));
  // Members on their own hosts are a cluster of their own; any on a control plane makes it the control planes' etcd.
  const stacked = planes.length > 0 && apart.length < etcd.length;
  const hosts = machines.map((host) => hostOf(host, jump, stacked));
  const cluster = clusterFields(machines, planes, knownVersions);
  return {
    what: 'an Ansible inventory',
    hosts,
    fields: cluster.fields,
    keys: [
      ...inventory.groups.flatMap((group) => groupKey(group, machines)),
      ...keysOf(inventory, [...members, ...(bastion === undefined ? [] : [bastion])], cluster.outcomes),
      ...others.flatMap((host) => leftHost(host, members)),
    ],
    guesses: [
      ...(bastions.length > 1
        ? [
            `${few(
              bastions.map(({ name }) => name),
              3,
            )} are hosts to jump through; kboot uses one: ${bastion?.name ?? ''}`,
          ]
        : []),
      ...(stacked && apart.length > 0
        ? [
            `etcd runs on the control planes: kboot has its members there or on hosts of their own, not on both (${few(
              apart.map(({ name }) => name),
              3,
            )})`,
          ]
        : []),
      ...cluster.guesses,
    ],
  };
}

/** What a group became: roles of the hosts in it. */
function groupKey(
  { name, at }: AnsibleInventory['groups'][number],
  machines: readonly AnsibleHost[],
): readonly SeenKey[] {
  const key = `group ${name}`;
  if (name === 'all' || name === 'ungrouped') return [];
  const isDirect = machines.some(({ directly }) => directly.includes(name));
  const meanings = meaningsOf({ groups: [name], directly: isDirect ? [name] : [] });
  if (meanings.has('bastion')) return [{ key, at, became: 'spec.ssh.bastion' }];
  return meanings.size > 0
    ? [{ key, at, became: 'spec.hosts[].roles' }]
    : [{ key, at, why: 'its name says no role in a cluster' }];
}

/** A host to jump through, and not one of the cluster. */
function isJump(host: AnsibleHost): boolean {
  if (rolesOf(host, false) !== undefined) return false;
  return meaningsOf(host).has('bastion') || isBastion(host.name);
}

/** A host that is not taken over: of another kind, or in no group of the cluster. */
function leftHost(host: AnsibleHost, members: readonly AnsibleHost[]): readonly SeenKey[] {
  const key = `host ${host.name}`;
  if (!members.includes(host))
    return [{ key, at: host.at, why: 'it is in no group whose name says a role in a cluster' }];
  return connectionOf(host).kind === 'other'
    ? [{ key, at: host.at, why: 'kboot has Linux hosts that SSH reaches, and no others' }]
    : [];
}

function bastionOf(host: AnsibleHost): ForeignBastion {
  const { address = host.name, user, port, identityFile } = connectionOf(host).ssh;
  return { address, ...given('user', user), ...given('port', port), ...given('identityFile', identityFile) };
}

function hostOf(host: AnsibleHost, jump: ForeignBastion | undefined, stacked: boolean): ForeignHost {
  const { ssh, kind } = connectionOf(host);
  const { name, at } = host;
  const roles = rolesOf(host, stacked);
  const address =
    nodeAddressOf(host) ??
    (ssh.address !== undefined && isNodeAddress(ssh.address) ? ssh.address : undefined);
  const bastion = ssh.bastion ?? (jump !== undefined && kind === 'ssh' ? jump : undefined);
  // The name of a host is its address for SSH, unless ansible_host says another.
  const target = ssh.address ?? (isAddress(name) || isName(name) ? name : undefined);
  return {
    ...{ at, name, hints: [name], isLocal: kind === 'local' },
    ...(roles !== undefined && { roles }),
    ...((address ?? (isNodeAddress(name) ? name : undefined)) !== undefined && { address: address ?? name }),
    ssh: {
      ...ssh,
      ...(target !== undefined && { address: target }),
      ...(bastion !== undefined && { bastion }),
    },
    fields: Object.keys(hostRules).flatMap((key) => {
      const variable = host.vars.get(key);
      const known = valueOf(key, host);
      if (variable === undefined || known === undefined || isUnknowable(known)) return [];
      const { fields = [] } = hostRules[key]?.(known.value) ?? {};
      return fields.map((field) => ({ ...field, key, at: variable.at }));
    }),
  };
}

/** Kubespray's `access_ip` is what other nodes use, and `ip` what components listen on; `ip6` is the second one. */
function nodeAddressOf(host: AnsibleHost): string | undefined {
  const read = (name: string): string | undefined => {
    const known = valueOf(name, host);
    const text = known === undefined || isUnknowable(known) ? undefined : textOf(known.value);
    return text !== undefined && isNodeAddress(text) ? text : undefined;
  };
  const first = read('ip') ?? read('access_ip') ?? read('node_ip');
  const second = read('ip6');
  return first === undefined || second === undefined || !isDualStack(host) ? first : `${first},${second}`;
}

function isDualStack(host: AnsibleHost): boolean {
  return ['enable_dual_stack_networks', 'ipv6_stack'].some((name) => {
    const known = valueOf(name, host);
    return known !== undefined && !isUnknowable(known) && flagOf(known.value) === true;
  });
}

/** What the variables that are about the cluster become, by name. They are read where Kubespray uses them first. */
function clusterFields(
  machines: readonly AnsibleHost[],
  planes: readonly AnsibleHost[],
  knownVersions: readonly string[],
): {
  readonly fields: readonly ForeignField[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly guesses: readonly string[];
} {
  const order = [...planes, ...machines];
  const owner = (name: string): AnsibleHost | undefined => order.find(({ vars }) => vars.has(name));
  const get = (name: string): unknown => {
    const host = owner(name);
    const known = host && valueOf(name, host);
    return known === undefined || isUnknowable(known) ? undefined : known.value;
  };
  const fields: ForeignField[] = [];
  const outcomes = new Map<string, Outcome>();
  const guesses: string[] = [];
  for (const [name, rule] of Object.entries(clusterRules)) {
    const host = owner(name);
    const variable = host?.vars.get(name);
    if (host === undefined || variable === undefined) continue;
    const known = valueOf(name, host);
    const outcome =
      known === undefined || isUnknowable(known)
        ? left(known?.why ?? 'nothing defines it')
        : rule(known.value, { get, knownVersions });
    outcomes.set(name, outcome);
    fields.push(...(outcome.fields ?? []).map((field) => ({ ...field, key: name, at: variable.at })));
    const other = machines.filter(
      (each) =>
        each.vars.has(name) && JSON.stringify(each.vars.get(name)?.value) !== JSON.stringify(variable.value),
    );
    if (other.length > 0 && outcome.fields !== undefined)
      guesses.push(`${name} differs between hosts; that of ${host.name} was taken`);
  }
  return { fields, outcomes, guesses };
}

/** Every place where a variable is defined, with what became of it. */
function keysOf(
  inventory: AnsibleInventory,
  hosts: readonly AnsibleHost[],
  cluster: ReadonlyMap<string, Outcome>,
): readonly SeenKey[] {
  const outcomes = new Map<string, Outcome>();
  const outcome = (name: string): Outcome => {
    const known = outcomes.get(name) ?? outcomeOf(name, hosts, cluster);
    outcomes.set(name, known);
    return known;
  };
  return [
    ...inventory.seen.map(({ name, at }): SeenKey => {
      const { became, why } = outcome(name);
      return { key: name, at, ...(became !== undefined && { became }), ...(why !== undefined && { why }) };
    }),
    ...inventory.vaults.map((file): SeenKey => ({
      key: 'the whole file',
      at: { file, line: 1, column: 1 },
      why: 'it is encrypted with Ansible Vault',
    })),
  ];
}

function outcomeOf(
  name: string,
  hosts: readonly AnsibleHost[],
  cluster: ReadonlyMap<string, Outcome>,
): Outcome {
  const known = cluster.get(name);
  if (known !== undefined) return known;
  const owners = hosts.filter(({ vars }) => vars.has(name));
  if (owners.length === 0) return left('no host has it');
  const rule = hostRules[name];
  const results = owners.map((host): Outcome => {
    const connection = connectionOutcome(name, host);
    if (connection !== undefined) return connection;
    if (rule === undefined) return leftVariable(name);
    const value = valueOf(name, host);
    return value === undefined || isUnknowable(value) ? left(value?.why ?? '') : rule(value.value);
  });
  // What failed on some hosts must not hide behind those where it was taken over.
  const failed = results.filter(({ became }) => became === undefined);
  const [first] = results;
  const [bad] = failed;
  if (bad === undefined && owners.every(isJump)) return { ...first, became: 'spec.ssh.bastion' };
  if (bad === undefined || failed.length === results.length) return bad ?? first ?? {};
  const names = few(
    owners.flatMap((host, index) => (results[index]?.became === undefined ? [host.name] : [])),
    3,
  );
  return { ...first, why: `not of ${plural(failed.length, 'host')} (${names}): ${bad.why ?? ''}` };
}
