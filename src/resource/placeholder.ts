/**
 * Public facts that do not exist yet while a first plan is made (the CA certificate, the cluster ID). Texts and
 * objects carry a placeholder; apply puts the issued value in. Secrets never travel this way.
 */
export type PlaceholderName = 'ca.crt' | 'cluster-id';

/** Begins like a base64 text does for YAML: what is written with a placeholder is quoted as it is with the fact. */
const pattern = /__kboot:(base64:)?(ca\.crt|cluster-id)__/g;

/** The text that stands for the fact; with `base64`, for its base64 form. */
export function placeholder(name: PlaceholderName, encoding: 'plain' | 'base64' = 'plain'): string {
  return `__kboot:${encoding === 'base64' ? 'base64:' : ''}${name}__`;
}

/** Whether a text waits for a fact that is issued at apply. */
export function hasPlaceholder(text: string): boolean {
  return text.search(pattern) >= 0;
}

/** Puts the issued facts in. */
export function fillPlaceholders(text: string, value: (name: PlaceholderName) => string): string {
  return text.replaceAll(pattern, (_all, base64: string | undefined, name: PlaceholderName) => {
    const plain = value(name);
    return base64 === undefined ? plain : Buffer.from(plain).toString('base64');
  });
}
