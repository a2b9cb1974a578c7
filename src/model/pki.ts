/** Keys of CAs, by kubeadm's names (apis/kubeadm/v1beta4, EncryptionAlgorithmType). */
export const caKeyAlgorithms = ['RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'] as const;
export type CaKeyAlgorithm = (typeof caKeyAlgorithms)[number];
