/** Keys of CAs, by kubeadm's names (apis/kubeadm/v1beta4, EncryptionAlgorithmType). */
export const caKeyAlgorithms = ['RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'] as const;
export type CaKeyAlgorithm = (typeof caKeyAlgorithms)[number];

/** What can be exchanged while the cluster runs: its CAs, and the key that signs tokens of ServiceAccounts. */
export const rotatable = ['ca', 'front-proxy-ca', 'etcd-ca', 'sa'] as const;
export type Rotatable = (typeof rotatable)[number];

/** Flags that make a component use another file than kboot's, and whose place it takes. */
export const ownCaFlags: readonly (readonly [
  component: 'apiServer' | 'controllerManager',
  flag: string,
  ca: Rotatable,
])[] = [
  ['apiServer', 'client-ca-file', 'ca'],
  ['apiServer', 'tls-cert-file', 'ca'],
  ['apiServer', 'requestheader-client-ca-file', 'front-proxy-ca'],
  ['apiServer', 'service-account-key-file', 'sa'],
  ['apiServer', 'service-account-signing-key-file', 'sa'],
  ['controllerManager', 'cluster-signing-cert-file', 'ca'],
  ['controllerManager', 'root-ca-file', 'ca'],
  ['controllerManager', 'service-account-private-key-file', 'sa'],
];
