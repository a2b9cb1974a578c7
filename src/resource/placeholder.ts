/**
 * Public facts that do not exist yet when the first plan is made (the CA certificate, the cluster ID). Texts and
 * objects contain a placeholder; apply substitutes the issued value. Secrets are never handled this way.
 */
export type PlaceholderName = 'ca.crt' | 'cluster-id';

/** For YAML it starts like base64 text, so that a placeholder is quoted exactly like the fact. */
const pattern = /__kboot:(base64:)?(ca\.crt|cluster-id)__/g;

/** The placeholder for the fact; with `base64`, for its base64 form. */
export function placeholder(name: PlaceholderName, encoding: 'plain' | 'base64' = 'plain'): string {
  return `__kboot:${encoding === 'base64' ? 'base64:' : ''}${name}__`;
}

/** Whether a text contains a placeholder for a fact that is issued at apply. */
export function hasPlaceholder(text: string): boolean {
  return text.search(pattern) >= 0;
}

/** Substitutes the issued facts. */
export function fillPlaceholders(text: string, value: (name: PlaceholderName) => string): string {
  return text.replaceAll(pattern, (_all, base64: string | undefined, name: PlaceholderName) => {
    const plain = value(name);
    return base64 === undefined ? plain : Buffer.from(plain).toString('base64');
  });
}
