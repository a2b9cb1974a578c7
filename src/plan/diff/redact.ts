import { sha256 } from '../../model/digest.ts';

/** A name that marks its value as secret, and the value: `auth = "…"`, `auth_pass …`, `token: …`. */
const named =
  /^(.*?(?:^|[\s"'._]|--)(?:passw(?:or)?d|auth_pass|secret|token|auth|client-key-data|identitytoken|authorization|private_?key)["']?(?:\s*[:=]\s*|\s+))(\S.*)$/i;

/** The user and password of a URL. */
const inUrl = /(:\/\/)([^/\s@"':]*:[^/\s@"']+)@/g;

/**
 * A text of a host as a plan may show it: values of passwords and the like, and private keys, only as digests. A user
 * may have added them to a file that kboot replaces.
 */
export function redact(text: string): string {
  let inKey = false;
  return text
    .split('\n')
    .map((line) => {
      if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(line)) inKey = true;
      const hidden = inKey
        ? mask(line)
        : line
            .replace(named, (_all, name: string, value: string) => name + mask(value))
            .replace(inUrl, (_all, scheme: string, login: string) => `${scheme}${mask(login)}@`);
      if (/-----END [A-Z ]*PRIVATE KEY-----/.test(line)) inKey = false;
      return hidden;
    })
    .join('\n');
}

const notShown = '(not shown, sha256';

/** In place of a line of a host that may be anything. */
const unknownLine = '(not shown: kboot did not write this line)';

/**
 * A text of a host that kboot did not write as it is now, as a plan may show it: only lines that the new text has too,
 * also with other numbers or another yes or no. Any other line may be a secret: its form tells nothing for certain.
 */
export function onlyKnown(text: string, young: string): string {
  const known = new Set(young.split('\n').map(shapeOf));
  return redact(text)
    .split('\n')
    .map((line) => (known.has(shapeOf(line)) ? line : unknownLine))
    .join('\n');
}

/** A line without its numbers, which a plan may show up to a length that no key has. */
function shapeOf(line: string): string {
  return line.replaceAll(/\b(?:true|false|yes|no|on|off)\b/gi, '?').replaceAll(/(?<!\d)\d{1,6}(?!\d)/g, '#');
}

/** In place of a secret; of one that has been replaced already: what is there. */
export function mask(value: string): string {
  return value.startsWith(notShown) ? value : `${notShown} ${sha256(value).slice(0, 12)})`;
}

const hidden = '(not shown)';

/** `token=`, `"client_secret": `, `--bootstrap-token=`, and the value, quoted or a single word. */
const assigned =
  /((?:passw(?:or)?d|passphrase|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key|key-data)([\w-]{0,40})\\*["']?\s*[:=]\s*)(\\*"[^"]*"?|'[^']*'?|[^\s"',;&}\])]+)/gi;
/** Names that refer to the location of a secret rather than to the secret: `--tls-private-key-file`. */
const harmless = /(?:file|path|dir|name|namespace|ref|ttl|type|audiences?|issuer|id)$/i;

const inLogs: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden],
  [/(\bauthorization\\*["']?\s*[:=]\s*\\*["']?)[^\n"',;}\]]+/gi, `$1${hidden}`],
  [/(\b(?:bearer|basic)\s+)[\w+/=.~-]{16,}/gi, `$1${hidden}`],
  [/(\bauth_pass\s+|\bauth\s+[^\s:]+:)\S+/gi, `$1${hidden}`],
  [/(--[\w-]{0,40}(?:token|password|secret)\s+)(?!-)\S+/gi, `$1${hidden}`],
  [/(\binsecure-password\s+|\bauthorization\s+\\*["']?(?:basic|bearer)\s+)[^\s"'\\]+/gi, `$1${hidden}`],
  // Keys of AWS and tokens of GitHub and GitLab by their prefixes, and hashes of passwords.
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{16,}|\bglpat-[\w-]{16,}/g, hidden],
  [/\$(?:apr1|1|2[aby]|5|6|y)\$[\w./$=,-]{8,}/g, hidden],
  // A JSON Web Token, a bootstrap token, the user of a URL, PEM in base64, and other long base64.
  [/\beyJ[\w-]{10,}(?:\.[\w-]*)*/g, hidden],
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, hidden],
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@"']+@/gi, `$1${hidden}@`],
  [/\bLS0tLS1[\w+/=]*/g, hidden],
  [/(?<![\w+/])(?![0-9a-f]+(?![\w+/=]))[A-Za-z0-9+/]{80,}={0,2}/g, hidden],
];

/**
 * Log lines and messages as an error may show them: without anything that looks like a token, password or key. In the
 * prose of log lines the words "secret" and "token" are common, so only a value assigned to such a name is hidden.
 */
export function redactLog(text: string): string {
  const lines = text.split('\n');
  const blocks = keyLines(lines);
  return lines
    .map((line, index) => {
      if (blocks.has(index)) return hidden;
      const shown = inLogs.reduce((rest, [pattern, by]) => rest.replace(pattern, by), line);
      return shown.replace(assigned, (all: string, name: string, suffix: string) =>
        harmless.test(suffix) ? all : `${name}${hidden}`,
      );
    })
    .join('\n');
}

/** Lines inside private keys, also where the beginning or the end of the key was cut off. */
function keyLines(lines: readonly string[]): ReadonlySet<number> {
  const inside = new Set<number>();
  lines.forEach((line, index) => {
    const body = /^\s*(?:[A-Za-z0-9+/]{60,76}|[A-Za-z0-9+/]{4,76}={1,2})\s*$/.test(line);
    const begun =
      inside.has(index - 1) || /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*$/.test(lines[index - 1] ?? '');
    if (body || (begun && /^\s*[A-Za-z0-9+/=]+\s*$/.test(line))) inside.add(index);
  });
  return inside;
}
