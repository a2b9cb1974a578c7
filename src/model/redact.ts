import type { Json } from './cluster.ts';
import { isSecretValue } from './secret-value.ts';

/** What takes the place of a secret. */
export const redacted = '<redacted>';

const secretName = String.raw`[\w.-]*(?:passw(?:or)?d|passphrase|token|secret|api[-_]?key|access[-_]?key|private[-_]?key|key[-_]?data|certificate[-_]?key|authorization)`;

/** Forms that secrets have in logs, files and messages, and what is put there. Escaped quotes are those of JSON in JSON. */
const forms: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted],
  // A tail may begin inside of a key.
  [/(?:[A-Za-z0-9+/=]{16,}(?:\s|\\n)+)*-----END [A-Z ]*PRIVATE KEY-----/g, redacted],
  [/AGE-SECRET-KEY-1[A-Z0-9]+/g, redacted],
  [/\b(Bearer|Basic)(\s+)[A-Za-z0-9._~+/=-]{6,}/gi, `$1$2${redacted}`],
  [/\beyJ[\w-]{8,}(?:\.[\w-]+){1,2}/g, redacted],
  // kubeadm's bootstrap tokens.
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, redacted],
  [/:\/\/[^/\s@"'\\]*:[^/\s"'\\]*@/g, `://${redacted}@`],
  [
    new RegExp(String.raw`(\\*["']?${secretName}\\*["']?\s*[:=]\s*)(\\*["'])(?:(?!\2)[^\n])*(?:\2|$)`, 'gim'),
    `$1$2${redacted}$2`,
  ],
  [new RegExp(String.raw`(${secretName}\\*["']?\s*[:=]\s*)(?![\\"'<])[^\s,;}"'\\]+`, 'gi'), `$1${redacted}`],
  [/(--[\w-]*(?:token|password|secret|key)\s+)(?![-<])\S+/gi, `$1${redacted}`],
];

/** Values that are secrets, and what is shown instead of each. */
export type KnownSecrets = ReadonlyMap<string, string>;

/** Shorter values are too common to be looked for. */
const shortest = 4;

/** A text without known secrets, and without what has the form of one. It rather takes away too much. */
export function redactText(text: string, known: KnownSecrets = new Map()): string {
  const plain = [...known]
    .filter(([value]) => value.length >= shortest)
    .sort(([one], [other]) => other.length - one.length)
    .reduce((all, [value, shown]) => {
      const escaped = JSON.stringify(value).slice(1, -1);
      return all.replaceAll(value, () => shown).replaceAll(escaped, () => shown);
    }, text);
  return forms.reduce((all, [pattern, by]) => all.replace(pattern, by), plain);
}

/** The secrets that JSON states, by their names and forms. */
export function secretsIn(value: Json | undefined, name = ''): KnownSecrets {
  if (typeof value === 'string') return new Map(isSecretValue(name, value) ? [[value, redacted]] : []);
  if (value === null || typeof value !== 'object') return new Map();
  const label = (value as { readonly name?: Json }).name;
  return new Map(
    Object.entries(value).flatMap(([key, item]: [string, Json]) => [
      ...secretsIn(
        item,
        Array.isArray(value) ? name : key === 'value' && typeof label === 'string' ? label : key,
      ),
    ]),
  );
}

/** JSON of the same shape: values whose name says that they are secret, and secrets in all texts, are taken away. */
export function redactJson(value: Json, known: KnownSecrets = new Map(), name = ''): Json {
  if (typeof value === 'string') return isSecretValue(name, value) ? redacted : redactText(value, known);
  if (Array.isArray(value)) return value.map((item: Json) => redactJson(item, known, name));
  if (value === null || typeof value !== 'object') return value;
  // An argument or a variable: {name: oidc-client-secret, value: …}
  const label = (value as { readonly name?: Json }).name;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, Json]) => [
      redactText(key, known),
      redactJson(item, known, key === 'value' && typeof label === 'string' ? label : key),
    ]),
  );
}
