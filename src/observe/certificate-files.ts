import { kubeletPki } from '../resource/kubelet-pki.ts';
import { KbootError } from '../model/error.ts';
import { kubeletCertificatePath } from '../resource/client-certificate.ts';
import type { Reader } from '../transport/types.ts';
import { remedies } from './remedies.ts';

/** The certificates in a file of a host, as PEM; `ca`: the CAs that a kubeconfig trusts, which are told apart from its own. */
export interface CertificateFile {
  readonly path: string;
  readonly part: 'whole' | 'client' | 'ca';
  readonly pem: string;
}

/** The certificate files of a host. */
export interface CertificateFiles {
  readonly files: readonly CertificateFile[];
  /** The file of the certificate that its kubelet serves, as its configuration says; empty without one. */
  readonly kubeletServing: string;
}

/**
 * Of a kubelet's rotated certificates only the current ones: it keeps the former beside them; and the one that it made for
 * itself only if it serves no other. No key is ever printed.
 */
const script = `export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
tls=$(sed -n 's/^tlsCertFile: *//p' /var/lib/kubelet/config.yaml | tr -d "\\"'" | head -n 1)
for f in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/*.pem /etc/kubernetes/pki/*/*.crt /etc/kubernetes/pki/*/*.pem \\
    ${kubeletCertificatePath} ${kubeletPki}/kubelet-server-current.pem \\
    "\${tls:-${kubeletPki}/kubelet.crt}"; do
  [ -f "$f" ] || continue
  echo "@file $f"
  sed -n '/-----BEGIN CERTIFICATE-----/,/-----END CERTIFICATE-----/p' "$f"
done
for f in /etc/kubernetes/*.conf; do
  [ -f "$f" ] || continue
  for k in client-certificate certificate-authority; do
    sed -n "s/^.*$k-data: *[\\"']\\{0,1\\}\\([A-Za-z0-9+/=]*\\).*/\\1/p" "$f" | while read -r d; do echo "@$k $d $f"; done
  done
done
echo "@tlsCertFile $tls"
for f in kubelet-server-current.pem kubelet.crt; do
  if [ -f ${kubeletPki}/$f ]; then echo "@kubelet ${kubeletPki}/$f"; break; fi
done
echo @end`;

/**
 * Reads the certificates in the files of Kubernetes on a host; one exec.
 * Throws KbootError E-PROBE if the answer was cut off, and the errors of the Reader.
 */
export async function observeCertificateFiles(reader: Reader): Promise<CertificateFiles> {
  const { stdout } = await reader.read(`{ ${script}\n} 2>/dev/null </dev/null`, { timeoutMs: 60_000 });
  const found = readCertificateFiles(stdout);
  if (found !== undefined) return found;
  throw new KbootError('E-PROBE', 'the list of certificates was cut off', {
    host: reader.host,
    remedy: remedies.checkShell,
  });
}

/** Parses the output of the script; undefined if it was cut off. */
export function readCertificateFiles(output: string): CertificateFiles | undefined {
  const lines = output.split('\n');
  if (!lines.includes('@end')) return undefined;
  const files: { path: string; part: CertificateFile['part']; pem: string }[] = [];
  const one = new Map<string, string>();
  for (const line of lines) {
    const space = line.indexOf(' ');
    const key = line.startsWith('@') ? line.slice(1, space < 0 ? undefined : space) : '';
    const value = space < 0 ? '' : line.slice(space + 1);
    if (key === 'file') files.push({ path: value, part: 'whole', pem: '' });
    else if (key === 'client-certificate' || key === 'certificate-authority') {
      const at = value.indexOf(' ');
      const part = key === 'client-certificate' ? 'client' : 'ca';
      const pem = Buffer.from(value.slice(0, at), 'base64').toString('latin1');
      files.push({ path: value.slice(at + 1), part, pem });
    } else if (key !== '') one.set(key, value);
    else if (line !== '') {
      const last = files.at(-1);
      if (last !== undefined) last.pem += `${line}\n`;
    }
  }
  const stated = one.get('tlsCertFile') ?? '';
  return { files, kubeletServing: stated === '' ? (one.get('kubelet') ?? '') : stated };
}
