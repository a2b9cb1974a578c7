import type { EtcdCredentials } from '../etcd/client.ts';
import type { KubeCredentials } from '../kube/client.ts';
import { trustBundle, type Pki } from '../pki/types.ts';

/** kboot talks to the API as super-admin: that works before any RBAC object exists, and after one was lost. */
export function apiCredentials(pki: Pki): KubeCredentials {
  const { cert, key } = pki.certificate('super-admin');
  return { caPem: trustBundle(pki, 'ca'), certificatePem: cert, keyPem: key };
}

/** kboot talks to etcd as kubeadm's health check does. */
export function etcdCredentials(pki: Pki, host: string): EtcdCredentials {
  const { cert, key } = pki.certificate('etcd-healthcheck-client', host);
  return { caPem: trustBundle(pki, 'etcd-ca'), certificatePem: cert, keyPem: key };
}
