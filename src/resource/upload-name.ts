const prefix = 'spec.files ';

/** The name in plans for the content of a file of spec.files, from its path on hosts. */
export function uploadName(path: string): string {
  return `${prefix}${path}`;
}

/** Name in plans for a text with secrets that `field` of the inventory has; `of` tells several apart. */
export function statedName(field: string, of: string): string {
  return `spec.${field} ${of}`;
}

/** Whether a secret with that name comes from the inventory: not a certificate or key of the cluster. */
export function isStatedName(name: string): boolean {
  return /^spec\.\S+ /.test(name);
}
