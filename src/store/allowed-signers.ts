import { keyType, publicKeyOf, signatureNamespace } from './ssh-signature.ts';

/** Somebody whose signature counts. */
export interface Signer {
  readonly name: string;
  /** As SSH writes it. */
  readonly key: Buffer;
  readonly validFrom?: Date;
  readonly validUntil?: Date;
}

/**
 * The signers in a file of allowed signers (ssh-keygen(1), ALLOWED SIGNERS), or of public keys, one a line. Keys of other types
 * than Ed25519, certificates, and those for other namespaces are left out. Throws an Error that names the line that is neither.
 */
export function allowedSigners(text: string): readonly Signer[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      return signerIn(trimmed) ?? [];
    } catch (error) {
      throw new Error(`line ${index + 1} ${error instanceof Error ? error.message : ''}`, { cause: error });
    }
  });
}

const anyType = /^(sk-)?(ssh|ecdsa-sha2)-[\w.@-]+$/;

function signerIn(line: string): Signer | undefined {
  const words = line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const at = words.findIndex((word) => anyType.test(word));
  const [type, base64] = [words[at], words[at + 1] ?? ''];
  if (type === undefined || at > 2) throw new Error('has no public key');
  const comment = words.slice(at + 2).join(' ');
  const options = at === 2 ? optionsIn(words[1] ?? '') : new Map<string, string>();
  const namespaces = options.get('namespaces');
  if (namespaces !== undefined && !namespaces.split(',').some(fits)) return undefined;
  if (options.has('cert-authority') || type !== keyType) return undefined;
  const key = keyIn(base64);
  const [from, until] = [options.get('valid-after'), options.get('valid-before')].map((value) =>
    value === undefined ? undefined : timeOf(value),
  );
  return {
    ...{ name: (at === 0 ? comment : words[0]) ?? '', key },
    ...(from && { validFrom: from }),
    ...(until && { validUntil: until }),
  };
}

/** The bytes of a public key in base64. Throws an Error. */
export function keyIn(base64: string): Buffer {
  const key = Buffer.from(base64, 'base64');
  if (key.toString('base64').replaceAll('=', '') !== base64.replaceAll('=', ''))
    throw new Error('has no complete public key');
  try {
    publicKeyOf(key);
  } catch {
    throw new Error('has no complete public key');
  }
  return key;
}

const known = ['cert-authority', 'namespaces', 'valid-after', 'valid-before'];

function optionsIn(text: string): ReadonlyMap<string, string> {
  const options = (text.match(/(?:[^,"]|"[^"]*")+/g) ?? []).map((option) => {
    const [name = '', ...value] = option.split('=');
    if (!known.includes(name.toLowerCase()))
      throw new Error(`has the unknown option ${JSON.stringify(name)}`);
    return [name.toLowerCase(), value.join('=').replaceAll('"', '')] as const;
  });
  return new Map(options);
}

/** Whether a pattern of ssh is that of the namespace; `!` and its exceptions are not supported, and fit nothing. */
function fits(pattern: string): boolean {
  if (!/^[\w.*?-]+$/.test(pattern)) return false;
  const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(signatureNamespace);
}

/** YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, in local time or with Z in UTC. */
function timeOf(text: string): Date {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/i.exec(text);
  if (match === null) throw new Error(`has the time ${JSON.stringify(text)}`);
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', zone = ''] = match;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
  if (Number.isNaN(time.getTime())) throw new Error(`has the time ${JSON.stringify(text)}`);
  return time;
}
