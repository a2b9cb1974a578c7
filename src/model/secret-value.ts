import type { Json } from './cluster.ts';

/** Names whose value is a secret: `password`, `auth`, `identitytoken`, `Authorization`, `bearerToken`. */
const secretName =
  /^auth$|(passw(or)?d|passphrase|authorization|token|secret|api[-_]?key|access[-_]?key|private[-_]?key|key[-_]?data)$/i;

/** The user and password of a URL; the value of an Authorization header; a private key; `NAME=VALUE` of such a name. */
const secretText = [
  /:\/\/[^/\s@]*:[^/\s@]+@/,
  /^\s*(basic|bearer)\s+\S/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /^\w*(passw(or)?d|passphrase|authorization|token|secret|api_?key|access_?key|private_?key)=./i,
];

/** Whether a value in a component's configuration is a secret, by its name or by itself. */
export function isSecretValue(name: string, value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false;
  return secretName.test(name) || secretText.some((pattern) => pattern.test(value));
}

/** Whether some value in it is a secret. A list has the name of its field; `{name, value}` has the name that it states. */
export function hasSecret(value: Json, name = ''): boolean {
  if (value === null || typeof value !== 'object') return isSecretValue(name, value);
  const label = (value as { readonly name?: Json }).name;
  return Object.entries(value).some(([key, item]: [string, Json]) =>
    hasSecret(item, Array.isArray(value) ? name : key === 'value' && typeof label === 'string' ? label : key),
  );
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
