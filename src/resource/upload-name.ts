const prefix = 'spec.files ';

/** The name that plans have for the bytes of a file of spec.files, by its path on hosts. */
export function uploadName(path: string): string {
  return `${prefix}${path}`;
}

/** Whether a secret of that name is the operator's own file. */
export function isUploadName(name: string): boolean {
  return name.startsWith(prefix);
}
