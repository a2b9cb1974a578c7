import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { KbootError } from '../model/error.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import {
  decodeKey,
  keyType,
  knownHostsName,
  matchesName,
  parseKnownHosts,
  type KnownHostsEntry,
} from './known-hosts.ts';
import { remedies } from './remedies.ts';
import { sentences, type Text } from '../model/language/text.ts';

/** Which host keys are accepted from an SSH server. */
export interface HostKeyCheck {
  /** Known key types first, as in OpenSSH; never SHA-1. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** The reason to refuse the key; undefined accepts it. Also called at every rekey. */
  verify(key: Buffer): KbootError | undefined;
  /** Call after login: saves the key if it was trusted on first use. Throws E-STATE. */
  keep(): Promise<void>;
}

interface KnownKey {
  readonly type: string;
  readonly key: Buffer;
  /** `file:line`, or the inventory field. */
  readonly where: string;
  readonly marker?: KnownHostsEntry['marker'];
}

const offered: readonly { readonly type: string; readonly algorithms: ServerHostKeyAlgorithm[] }[] = [
  { type: 'ssh-ed25519', algorithms: ['ssh-ed25519'] },
  { type: 'ecdsa-sha2-nistp256', algorithms: ['ecdsa-sha2-nistp256'] },
  { type: 'ecdsa-sha2-nistp384', algorithms: ['ecdsa-sha2-nistp384'] },
  { type: 'ecdsa-sha2-nistp521', algorithms: ['ecdsa-sha2-nistp521'] },
  { type: 'ssh-rsa', algorithms: ['rsa-sha2-512', 'rsa-sha2-256'] },
];

/**
 * Collects the known keys of a server: only the inventory's hostKey if it is set, else known_hosts. An endpoint
 * with `firstUse` uses only that file, and if the file has no key for it, trusts the first key presented. What known_hosts
 * marks (`@revoked`, `@cert-authority`) holds in any case.
 * Throws E-INVENTORY for a hostKey that is not a plain public key, E-HOST-KEY-UNKNOWN for an unreadable file.
 */
export function hostKeyCheck(endpoint: Endpoint, files: readonly string[]): HostKeyCheck {
  const { firstUse } = endpoint;
  const sources = firstUse === undefined ? files : [firstUse.file];
  const written = fromKnownHosts(endpoint, sources);
  const plain: readonly KnownKey[] =
    endpoint.hostKey === undefined
      ? written.filter((entry) => entry.marker === undefined && matchesName(entry, nameOf(endpoint)))
      : [fromInventory(endpoint, endpoint.hostKey)];
  const known = [...plain, ...marks(endpoint, [...written, ...marksElsewhere(endpoint, files)])];
  const isFirst = plain.length === 0 && firstUse !== undefined;
  let first: KnownKey | undefined;
  const isKnown = (type: string): boolean => plain.some((k) => k.type === type);
  const ordered = [...offered.filter((o) => isKnown(o.type)), ...offered.filter((o) => !isKnown(o.type))];
  return {
    algorithms: ordered.flatMap((o) => o.algorithms),
    verify(key) {
      const type = keyType(key);
      if (isFirst && first === undefined && type !== undefined) {
        first = { type, key, where: 'the first connection' };
        known.push(first);
      }
      const bearer = written.find((entry) => entry.marker === undefined && entry.key.equals(key));
      return verify(endpoint, sources, { known, bearer }, key);
    },
    async keep() {
      if (first === undefined || firstUse === undefined) return;
      try {
        await appendFile(firstUse.file, `${firstUse.name} ${keyText(first.key)}\n`, { mode: 0o600 });
      } catch (cause) {
        throw new KbootError('E-STATE', `cannot write the host key to ${firstUse.file}`, {
          host: endpoint.host,
          detail: cause instanceof Error ? cause.message : String(cause),
          remedy: remedies.makeWritable,
          cause,
        });
      }
    },
  };
}

/** The server's name in known_hosts files. */
function nameOf({ firstUse, address, port }: Endpoint): string {
  return firstUse?.name ?? knownHostsName(address, port);
}

/** Entries with a marker that are about this server. As OpenSSH, also those that name no port. */
function marks(endpoint: Endpoint, written: readonly Written[]): readonly Written[] {
  const { address } = endpoint;
  const names = [nameOf(endpoint), knownHostsName(address, endpoint.port), knownHostsName(address, 22)];
  return written.filter(
    (entry) => entry.marker !== undefined && names.some((name) => matchesName(entry, name)),
  );
}

/** An endpoint whose keys are in a file of its own is still one that the operator's files may mark. */
function marksElsewhere(endpoint: Endpoint, files: readonly string[]): readonly Written[] {
  return endpoint.firstUse === undefined ? [] : fromKnownHosts(endpoint, files);
}

function fromInventory(endpoint: Endpoint, hostKey: string): KnownKey {
  const [type = '', base64 = ''] = hostKey.trim().split(/\s+/);
  const key = decodeKey(type, base64);
  const where = `${endpoint.isBastion ? 'bastion.' : ''}hostKey in the inventory`;
  if (key === undefined || type.includes('-cert-')) {
    throw new KbootError('E-INVENTORY', `${where} is not a plain public key: ${hostKey}`, {
      host: endpoint.host,
      remedy: remedies.writeHostKey,
    });
  }
  return { type, key, where };
}

