/** Default values of the inventory. The JSON Schema shows them, `buildCluster` fills them in. */
export const defaults = {
  podSubnet: '10.244.0.0/16',
  serviceSubnet: '10.96.0.0/12',
  dnsDomain: 'cluster.local',
  flannelBackend: 'vxlan',
  imageRepository: 'registry.k8s.io',
  apiServerPort: 6443,
  etcdDataDir: '/var/lib/etcd',
  loadBalancerPort: 8443,
  virtualRouterID: 51,
  advertise: 'l2',
  sshPort: 22,
  sshUser: 'root',
  fileMode: '644',
  fileStage: 'host',
  hookTimeoutSeconds: 300,
  mirrorCapabilities: ['pull', 'resolve'],
} as const;
