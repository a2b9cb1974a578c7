/** Kernel modules that not every kernel has, and what has to be set when it is built. */
export const kernelFeatures = {
  nft_queue: 'CONFIG_NFT_QUEUE',
  vxlan: 'CONFIG_VXLAN',
  wireguard: 'CONFIG_WIREGUARD',
  ip_vs: 'CONFIG_IP_VS',
  dummy: 'CONFIG_DUMMY',
} as const;

export type KernelFeature = keyof typeof kernelFeatures;
