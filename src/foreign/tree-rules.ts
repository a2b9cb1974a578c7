import type { Path } from '../inventory/position.ts';
import { left, secretKey, type Outcome } from './outcome.ts';
import type { ForeignDocument } from './problem.ts';
import type { ForeignField, SeenKey } from './types.ts';
import { recordOf } from '../model/record.ts';

/** What becomes of a value of a document. Throws KbootError E-USAGE by `document.fault(path, …)`. */
export type TreeRule = (value: unknown, path: Path, document: ForeignDocument) => Outcome;

/** By the path of a key: `spec.hosts[].ssh.user`. A rule for a mapping is about everything in it. */
export type TreeRules = Readonly<Record<string, TreeRule>>;

/**
 * Every key of a document from `start` on, with what became of it: a rule's outcome, or `fallback` for a key that no rule
 * is about. Fields have the path that the rules give them; a rule about an item of a list is asked for each item.
 */
export function applyRules(
  document: ForeignDocument,
  rules: TreeRules,
  fallback: (key: string) => string,
  start: Path = [],
): { readonly keys: readonly SeenKey[]; readonly fields: readonly ForeignField[] } {
  const keys: SeenKey[] = [];
  const fields: ForeignField[] = [];
  const visit = (value: unknown, path: Path): void => {
    const key = keyOf(path);
    const rule = rules[key];
    if (rule === undefined) {
      const inner = recordOf(value) ?? (Array.isArray(value) && value.some(isBranch) ? value : undefined);
      if (inner !== undefined && Object.keys(inner).length > 0) {
        for (const [name, child] of Object.entries(inner))
          visit(child, [...path, Array.isArray(inner) ? Number(name) : name]);
        return;
      }
    }
    if (path.length === 0) return;
    const at = document.at(path);
    const {
      became,
      why,
      fields: own = [],
    } = rule?.(value, path, document) ?? secretKey(key) ?? left(fallback(key));
    keys.push({ key, at, ...(became !== undefined && { became }), ...(why !== undefined && { why }) });
    fields.push(...own.map((field) => ({ ...field, key, at })));
  };
  const root = start.reduce<unknown>(
    (value, step) => (value as Readonly<Record<string | number, unknown>> | undefined)?.[step],
    document.data,
  );
  visit(root, start);
  return { keys, fields };
}

function isBranch(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** `spec.hosts[].ssh.user` */
function keyOf(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? '[]' : `.${step}`))
    .join('')
    .replace(/^\./, '');
}
