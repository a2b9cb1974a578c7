import type { Json } from './cluster.ts';
import { isSecretValue, namedItems } from './secret-value.ts';

/** What takes the place of a secret. */
export const redacted = '<redacted>';

/** How the name of a secret ends: more than `isSecretValue` takes for one, since a report is read by strangers. */
const secretEnd = String.raw`(?:passw(?:or)?d|passphrase|pass|pwd|token|secret|(?:api|access|private|certificate|encryption|secret)[-_]?key|access[-_]?key[-_]?id|key[-_]?data|credentials?|authorization|cookie|signature|sig)`;
const secretName = String.raw`(?:[\w.-]{0,64}${secretEnd}|(?<![\w.-])auth)`;
const isSecretName = new RegExp(`^auth$|${secretEnd}$`, 'i');
/** A flag of its own word, whose value is the next one. */
const isSecretFlag = new RegExp(`^--?[\\w-]*${secretEnd}$`, 'i');

/** Forms that secrets have in logs, files and messages, and what is put there. Escaped quotes are those of JSON in JSON. */
const forms: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g,
    redacted,
  ],
  // A tail may begin inside of a key.
  [/(?:[A-Za-z0-9+/=]{16,}(?:\s|\\n)+)*-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----/g, redacted],
  // The same in base64, as a kubeconfig has it: `-----BEGIN `.
  [/LS0tLS1CRUdJTi[A-Za-z0-9+/=]{20,}/g, redacted],
  [/AGE-SECRET-KEY-1[A-Z0-9]+/g, redacted],
  // crypt(3), htpasswd, argon2: `$2y$05$…`
  [/\$(?:2[abxy]?|[1567]|y|gy|apr1|argon2\w*|scrypt|pbkdf2[\w-]*)\$[./\w$,=+-]{12,}/g, redacted],
  // Tokens of GitHub, GitLab, Slack, Vault, npm, Docker, DigitalOcean, AWS and Google.
  [
    /\b(?:gh[a-z]_|github_pat_|gl(?:pat|rt|dt|ft|oas|ptt|imt|agent|soat)-|xox[a-z]-|hv[bs]\.|npm_|dckr_pat_|dop_v1_|AKIA|ASIA|AIza)[\w-]{16,}/g,
    redacted,
  ],
  [/\b(Bearer|Basic)(\s+)[A-Za-z0-9._~+/=-]{6,}/gi, `$1$2${redacted}`],
  [/\beyJ[\w-]{8,}(?:\.[\w-]+){1,2}/g, redacted],
  // kubeadm's bootstrap tokens.
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, redacted],
  // A user without a password may be a token.
  [/:\/\/[^/\s"'\\<>]+@/g, `://${redacted}@`],
  [
    new RegExp(String.raw`(\\*["']?${secretName}\\*["']?\s*[:=]\s*)(\\*["'])(?:(?!\2)[^\n])*(?:\2|$)`, 'gim'),
    `$1$2${redacted}$2`,
  ],
  [new RegExp(String.raw`(${secretName}\\*["']?\s*[:=]\s*)(?![\\"'<])[^\s,;&}"'\\]+`, 'gi'), `$1${redacted}`],
  [
    new RegExp(
      String.raw`(--[\w-]{0,64}(?:${secretEnd}|key)(?:\s+|\\*["'],\s*\\*["']))(?![-<])[^\s"'\\]+`,
      'gi',
    ),
    `$1${redacted}`,
  ],
  // A variable of a container, in YAML and JSON.
  [
    new RegExp(
      String.raw`(name\\*["']?:\s*\\*["']?[\w.-]{0,64}${secretEnd}\\*["']?,?(?:\s|\\n|[+-])*\\*["']?value\\*["']?:\s*\\*["']?)(?!<)[^\s"'\\]+`,
      'gi',
    ),
    `$1${redacted}`,
  ],
  [/(\bsshpass\s+-p\s*|\s-u\s+[^\s:]+:)(?!<)\S+/g, `$1${redacted}`],
];

/** Values that are secrets, and what is shown instead of each. */
export type KnownSecrets = ReadonlyMap<string, string>;

/** Shorter values are too common to be looked for. */
const shortest = 4;

/** Of a value whose name may be another thing's: `auth: basic`. */
const longEnough = 8;

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

/**
 * Whether a shell command contains a literal secret: `curl -H "Authorization: Bearer abcdef"`. Variables (`$TOKEN`), command
 * substitutions (`$(cat /etc/token)`), paths, and the user in ssh://git@example.com do not count.
 */
export function commandHasSecret(command: string): boolean {
  const stated = command
    .replaceAll(/["']/g, '')
    .replaceAll(/\$\([^)]*\)|\$\{[^}]*\}|\$\w+|`[^`]*`/g, '<>')
    .replaceAll(/(?<=[\s=])[~.]{0,2}\/[^\s]*/g, '<>')
    .replaceAll(/:\/\/[\w.-]+@/g, '://');
  return redactText(stated) !== stated;
}

/** The secrets that JSON states, by their names and forms. */
export function secretsIn(value: Json | undefined, name = ''): KnownSecrets {
  if (typeof value === 'string')
    return new Map(
      (value.length >= longEnough && isSecretName.test(name)) || isSecretValue(name, value)
        ? [[value, redacted]]
        : [],
    );
  if (value === null || typeof value !== 'object') return new Map();
  return new Map(namedItems(value, name).flatMap(([, label, item]) => [...secretsIn(item as Json, label)]));
}

/** JSON of the same shape: values whose name says that they are secret, and secrets in all texts, are taken away. */
export function redactJson(value: Json, known: KnownSecrets = new Map(), name = ''): Json {
  if (typeof value === 'string')
    return isSecretValue(name, value) || (value !== '' && isSecretName.test(name))
      ? redacted
      : redactText(value, known);
  if (typeof value === 'number') return isSecretName.test(name) ? redacted : value;
  if (Array.isArray(value))
    return value.map((item: Json, index) => {
      const before = (value as readonly Json[])[index - 1];
      const isValue = typeof item === 'string' && typeof before === 'string' && isSecretFlag.test(before);
      return isValue && !item.startsWith('-') ? redacted : redactJson(item, known, name);
    });
  if (value === null || typeof value !== 'object') return value;
  // An argument or a variable: {name: oidc-client-secret, value: …}
  return Object.fromEntries(
    namedItems(value, name).map(([key, label, item]) => [
      redactText(String(key), known),
      redactJson(item as Json, known, label),
    ]),
  );
}
