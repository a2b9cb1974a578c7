import { X509Certificate, type KeyObject } from 'node:crypto';
import { kubeletPki as folder, queryCertificate, readCertificate } from './kubelet-pki.ts';
import { quoteAll } from '../model/shell.ts';
import type { ClientCertificateResource, Kind } from './types.ts';

/** Where the kubelet reads its certificate from: a link to the latest rotated one (client-go util/certificate). */
export const kubeletCertificatePath = `${folder}/kubelet-client-current.pem`;

/** Public part of the certificate in use, or empty. */
type Found = string;

/**
 * The kubelet's client certificate. Any unexpired certificate for the right name that this cluster's CA issued is
 * accepted: the kubelet rotates it, and a rotated one is not drift.
 */
export const clientCertificate: Kind<ClientCertificateResource, Found> = {
  name: (want) => want.commonName,
  query: () => queryCertificate(kubeletCertificatePath),
  read: readCertificate,
  action(want, found) {
    const problem = found.state === 'absent' ? 'none yet' : certificateProblem(found.found, want);
    if (problem === undefined) return undefined;
    const temporary = `${folder}/.kboot~kubelet-client.pem`;
    const target = `${folder}/kubelet-client-kboot.pem`;
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason: `${problem}; secret ${want.content.name}`,
      script: `kb_disturb ${quoteAll(want.readBy ?? [])} && kb_install ${temporary} ${target} 600 && kb_own ${kubeletCertificatePath} &&
ln -sfn ${target} ${folder}/.kboot~current && mv -f -T ${folder}/.kboot~current ${kubeletCertificatePath}`,
      payload: { path: temporary, content: want.content },
      disturbs: want.readBy ?? [],
      effects: [],
      timeoutSeconds: 60,
    };
  },
  fact: (want, pem) => certificateProblem(pem, want) ?? 'valid',
};

function certificateProblem(pem: string, want: ClientCertificateResource): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return 'the current one cannot be read';
  }
  if (!certificate.subject.split('\n').includes(`CN=${want.commonName}`))
    return 'the current one is for another name';
  if (want.caPem === null || !certificate.verify(keyOf(want.caPem)))
    return "the current one was not issued by this cluster's CA";
  if (Date.parse(certificate.validTo) < Date.now())
    return `the current one expired on ${new Date(certificate.validTo).toISOString().slice(0, 10)}`;
  return undefined;
}

/** The last CA, and its key: a thousand hosts have the same one. */
let last: { readonly pem: string; readonly key: KeyObject } | undefined;

function keyOf(caPem: string): KeyObject {
  if (last?.pem !== caPem) last = { pem: caPem, key: new X509Certificate(caPem).publicKey };
  return last.key;
}
