import { hasExternalEtcd, type Cluster, type Host } from '../../model/cluster.ts';
import { encryptionFlag, encryptionPath } from '../../model/encryption.ts';
import type { HostFacts } from '../../model/facts.ts';
import { kubeletCaFlag, verifiesKubelets } from '../../model/kubelet-serving.ts';
import { apiServerPort, etcdClientPort, externalEtcdEndpoints, hostPort, loopback } from './address.ts';
import { extraValue, flags } from './args.ts';
import { caVolumes, podEnv, podVolumes } from './pod-volumes.ts';
import { paths } from './paths.ts';
import type { PodVolume } from '../../render/params.ts';
import type { TextContext } from './types.ts';

/** Whether an API server reads kboot's file for encryption, and the folders with sockets of KMS plugins. */
export interface ServerEncryption {
  readonly isOn: boolean;
  readonly folders: readonly string[];
}

/** What an API server does besides what the inventory says of it. */
export interface ServerChoices {
  readonly encryption?: ServerEncryption;
  /** It verifies the certificates of kubelets. */
  readonly verifiesKubelets?: boolean;
}

/** Static Pod (kubeadm phases/controlplane/manifests.go). */
export function apiServerPod(
  context: TextContext,
  host: Host,
  facts: HostFacts,
  {
    encryption = { isOn: false, folders: [] },
    verifiesKubelets: verifies = verifiesKubelets(context.cluster),
  }: ServerChoices = {},
): string {
  const { cluster, images, renderer } = context;
  return renderer.render('static-pods/kube-apiserver.yaml.hbs', {
    command: ['kube-apiserver', ...apiServerFlags(cluster, host, { encrypts: encryption.isOn, verifies })],
    environment: podEnv(cluster.apiServer),
    image: images['kube-apiserver'],
    advertiseEndpoint: hostPort(host.address, apiServerPort),
    probeHost: host.address,
    volumes: podVolumes([...caVolumes(facts), ...encryption.folders.map(kmsVolume)], cluster.apiServer),
  });
}

/** The API server connects to a socket, so that its folder must be writable. */
function kmsVolume(path: string, index: number): PodVolume {
  const name = `kboot-kms-${index + 1}`;
  return { name, path, mountPath: path, readOnly: false, type: 'DirectoryOrCreate' };
}

function apiServerFlags(
  cluster: Cluster,
  host: Host,
  { encrypts, verifies }: { readonly encrypts: boolean; readonly verifies: boolean },
): readonly string[] {
  const { pki } = paths;
  const { extraArgs } = cluster.apiServer;
  return flags(
    {
      'advertise-address': host.address,
      'allow-privileged': 'true',
      ...(extraValue(extraArgs, 'authorization-config') === undefined
        ? { 'authorization-mode': 'Node,RBAC' }
        : {}),
      'client-ca-file': `${pki}/ca.crt`,
      'enable-admission-plugins': 'NodeRestriction',
      'enable-bootstrap-token-auth': 'true',
      ...(encrypts ? { [encryptionFlag]: encryptionPath } : {}),
      'etcd-cafile': `${pki}/etcd/ca.crt`,
      'etcd-certfile': `${pki}/apiserver-etcd-client.crt`,
      'etcd-keyfile': `${pki}/apiserver-etcd-client.key`,
      'etcd-servers': etcdServers(cluster, host),
      ...(verifies ? { [kubeletCaFlag]: `${pki}/ca.crt` } : {}),
      'kubelet-client-certificate': `${pki}/apiserver-kubelet-client.crt`,
      'kubelet-client-key': `${pki}/apiserver-kubelet-client.key`,
      'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
      'proxy-client-cert-file': `${pki}/front-proxy-client.crt`,
      'proxy-client-key-file': `${pki}/front-proxy-client.key`,
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-username-headers': 'X-Remote-User',
      'secure-port': String(apiServerPort),
      'service-account-issuer': `https://kubernetes.default.svc.${cluster.networking.dnsDomain}`,
      'service-account-key-file': `${pki}/sa.pub`,
      'service-account-signing-key-file': `${pki}/sa.key`,
      'service-cluster-ip-range': cluster.networking.serviceSubnets.join(','),
      'tls-cert-file': `${pki}/apiserver.crt`,
      'tls-private-key-file': `${pki}/apiserver.key`,
    },
    extraArgs,
  );
}

/** All external members; with stacked etcd the member on the same host. */
function etcdServers(cluster: Cluster, host: Host): string {
  if (hasExternalEtcd(cluster)) return externalEtcdEndpoints(cluster).join(',');
  return `https://${hostPort(loopback(host.address), etcdClientPort)}`;
}

/** Where the API servers keep the cluster in etcd: `/registry` unless set by the flag --etcd-prefix. */
export function etcdPrefix(cluster: Cluster): string {
  const stated = extraValue(cluster.apiServer.extraArgs, 'etcd-prefix') ?? '/registry';
  return `/${stated.replace(/^\/+|\/+$/g, '')}`;
}