type Written = KnownHostsEntry & KnownKey;

/** All entries of the files, for any server. */
function fromKnownHosts(endpoint: Endpoint, files: readonly string[]): readonly Written[] {
  return files.flatMap((file) => entriesOf(file, readOrEmpty(endpoint, file)));
}

function entriesOf(file: string, text: string): readonly Written[] {
  const before = parsed.get(file);
  if (before?.text === text) return before.entries;
  const entries = parseKnownHosts(text).map((entry) => ({ ...entry, where: `${file}:${entry.line}` }));
  parsed.set(file, { text, entries });
  return entries;
}

/** By file, as it was read last: a thousand hosts have three thousand lines, and each host is looked up. */
const parsed = new Map<string, { readonly text: string; readonly entries: readonly Written[] }>();

function readOrEmpty(endpoint: Endpoint, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new KbootError('E-HOST-KEY-UNKNOWN', `cannot read ${file}, so host keys cannot be verified`, {
      host: endpoint.host,
      remedy: remedies.makeReadable({ file }),
      cause,
    });
  }
}

function verify(
  endpoint: Endpoint,
  files: readonly string[],
  { known, bearer }: { readonly known: readonly KnownKey[]; readonly bearer: Written | undefined },
  key: Buffer,
): KbootError | undefined {
  const same = known.filter((k) => k.key.equals(key));
  const revoked = same.find((k) => k.marker === 'revoked');
  if (revoked !== undefined) return revokedKey(endpoint, revoked);
  const authority = same.find((k) => k.marker === 'cert-authority');
  if (authority !== undefined && endpoint.hostKey !== undefined) return authorityKey(endpoint, authority);
  if (same.some((k) => k.marker === undefined)) return undefined;
  const plain = known.filter((k) => k.marker === undefined);
  return plain.length > 0
    ? changedKey(endpoint, files, { plain, bearer }, key)
    : unknownKey(endpoint, files, known, key);
}

/** `SHA256:…`, as ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function unknownKey(
  endpoint: Endpoint,
  files: readonly string[],
  known: readonly KnownKey[],
  key: Buffer,
): KbootError {
  const text = keyText(key);
  const authority = known.find((k) => k.marker === 'cert-authority');
  const file = files[0] === undefined ? 'a known_hosts file' : files[0];
  return new KbootError(
    'E-HOST-KEY-UNKNOWN',
    `${describeEndpoint(endpoint)} is not a known host; it presented the ${keyType(key) ?? 'unknown'} key ${fingerprint(key)}` +
      (authority === undefined
        ? ''
        : ` (the @cert-authority in ${authority.where} was ignored: host certificates are not supported)`),
    {
      host: endpoint.host,
      remedy: remedies.compareFingerprint({
        file,
        name: nameOf(endpoint),
        key: text,
        line: inventoryLine(endpoint, text),
      }),
    },
  );
}

function changedKey(
  endpoint: Endpoint,
  files: readonly string[],
  { plain: known, bearer }: { readonly plain: readonly KnownKey[]; readonly bearer: Written | undefined },
  key: Buffer,
): KbootError {
  const old = known.map((k) => `${k.type} ${fingerprint(k.key)} (${k.where})`).join(', ');
  const text = keyText(key);
  return new KbootError(
    'E-HOST-KEY-CHANGED',
    `${describeEndpoint(endpoint)} presented the ${keyType(key) ?? 'unknown'} key ${fingerprint(key)}, but the known key is ${old}`,
    {
      host: endpoint.host,
      remedy: sentences(
        swapped(bearer),
        endpoint.hostKey === undefined
          ? remedies.replaceKnownKey({
              where: files.length === 0 ? 'known_hosts' : known.map((k) => k.where).join(', '),
              name: nameOf(endpoint),
              key: text,
            })
          : remedies.replaceOwnKey({ line: inventoryLine(endpoint, text) }),
      ),
    },
  );
}

/** Why the key may have changed: `bearer` is another host that is known by it. */
function swapped(bearer: Written | undefined): Text {
  if (bearer === undefined) return remedies.attackOrReinstalled;
  if (bearer.names.startsWith('|')) return remedies.keyOfAnother({ where: bearer.where });
  return remedies.keyOf({ names: bearer.names, where: bearer.where });
}

function revokedKey(endpoint: Endpoint, revoked: KnownKey): KbootError {
  return new KbootError(
    'E-HOST-KEY-CHANGED',
    `${describeEndpoint(endpoint)} presented the key ${fingerprint(revoked.key)}, which ${revoked.where} marks as revoked`,
    {
      host: endpoint.host,
      remedy: remedies.newHostKeys,
    },
  );
}

function authorityKey(endpoint: Endpoint, authority: KnownKey): KbootError {
  return new KbootError(
    'E-HOST-KEY-CHANGED',
    `${describeEndpoint(endpoint)} presented the key ${fingerprint(authority.key)}, which ${authority.where} marks as that of a certificate authority`,
    {
      host: endpoint.host,
      remedy: remedies.keyOfTheHost,
    },
  );
}

function keyText(key: Buffer): string {
  return `${keyType(key) ?? 'unknown'} ${key.toString('base64')}`;
}

function inventoryLine(endpoint: Endpoint, text: string): string {
  return endpoint.isBastion ? `ssh: {bastion: {hostKey: "${text}"}}` : `ssh: {hostKey: "${text}"}`;
}
