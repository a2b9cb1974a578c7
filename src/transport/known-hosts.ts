import { createHmac, timingSafeEqual } from 'node:crypto';

/** One usable line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHostsEntry {
  /** 1-based. */
  readonly line: number;
  readonly marker?: 'revoked' | 'cert-authority';
  /** Comma-separated patterns, or one hashed name. */
  readonly names: string;
  readonly type: string;
  readonly key: Buffer;
}

/** Parses known_hosts text. Skips lines that OpenSSH would ignore too; never throws. */
export function parseKnownHosts(text: string): KnownHostsEntry[] {
  return text.split('\n').flatMap((line, index) => {
    const entry = parseLine(line, index + 1);
    return entry === undefined ? [] : [entry];
  });
}

function parseLine(text: string, line: number): KnownHostsEntry | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  const fields = trimmed.split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined;
  if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') return undefined;
  const [names, type, base64] = fields;
  if (names === undefined || type === undefined || base64 === undefined) return undefined;
  const key = decodeKey(type, base64);
  if (key === undefined) return undefined;
  const entry = { line, names, type, key };
  return marker === undefined
    ? entry
    : { ...entry, marker: marker === '@revoked' ? 'revoked' : 'cert-authority' };
}

/** The public key blob of `TYPE BASE64`; undefined unless it is a complete public key of that type. */
export function decodeKey(type: string, base64: string): Buffer | undefined {
  const key = Buffer.from(base64, 'base64');
  if (key.toString('base64') !== base64) return undefined;
  const parts = keyFields(key);
  return parts !== undefined && parts.length > 1 && parts[0]?.toString('latin1') === type ? key : undefined;
}

/** The key type encoded in a public key blob, if it is a name as RFC 4250 4.6.1 has it: a peer may write anything there. */
export function keyType(key: Buffer): string | undefined {
  const type = keyFields(key)?.[0]?.toString('latin1');
  return type !== undefined && /^[\x21-\x7e]{1,64}$/.test(type) ? type : undefined;
}

/** A public key blob is its type followed by its numbers, each prefixed with its length (RFC 4253, 6.6). */
function keyFields(key: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < key.length) {
    if (at + 4 > key.length) return undefined;
    const end = at + 4 + key.readUInt32BE(at);
    if (end > key.length) return undefined;
    fields.push(key.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/** A host's name in known_hosts: lower case, `[host]:port` unless the port is 22. */
export function knownHostsName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether an entry's patterns match `name` (from `knownHostsName`). */
export function matchesName(entry: KnownHostsEntry, name: string): boolean {
  if (entry.names.startsWith('|')) return matchesHash(entry.names, name);
  let matched = false;
  for (const pattern of entry.names.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!');
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function matchesHash(names: string, name: string): boolean {
  const [, version, salt, hash, ...rest] = names.split('|');
  if (version !== '1' || salt === undefined || hash === undefined || rest.length > 0) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** `*` matches any text, `?` one character. Backtracks only to the last star. */
function matchesPattern(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
