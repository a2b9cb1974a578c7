import type { Variable } from './builder.ts';
import { vaultHeader } from './inventory.ts';

const deepest = 20;
const longest = 10_000;
/** `{{ name }}` and nothing more in the braces. */
const simple = /\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}/g;

/** Why a value cannot be used, as the end of a sentence. */
export interface Unknowable {
  readonly why: string;
}

/** Whether a value is known. */
export const isUnknowable = (value: unknown): value is Unknowable =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'why');

/**
 * The value of a variable of a host. `{{ name }}` is another variable of that host; kboot evaluates no other template,
 * and decrypts nothing.
 */
export function valueOf(
  name: string,
  host: { readonly name: string; readonly vars: ReadonlyMap<string, Variable> },
  depth = 0,
): { readonly value: unknown } | Unknowable | undefined {
  const variable = host.vars.get(name);
  if (variable === undefined) {
    if (name === 'inventory_hostname') return { value: host.name };
    return name === 'inventory_hostname_short' ? { value: host.name.split('.')[0] } : undefined;
  }
  const { value } = variable;
  if (typeof value !== 'string') return hasTemplate(value) ? template : { value };
  if (value.startsWith(vaultHeader)) return { why: 'it is encrypted with Ansible Vault' };
  if (!/\{[{%]/.test(value)) return { value };
  if (depth > deepest) return { why: 'it is a template that refers to itself' };
  const names = [...value.matchAll(simple)].map(([, each = '']) => each);
  if (names.length === 0 || /\{[{%]/.test(value.replaceAll(simple, ''))) return template;
  const values = new Map<string, unknown>();
  for (const each of names) {
    const known = valueOf(each, host, depth + 1);
    if (known === undefined) return { why: `it is a template, and nothing here defines ${each}` };
    if (isUnknowable(known)) return known;
    values.set(each, known.value);
  }
  const [only] = names;
  if (only !== undefined && value.trim().replace(simple, '') === '' && names.length === 1)
    return { value: values.get(only) };
  const text = value.replaceAll(simple, (_match, each: string) => String(values.get(each)));
  return text.length > longest ? template : { value: text };
}

const template: Unknowable = { why: 'it is a template, which only Ansible evaluates' };

/** Whether there is a template anywhere in a value. */
function hasTemplate(value: unknown): boolean {
  if (typeof value === 'string') return /\{[{%]/.test(value) || value.startsWith(vaultHeader);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasTemplate);
}
