import { sha256 } from '../../model/digest.ts';

/** A name that says that its value is nobody's business, and the value: `auth = "…"`, `auth_pass …`, `token: …`. */
const named =
  /^(.*?(?:^|[\s"'._]|--)(?:passw(?:or)?d|auth_pass|secret|token|auth|client-key-data|identitytoken|private_?key)["']?(?:\s*[:=]\s*|\s+))(\S.*)$/i;

/**
 * A text of a host as a plan may show it: values of passwords and the like, and private keys, by digest only. Somebody
 * may have put them into a file that kboot replaces.
 */
export function redact(text: string): string {
  let inKey = false;
  return text
    .split('\n')
    .map((line) => {
      if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(line)) inKey = true;
      const hidden = inKey
        ? mask(line)
        : line.replace(named, (_all, name: string, value: string) => name + mask(value));
      if (/-----END [A-Z ]*PRIVATE KEY-----/.test(line)) inKey = false;
      return hidden;
    })
    .join('\n');
}

function mask(value: string): string {
  return `(not shown, sha256 ${sha256(value).slice(0, 12)})`;
}
