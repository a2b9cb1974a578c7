import type { Path } from '../inventory/position.ts';
import type { Json } from '../model/cluster.ts';

/** What becomes of one key of another tool's file. */
export interface Outcome {
  /** Fields of the inventory; `-1` in a path is one more item of a list. */
  readonly fields?: readonly { readonly path: Path; readonly value: Json; readonly why?: string }[];
  /** For people; absent: it is not taken over. */
  readonly became?: string;
  /** Why it is not taken over, or in which way the field differs. */
  readonly why?: string;
}

/** A key that no field says. */
export const left = (why: string): Outcome => ({ why });

/** `ansible_password`, `vault_token`, `spec.hosts[].ssh.password`; not `credentials_dir`. */
const secretNames =
  /(pass(word|phrase|wd)?|secret|token|credentials?|(access|api|private|secret|encrypt\w*|certificate)_?key)$/i;

/** What becomes of a key that no rule is about, if its name is a secret's. */
export const secretKey = (name: string): Outcome | undefined =>
  secretNames.test(name) ? left('a secret, and an inventory has none') : undefined;

/** A key that becomes one field. */
export function taken(path: Path, value: Json, why?: string): Outcome {
  return { fields: [{ path, value }], became: shownPath(path), ...(why !== undefined && { why }) };
}

/** A key that says what kboot does anyway. */
export const asKbootDoes = (why: string): Outcome => ({ became: 'as kboot does it', why });

/** `spec.apiServer.extraArgs`, `spec.hosts[].labels` */
export function shownPath(path: Path): string {
  return path
    .map((step) => (step === -1 ? '' : typeof step === 'number' ? '[]' : `.${step}`))
    .join('')
    .slice(1);
}
