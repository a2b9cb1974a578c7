import * as z from 'zod';
import { isProblem, type Problem } from './address.ts';

/*
 * The kinds of field that the schema is made of. A check returns the problem as a phrase that follows the
 * field's name ("must be …"), or undefined.
 */

type Check = (text: string) => string | undefined;

interface Documentation {
  readonly description: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

export function text(documentation: Documentation, check?: Check): z.ZodString {
  const schema = z.string();
  const checked =
    check === undefined
      ? schema
      : schema.superRefine((value, context) => {
          const problem = check(value);
          if (problem !== undefined) context.addIssue(problem);
        });
  return checked.meta({ ...documentation });
}

export function whole(min: number, max: number, documentation: Documentation): z.ZodNumber {
  return z
    .number()
    .superRefine((value, context) => {
      if (!Number.isInteger(value)) context.addIssue(`must be a whole number, not ${value}`);
      else if (value < min || value > max) context.addIssue(`must be from ${min} to ${max}, not ${value}`);
    })
    .meta({ type: 'integer', minimum: min, maximum: max, ...documentation });
}

/** A role of a host. */
export const role = (description: string) =>
  z.enum(['control-plane', 'worker', 'etcd', 'load-balancer']).meta({ description });

/** A check made from a parser that returns its problem. */
export function parsedBy(parse: (text: string) => object): Check {
  return (value) => {
    const result: object | Problem = parse(value);
    return isProblem(result) ? result.problem : undefined;
  };
}

export function matching(pattern: RegExp, must: string): Check {
  return (value) => (pattern.test(value) ? undefined : `${must}, not "${value}"`);
}

/** A path on the operator's disk; a leading `~/` is the home directory. */
export const filePath: Check = (value) => {
  if (value === '' || value.includes('\0')) return 'must be a path';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return 'must be a path on this machine, not a URL';
  return /^~[^/]/.test(value)
    ? `must start with "~/" or spell out the whole path, not "${value}"`
    : undefined;
};

/** An absolute path on a host, without `//`, `/./` and `/../`. */
export const absoluteHostPath = matching(
  /^(\/(?!\.{1,2}(\/|$))[^/\0\n]+)+$/,
  'must be an absolute path without "//", "/./" and "/../"',
);

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const labelPattern = new RegExp(`^${label}$`);
const subdomainPattern = new RegExp(`^${label}(\\.${label})*$`);

/** RFC 1123 label: at most 63 characters. */
export const dnsLabel: Check = (value) =>
  labelPattern.test(value) && value.length <= 63 ? undefined : badName(value, 'a DNS label', '"-"');

/** RFC 1123 subdomain whose labels are at most 63 characters each. */
export const dnsName: Check = (value) => {
  const fits = value.length <= 253 && value.split('.').every((part) => part.length <= 63);
  return subdomainPattern.test(value) && fits ? undefined : badName(value, 'a DNS name', '"-" and "."');
};

/** A node name: a DNS name of at most 63 characters, the maximum for the label kubernetes.io/hostname. */
export const nodeName: Check = (value) =>
  value.length > 63 ? `must have at most 63 characters, not ${value.length}` : dnsName(value);

function badName(value: string, what: string, inside: string): string {
  const lower = value.toLowerCase();
  const fixed = lower !== value && subdomainPattern.test(lower) ? `; did you mean "${lower}"?` : '';
  return `must be ${what} (lowercase letters, digits, ${inside} inside it), not "${value}"${fixed}`;
}

/** Kubernetes' qualified name: an optional DNS prefix and `/`, then at most 63 characters. */
export const qualifiedName: Check = (value) => {
  const slash = value.lastIndexOf('/');
  const prefix = slash < 0 ? undefined : value.slice(0, slash);
  const name = value.slice(slash + 1);
  const fits = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name) && name.length <= 63;
  if (fits && (prefix === undefined || dnsName(prefix) === undefined)) return undefined;
  return `must be a Kubernetes name such as "zone" or "example.com/zone", not "${value}"`;
};

/** The value of a label or taint: empty, or at most 63 characters. */
export const labelValue: Check = (value) =>
  /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(value) && value.length <= 63
    ? undefined
    : `must be at most 63 letters, digits, "-", "_" or "." that begin and end with a letter or digit, not "${value}"`;

const keyTypes = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
];

/** `TYPE BASE64`; the decoded key starts with the same type. */
export const hostKey: Check = (value) => {
  const [type = '', base64 = '', ...rest] = value.split(' ');
  const bytes = Buffer.from(base64, 'base64');
  const inner = bytes.subarray(4, 4 + type.length).toString('latin1');
  const whole = bytes.length > 4 + type.length && bytes.toString('base64') === base64;
  if (
    rest.length === 0 &&
    keyTypes.includes(type) &&
    whole &&
    bytes.readUInt32BE(0) === type.length &&
    inner === type
  ) {
    return undefined;
  }
  return 'must be a complete public key, "TYPE BASE64", as in the last two words of a line of `ssh-keyscan HOST`';
};

/** An http or https URL without credentials. */
export const httpUrl: Check = (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return `must be an http or https URL, not "${value}"`;
  return url.username + url.password === '' ? undefined : 'must not contain a user or password';
};

/** The SHA-256 of what `of` names. */
export const sha256 = (of: string) =>
  text(
    {
      description: `SHA-256 of ${of}, in hex.`,
      pattern: '^[0-9a-f]{64}$',
      examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    },
    matching(/^[0-9a-f]{64}$/, 'must be a SHA-256: 64 lower-case hex digits'),
  );
