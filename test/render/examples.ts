import type { TemplateParams, TemplatePath } from '../../src/render/params.ts';

const pod = {
  command: ['program', '--flag=value'],
  environment: [{ name: 'ZONE', value: 'a' }],
  image: 'registry.example/image:v1',
  probeHost: '10.0.0.1',
};
const volumes = [
  {
    name: 'ca-certs',
    path: '/etc/ssl/certs',
    mountPath: '/etc/ssl/certs',
    readOnly: true,
    type: 'DirectoryOrCreate',
  },
];
const component = {
  stated: true,
  args: [{ name: 'v', value: '2' }],
  envs: [{ name: 'ZONE', value: 'a' }],
  volumes: [{ name: 'audit', hostPath: '/srv/a', mountPath: '/srv/b', readOnly: true, pathType: 'File' }],
};
const keyPair = { certificate: 'Q0VSVA==', key: 'S0VZ' };

/** Parameters that reach every branch of every template, except where two exclude each other. */
const selector = {
  labels: [{ key: 'zone', value: 'a' }],
  expressions: [{ key: 'rack', operator: 'In', values: ['1'] }],
};

export const examples: { readonly [P in TemplatePath]: TemplateParams[P] } = {
  'static-pods/kube-apiserver.yaml.hbs': { ...pod, advertiseEndpoint: '10.0.0.1:6443', volumes },
  'static-pods/kube-controller-manager.yaml.hbs': { ...pod, volumes },
  'static-pods/kube-scheduler.yaml.hbs': { ...pod, volumes },
  'static-pods/etcd.yaml.hbs': {
    ...pod,
    advertiseClientUrl: 'https://10.0.0.1:2379',
    probePort: 2381,
    probeScheme: 'HTTP',
    dataDir: '/mnt/etcd/data',
  },
  'etcd/etcd.service.hbs': {
    etcd: '/usr/local/bin/etcd',
    args: ['--name=a', '--data-dir=/mnt/etcd/data'],
    environment: ['ZONE=a'],
    dataDir: '/mnt/etcd/data',
  },
  'kubelet/kubelet.service.hbs': { kubelet: '/usr/bin/kubelet' },
  'kubelet/10-kubeadm.conf.hbs': { defaults: '/etc/default/kubelet', kubelet: '/usr/bin/kubelet' },
  'kubelet/config.yaml.hbs': {
    clusterDNS: '10.96.0.10',
    clusterDomain: 'cluster.local',
    containerRuntimeEndpoint: 'unix:///run/c.sock',
    resolvConf: '/run/systemd/resolve/resolv.conf',
  },
  'kubelet/instance-config.yaml.hbs': { containerRuntimeEndpoint: 'unix:///run/c.sock' },
  'kubelet/kubeadm-flags.env.hbs': { args: '--node-ip=10.0.0.1' },
  'kubeconfig/kubeconfig.yaml.hbs': {
    caData: 'Q0E=',
    server: 'https://10.0.0.1:6443',
    cluster: 'kubernetes',
    context: 'admin@kubernetes',
    user: 'admin',
    data: keyPair,
    files: keyPair,
  },
  'containerd/config-v2.toml.hbs': { sandboxImage: 'registry.example/pause:3', systemdCgroup: true },
  'containerd/config-v3.toml.hbs': {
    sandboxImage: 'registry.example/pause:3',
    systemdCgroup: true,
    hasBinDirs: true,
  },
  'containerd/containerd.service.hbs': { containerd: '/usr/local/bin/containerd' },
  'containerd/crictl.yaml.hbs': { endpoint: 'unix:///run/c.sock' },
  'load-balancer/haproxy.cfg.hbs': {
    port: 8443,
    ipv6: true,
    healthPort: 8404,
    servers: [{ name: 'cp-1', address: '10.0.0.11', ipv6: false, port: 6443 }],
  },
  'load-balancer/haproxy-drop-in.conf.hbs': {},
  'load-balancer/keepalived.conf.hbs': {
    routerId: 'cp-1',
    checkScript: '/etc/keepalived/check-haproxy',
    interface: 'eth0',
    virtualRouterId: 51,
    priority: 250,
    address: '10.0.0.11',
    peers: ['10.0.0.12'],
    virtualIP: '10.0.0.100',
    prefixLength: 32,
  },
  'load-balancer/keepalived-drop-in.conf.hbs': { virtualIP: '10.0.0.100', prefixLength: 32 },
  'load-balancer/check-haproxy.hbs': { healthPort: 8404 },
  'host/modules.conf.hbs': { modules: ['overlay', 'br_netfilter'] },
  'host/sysctl.conf.hbs': { settings: [{ key: 'net.ipv4.ip_forward', value: '1' }] },
  'bootstrap/rbac.yaml.hbs': {},
  'bootstrap/kubeadm-config.yaml.hbs': {
    kubernetesVersion: 'v1.36.2',
    imageRepository: 'registry.k8s.io',
    controlPlaneEndpoint: '10.0.0.100:8443',
    dnsDomain: 'cluster.local',
    podSubnet: '10.244.0.0/16',
    serviceSubnet: '10.96.0.0/12',
    certSANs: ['api.example'],
    apiServer: component,
    controllerManager: component,
    scheduler: component,
    etcd: component,
    etcdDataDir: '/mnt/etcd/data',
    etcdEndpoints: [],
  },
  'bootstrap/kubelet-config.yaml.hbs': { config: 'kind: KubeletConfiguration\n', hash: 'sha256:0' },
  'bootstrap/cluster-info.yaml.hbs': { caData: 'Q0E=', server: 'https://10.0.0.1:6443' },
  'addons/kube-proxy/kube-proxy.yaml.hbs': {
    image: 'registry.example/kube-proxy:v1',
    config: 'kind: KubeProxyConfiguration',
    kubeconfig: 'kind: Config',
    hash: 'sha256:0',
  },
  'addons/kube-proxy/config.yaml.hbs': { bindAddress: '0.0.0.0', clusterCIDR: '10.244.0.0/16' },
  'addons/kube-proxy/kubeconfig.yaml.hbs': { server: 'https://10.0.0.1:6443' },
  'addons/coredns/coredns.yaml.hbs': {
    image: 'registry.example/coredns:v1',
    clusterIP: '10.96.0.10',
    dnsDomain: 'cluster.local',
  },
  'addons/flannel/flannel.yaml.hbs': {
    image: 'registry.example/flannel:v1',
    apiHost: '10.0.0.100',
    apiPort: '8443',
    cniPluginImage: 'registry.example/flannel-cni:v1',
    dualStack: true,
    command: ['/opt/bin/flanneld'],
    args: ['--ip-masq'],
    cniConf: '{}\n',
    netConf: '{}\n',
  },
  'addons/metallb/crds.yaml.hbs': {},
  'addons/metallb/metallb.yaml.hbs': {
    controllerImage: 'registry.example/metallb/controller:v1',
    speakerImage: 'registry.example/metallb/speaker:v1',
  },
  'addons/metallb/pools.yaml.hbs': {
    pools: [{ name: 'default', addresses: ['10.0.0.200-10.0.0.220'] }],
    l2Pools: ['default'],
  },
  'addons/metallb/bgp.yaml.hbs': {
    peers: [
      {
        name: 'tor',
        myASN: 64512,
        peerASN: 64513,
        peerAddress: '10.0.0.1',
        peerPort: 1179,
        sourceAddress: '10.0.0.2',
        routerID: '10.0.0.2',
        holdTime: '30s',
        ebgpMultiHop: true,
        nodeSelectors: [selector],
        passwordSecret: 'tor',
      },
    ],
    advertisements: [
      {
        name: 'all',
        ipAddressPools: ['default'],
        peers: ['tor'],
        aggregationLength: 24,
        localPref: 100,
        communities: ['64512:1'],
        nodeSelectors: [selector],
      },
    ],
  },
  'verify/server.yaml.hbs': {
    namespace: 'kboot-verify-00000000',
    image: 'registry.example/coredns:v1',
    padding: ['xx'],
    dualStack: true,
    loadBalancers: [{ name: 'load-balancer-ipv6', family: 'IPv6' }],
  },
  'verify/client.yaml.hbs': {
    namespace: 'kboot-verify-00000000',
    image: 'registry.example/coredns:v1',
    zones: [
      { zone: 'w-1.udp.verify.', server: '10.244.1.2:5300', udp: true },
      { zone: 'w-1.tcp.verify.', server: '10.244.1.2:5300', udp: false },
    ],
  },
};
