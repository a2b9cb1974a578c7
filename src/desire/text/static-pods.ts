import { hasExternalEtcd, type Cluster, type ExtraArg, type Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import { extraValue, flags } from './args.ts';
import { etcdPod } from './etcd.ts';
import { apiServerPod, type ServerChoices } from './kube-apiserver.ts';
import { paths } from './paths.ts';
import { caVolumes, ownVolume, podEnv, podVolumes } from './pod-volumes.ts';
import type { EtcdMembership, HostText, TextContext } from './types.ts';

export interface StaticPod extends HostText {
  readonly name: 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';
}

/** What static Pods depend on besides the inventory and the host. */
interface PodChoices extends ServerChoices {
  readonly etcd: EtcdMembership;
  /** The file that the controller-manager signs with; default: ca.crt. */
  readonly signingCertificate?: string;
}

/**
 * The static Pods of a control-plane host, byte for byte as kubeadm writes them; etcd first, and only
 * where etcd is stacked.
 */
export function staticPods(
  context: TextContext,
  host: Host,
  facts: HostFacts,
  { etcd, signingCertificate, ...server }: PodChoices,
): readonly StaticPod[] {
  const pod = (name: StaticPod['name'], text: string): StaticPod => ({
    name,
    path: `${paths.manifests}/${name}.yaml`,
    mode: 0o600,
    text,
  });
  return [
    ...(hasExternalEtcd(context.cluster) ? [] : [pod('etcd', etcdPod(context, host, facts, etcd))]),
    pod('kube-apiserver', apiServerPod(context, host, facts, server)),
    pod('kube-controller-manager', controllerManagerPod(context, facts, signingCertificate)),
    pod('kube-scheduler', schedulerPod(context)),
  ];
}

const controllerManagerConf = '/etc/kubernetes/controller-manager.conf';
const schedulerConf = '/etc/kubernetes/scheduler.conf';

function controllerManagerPod(
  { cluster, images, renderer }: TextContext,
  facts: HostFacts,
  signingCertificate = `${paths.pki}/ca.crt`,
): string {
  const { pki } = paths;
  const { extraArgs } = cluster.controllerManager;
  const defaults = {
    ...podNetworkFlags(cluster),
    'authentication-kubeconfig': controllerManagerConf,
    'authorization-kubeconfig': controllerManagerConf,
    'bind-address': '127.0.0.1',
    'client-ca-file': `${pki}/ca.crt`,
    'cluster-name': 'kubernetes',
    'cluster-signing-cert-file': signingCertificate,
    'cluster-signing-key-file': `${pki}/ca.key`,
    controllers: '*,bootstrapsigner,tokencleaner',
    kubeconfig: controllerManagerConf,
    'leader-elect': 'true',
    'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
    'root-ca-file': `${pki}/ca.crt`,
    'service-account-private-key-file': `${pki}/sa.key`,
    'use-service-account-credentials': 'true',
  };
  return renderer.render('static-pods/kube-controller-manager.yaml.hbs', {
    command: ['kube-controller-manager', ...flags(defaults, extraArgs)],
    environment: podEnv(cluster.controllerManager),
    image: images['kube-controller-manager'],
    probeHost: probeHost(extraArgs),
    volumes: podVolumes(
      [...caVolumes(facts), ownVolume('kubeconfig', controllerManagerConf, 'FileOrCreate')],
      cluster.controllerManager,
    ),
  });
}

/** Without a podSubnet, kubeadm omits the service range as well. */
function podNetworkFlags(cluster: Cluster): Readonly<Record<string, string>> {
  const { podSubnets, serviceSubnets } = cluster.networking;
  if (podSubnets.length === 0) return {};
  return {
    'allocate-node-cidrs': 'true',
    'cluster-cidr': podSubnets.join(','),
    'service-cluster-ip-range': serviceSubnets.join(','),
  };
}

function schedulerPod({ cluster, images, renderer }: TextContext): string {
  const { extraArgs } = cluster.scheduler;
  const defaults = {
    'authentication-kubeconfig': schedulerConf,
    'authorization-kubeconfig': schedulerConf,
    'bind-address': '127.0.0.1',
    kubeconfig: schedulerConf,
    'leader-elect': 'true',
  };
  return renderer.render('static-pods/kube-scheduler.yaml.hbs', {
    command: ['kube-scheduler', ...flags(defaults, extraArgs)],
    environment: podEnv(cluster.scheduler),
    image: images['kube-scheduler'],
    probeHost: probeHost(extraArgs),
    volumes: podVolumes([ownVolume('kubeconfig', schedulerConf, 'FileOrCreate')], cluster.scheduler),
  });
}

/** The bind address; undefined if it is the unspecified one. */
function probeHost(extraArgs: readonly ExtraArg[]): string {
  const address = extraValue(extraArgs, 'bind-address') ?? '127.0.0.1';
  return address === '0.0.0.0' || address === '::' ? '' : address;
}
