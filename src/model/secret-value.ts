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

/**
 * The items of a list, or the fields of an object, each with the name that tells whether it is a secret: the flag before
 * it in a list (`[--password, abc]`), else the name of the list; in `{name, value}`, the stated name.
 */
export function namedItems(
  value: object,
  name: string,
): readonly (readonly [key: string | number, name: string, item: unknown])[] {
  if (Array.isArray(value))
    return value.map((item: unknown, index) => {
      const before: unknown = value[index - 1];
      const isFlag = typeof before === 'string' && /^--?[\w-]+$/.test(before);
      return [index, isFlag && !String(item).startsWith('-') ? before : name, item];
    });
  const { name: stated } = value as { readonly name?: unknown };
  return Object.entries(value).map(([key, item]) => [
    key,
    key === 'value' && typeof stated === 'string' ? stated : key,
    item,
  ]);
}

/** The places of all secrets in a value; `name` is that of the value itself. */
export function secretsAt(value: unknown, name = ''): readonly SecretPath[] {
  if (value === null || typeof value !== 'object') return isSecretValue(name, value) ? [[]] : [];
  return namedItems(value, name).flatMap(([key, label, item]) =>
    secretsAt(item, label).map((at) => [key, ...at]),
  );
}

/** Whether some value in it is a secret; `name` is that of the value itself. */
export function hasSecret(value: unknown, name = ''): boolean {
  return secretsAt(value, name).length > 0;
}

/** A value with `mask` of each secret in its place. */
export function withMasked(value: unknown, mask: (secret: string) => string, name = ''): unknown {
  if (value === null || typeof value !== 'object') return isSecretValue(name, value) ? mask(value) : value;
  const items = namedItems(value, name).map(
    ([key, label, item]) => [key, withMasked(item, mask, label)] as const,
  );
  return Array.isArray(value) ? items.map(([, item]) => item) : Object.fromEntries(items);
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
