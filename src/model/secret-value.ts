import type { Json } from './cluster.ts';

/** Names whose value is a secret: `password`, `auth`, `identitytoken`, `Authorization`, `bearerToken`. */
const secretName =
  /^auth$|(passw(or)?d|passphrase|authorization|token|secret|api[-_]?key|access[-_]?key|private[-_]?key|key[-_]?data)$/i;

/** The user and password of a URL; the value of an Authorization header; a private key; `NAME=VALUE` of such a name. */
const secretText = [
  /:\/\/[^/\s@]*:[^/\s@]+@/,
  /^\s*(basic|bearer)\s+\S/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /authorization["']?\s*[:=]\s*["']?(basic|bearer)\s+\S/i,
  /^[\w-]*(passw(or)?d|passphrase|authorization|token|secret|api_?key|access_?key|private_?key)=./i,
];

/** Whether a value in a component's configuration is a secret, by its name or by itself. */
export function isSecretValue(name: string, value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false;
  return secretName.test(name) || secretText.some((pattern) => pattern.test(value));
}

/** Where a secret is in JSON: keys and indices. */
export type SecretPath = readonly (string | number)[];

/** The places of all secrets in a value. A list has the name of its field; `{name, value}` has the name that it states. */
export function secretsAt(value: unknown, name = '', at: SecretPath = []): readonly SecretPath[] {
  if (value === null || typeof value !== 'object') return isSecretValue(name, value) ? [at] : [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => secretsAt(item, itemName(value, index, name), [...at, index]));
  return Object.entries(value).flatMap(([key, item]) =>
    secretsAt(item, key === 'value' ? statedName(value, key) : key, [...at, key]),
  );
}

/** Whether some value in it is a secret; `name` is that of the value itself. */
export function hasSecret(value: Json, name = ''): boolean {
  return secretsAt(value, name).length > 0;
}

/** A value with `mask` of each secret in its place. */
export function withMasked(value: unknown, mask: (secret: string) => string, name = ''): unknown {
  if (value === null || typeof value !== 'object') return isSecretValue(name, value) ? mask(value) : value;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => withMasked(item, mask, itemName(value, index, name)));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      withMasked(item, mask, key === 'value' ? statedName(value, key) : key),
    ]),
  );
}

/** The name of an item of a list: that of the flag before it, `[--password, abc]`, or that of the list. */
function itemName(list: readonly unknown[], index: number, name: string): string {
  const before = list[index - 1];
  const isValue =
    typeof before === 'string' && /^--?[\w-]+$/.test(before) && !String(list[index]).startsWith('-');
  return isValue ? before : name;
}

/** The name of a `value`: that of `{name, value}` if there is one. */
export function statedName(object: object, key: string): string {
  const { name } = object as { readonly name?: unknown };
  return typeof name === 'string' ? name : key;
}

/** `name = "value"`, `name: value`, `name value`, and the quotes around either. */
const assignment = /^\s*(?:export\s+|-\s+)?["']?([\w.-]+)["']?\s*(?:[:=]|\s)\s*["'[]*([^"'\]]*)/;

/** Whether some line of a text of any format looks like a secret: what is written by hand may have one anywhere. */
export function holdsSecret(text: string): boolean {
  return text.split('\n').some((line) => {
    const [, name = '', value = ''] = assignment.exec(line) ?? [];
    return isSecretValue(name, value.trim()) || isSecretValue('', line.trim());
  });
}
