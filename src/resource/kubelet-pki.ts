import type { Observation } from './types.ts';

/** Where the kubelet has its certificates. */
export const kubeletPki = '/var/lib/kubelet/pki';

/** Shell that prints `present`, and the certificates in a file without the key beside them. */
export function queryCertificate(path: string): string {
  return `[ -e ${path} ] && { echo present; sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' ${path}; }`;
}

/** The PEM text that queryCertificate printed, for each resource. */
export function readCertificate(wants: readonly unknown[], output: string): Observation<string>[] {
  return wants.map(() =>
    output.startsWith('present')
      ? { state: 'present', found: output.slice('present\n'.length) }
      : { state: 'absent' },
  );
}
