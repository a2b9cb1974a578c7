const prefix = 'spec.files ';

/** The name in plans for the content of a file of spec.files, from its path on hosts. */
export function uploadName(path: string): string {
  return `${prefix}${path}`;
}

/** Whether a secret with that name is one of the operator's own files. */
export function isUploadName(name: string): boolean {
  return name.startsWith(prefix);
}
