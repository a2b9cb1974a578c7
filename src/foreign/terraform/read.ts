import { given } from '../../inventory/build-value.ts';
import { role } from '../../inventory/fields.ts';
import { withoutNulls } from '../../inventory/hosts-from.ts';
import { readJson } from '../../inventory/json-document.ts';
import type { Path } from '../../inventory/position.ts';
import type { Role } from '../../model/cluster.ts';
import { isAddress, isName, plainTarget } from '../addresses.ts';
import { left, secretKey, type Outcome } from '../outcome.ts';
import { ForeignDocument } from '../problem.ts';
import type { Foreign, ForeignBastion, ForeignField, ForeignHost, ForeignSsh, SeenKey } from '../types.ts';
import { jsonOf, listOf, textOf, wholeOf } from '../values.ts';
import { recordOf } from '../../model/record.ts';
import { hostsOutput, hostsPath } from './outputs.ts';

/**
 * The hosts of output `kboot_hosts` of a Terraform module: objects in the form of `spec.hosts`, whose optional attributes may
 * be null. Throws KbootError E-USAGE for the first problem, with its place.
 */
export function readTerraform({ file, text }: { readonly file: string; readonly text: string }): Foreign {
  const document = new ForeignDocument(file, readJson(text, 'the file'));
  const start = hostsPath(document);
  const list = start.reduce<unknown>((value, step) => recordOf(value)?.[String(step)], document.data);
  if (!Array.isArray(list) || list.length === 0)
    throw document.fault(start, 'must be a list with at least one host');
  const read = list.map((item: unknown, index) => {
    const path = [...start, index];
    const host = recordOf(item);
    if (host === undefined)
      throw document.fault(path, 'must be a host, an object with name, roles and address');
    return hostOf(document, path, host);
  });
  return {
    what: 'outputs of Terraform',
    hosts: read.map(({ host }) => host),
    fields: [],
    keys: read.flatMap(({ keys }) => keys),
    guesses: [],
  };
}

type Attributes = Readonly<Record<string, unknown>>;

function hostOf(
  document: ForeignDocument,
  path: Path,
  attributes: Attributes,
): { readonly host: ForeignHost; readonly keys: readonly SeenKey[] } {
  const text = (key: string): string | undefined => textAt(document, path, attributes, key);
  const login = recordOf(attributes['ssh']);
  if (login === undefined && present(attributes['ssh']))
    throw document.fault(
      [...path, 'ssh'],
      'must be an object with address, user, port, identityFile or bastion',
    );
  const name = text('name');
  const address = text('address');
  const others = Object.keys(attributes).filter((key) => !own.includes(key) && attributes[key] !== null);
  const fields = others.map((key): ForeignField => ({
    path: [key],
    value: jsonOf(withoutNulls(attributes[key])),
    ...placed(document, path, key),
  }));
  const host: ForeignHost = {
    at: document.at(path),
    ...given('name', name),
    ...given('roles', rolesOf(document, [...path, 'roles'], attributes['roles'])),
    hints: name === undefined ? [] : [name],
    ...given('address', address),
    ssh:
      login === undefined ? given('address', address) : loginOf(document, [...path, 'ssh'], login, address),
    isLocal: text('connection') === 'local',
    fields,
  };
  return { host, keys: keysOf(document, path, attributes) };
}

function rolesOf(document: ForeignDocument, path: Path, value: unknown): readonly Role[] | undefined {
  if (!present(value)) return undefined;
  const known = role('').options;
  const roles = known.filter((each) => listOf(value)?.includes(each));
  if (roles.length > 0 && roles.length === listOf(value)?.length) return roles;
  throw document.fault(path, `must be a list of ${known.join(', ')}`);
}

/** What a host says that a field of ForeignHost holds. */
const own = ['name', 'roles', 'address', 'connection', 'ssh'];
const ofLogin = ['address', 'user', 'port', 'identityFile', 'hostKey'];

function loginOf(
  document: ForeignDocument,
  path: Path,
  login: Attributes,
  nodeAddress: string | undefined,
): ForeignSsh {
  const stated = textAt(document, path, login, 'address');
  const address = stated === undefined ? undefined : plainTarget(stated);
  if (address !== undefined && !(isAddress(address) || isName(address)))
    throw document.fault([...path, 'address'], 'must be an address or a DNS name');
  const port = wholeOf(login['port']);
  if (present(login['port']) && port === undefined) throw document.fault([...path, 'port'], 'must be a port');
  const bastion = recordOf(login['bastion']);
  if (bastion === undefined && present(login['bastion']))
    throw document.fault([...path, 'bastion'], 'must be an object with address');
  const jump = bastion && loginOf(document, [...path, 'bastion'], bastion, undefined);
  if (bastion !== undefined && jump?.address === undefined)
    throw document.fault([...path, 'bastion'], 'must have an address');
  return {
    ...given('address', address ?? nodeAddress?.split(',')[0]),
    ...given('user', textAt(document, path, login, 'user')),
    ...given('port', port),
    ...given('identityFile', textAt(document, path, login, 'identityFile')),
    ...given('hostKey', textAt(document, path, login, 'hostKey')),
    ...given('bastion', jump as ForeignBastion | undefined),
  };
}

function textAt(
  document: ForeignDocument,
  path: Path,
  attributes: Attributes,
  key: string,
): string | undefined {
  const value = attributes[key];
  if (!present(value)) return undefined;
  const text = typeof value === 'object' ? undefined : textOf(value);
  if (text === undefined) throw document.fault([...path, key], 'must be a text that is not empty');
  return text;
}

/** Optional attributes of Terraform that are not set are null. */
const present = (value: unknown): boolean => value !== undefined && value !== null;

function placed(document: ForeignDocument, path: Path, key: string): Pick<ForeignField, 'key' | 'at'> {
  return { key: `${hostsOutput}[].${key}`, at: document.at([...path, ...key.split('.')]) };
}

/** Every attribute that is set, with what became of it; other fields are checked with the whole inventory. */
function keysOf(document: ForeignDocument, path: Path, attributes: Attributes): readonly SeenKey[] {
  const seen = (key: string, isKnown: boolean): SeenKey => {
    const became: Outcome = isKnown
      ? { became: `spec.hosts[].${key}` }
      : (secretKey(key) ?? left('a host has no such field'));
    const { why, became: field } = became;
    return { ...placed(document, path, key), ...given('became', field), ...given('why', why) };
  };
  const nested = (key: string, inner: Attributes, known: readonly string[]): readonly SeenKey[] =>
    Object.entries(inner).flatMap(([name, value]) => {
      if (!present(value)) return [];
      const bastion = name === 'bastion' ? recordOf(value) : undefined;
      return bastion === undefined
        ? [seen(`${key}.${name}`, known.includes(name))]
        : nested(`${key}.bastion`, bastion, ofLogin);
    });
  return Object.entries(attributes).flatMap(([key, value]) => {
    if (!present(value)) return [];
    const login = key === 'ssh' ? recordOf(value) : undefined;
    return login === undefined ? [seen(key, true)] : nested('ssh', login, ofLogin);
  });
}
